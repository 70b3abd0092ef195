"""What the language page says in prose: the two first files and the forms. Every `net` block in it is checked."""

from __future__ import annotations

__all__ = ["FORMS", "FORMS_IN_USE", "INTRODUCTION", "LARGER", "SMALLEST"]

INTRODUCTION = """\
A `.net` file says what to train on, how, and the network itself. `tuicnn my.net` trains it and shows it,
`tuicnn check my.net` says what is in it and what is wrong with it, `tuicnn new my.net` writes one to begin with, and
`tuicnn layers` prints the reference part of this page in the terminal.
"""

SMALLEST = """\
## The smallest file

One line is a complete file:

```net
{network}
```

Eight filters of 3x3 look at a handwritten digit, what is negative becomes 0, each 2x2 pixels become one, and a dense
layer makes ten numbers of it, one for each digit. `->` leads from one layer to the next. Whatever the file does not say
has a default; `tuicnn check` prints what it filled in:

```text
{filled_in}
```
"""

LARGER = """\
## A larger file

Settings come first by custom, one a line, then names for what is used often, then the network:

```net
data:     cifar10 val=5000                   # what to train on; 5000 images are kept for validation
augment:  shift=4 flip=horizontal
optim:    sgd lr=0.1 momentum=0.9 nesterov=true decay=5e-4
schedule: cosine warmup=1
train:    epochs=30 batch=128 seed=1
default:  conv pad=same bias=false           # for every conv that does not say otherwise

w = 16                                       # a constant

def basic(c) = residual {                    # a block with a parameter
    conv c 3x3 -> batchnorm -> relu
    conv c 3x3 -> batchnorm
  } -> relu

def down(c) = add {                          # branches from the same input, `|` between them
    conv c 3x3 stride=2 -> batchnorm -> relu -> conv c 3x3 -> batchnorm
  | conv c 1x1 stride=2 -> batchnorm
  } -> relu

def inception(a, b, d, p) = concat {
    conv a 1x1 -> relu
  | conv b 1x1 -> relu -> conv b 3x3 -> relu
  | conv d 1x1 -> relu -> conv d 5x5 -> relu
  | maxpool 3 stride=1 pad=1 -> conv p 1x1 -> relu
  }

conv w 3x3 -> batchnorm -> relu
3 * basic w                                  # three of them, each with its own weights
down (2*w) as halved                         # a label
2 * basic (2*w)                              # arithmetic in parentheses
inception(16, 32, 8, 8)
concat { identity | @halved -> conv 8 1x1 }  # an earlier output joins here
globalavgpool -> dense 10 init=normal(0.01)
```
"""

#: (form, what it means); `|` is escaped as a table needs it
FORMS = (
    ("name: words", "a [setting](#settings), on a line of its own"),
    ("name = value", "a constant: a number, a size, a word, a text or a list"),
    ("def name(a, b=1) = chain", "a block: steps under a name, with parameters, of which some may have defaults"),
    ("layer value option=value", "a step: a [layer](#layers) or a block with what it is given, by place or by name"),
    ("layer(value, option=value)", "the same, with parentheses and commas"),
    ("a -> b", "`b` takes the output of `a`; a new line means the same, and `->` may begin or end a line"),
    ("3 * step", "the step three times, each with weights of its own; the number may be a constant"),
    ("(a -> b)", "several steps as one"),
    (r"add { a \| b }", "branches from the same input, added; all must give the same shape"),
    (r"concat { a \| b }", "branches from the same input, their channels one after the other"),
    ("residual { a }", "what `a` makes of its input, and the input itself, added"),
    ("step as name", "a label: the output of the step under a name"),
    ("@name", "that output; it begins a branch, so that any network without a circle can be written"),
    ("3x3", "a size: height x width; one number means square"),
    ("1x28x28", "the size of an image: channels x height x width"),
    ("option=value", "a value is a number, a size, `true` or `false`, a word, a text, a list, a call or arithmetic"),
    ('"text"', "a text, such as a path"),
    ("[0, 1]", "a list"),
    ("normal(0.01)", "a call: a word with values of its own"),
    ("(2*w+1)", "arithmetic, always in parentheses: `+`, `-`, `*`, `/`, `//` (rounded down), `%` (what is left over)"),
    ("# text", "a comment, up to the end of the line"),
)

FORMS_IN_USE = r"""Some things that the table does not say:

**Steps.** Values by place come in the order in which the [reference](#layers) names them; options come by name, in any
order. These three are the same network:

```net
conv 8 3x3 pad=1 -> flatten -> dense 10
```

```net
conv(8, 3x3, pad=1) -> flatten -> dense(10)
```

```net
conv 8 3 pad=same
flatten
    -> dense 10
```

**Blocks** are defined anywhere in the file, also after their use. They may use other blocks and constants, but not
themselves.

```net
def unit(c, k=3) = conv c k pad=same -> batchnorm -> relu

unit 8 -> unit 16 k=5 -> maxpool 2 -> unit(16, k=1)
globalavgpool -> dense 10
```

**Constants** may be computed from others, and stand wherever a value may.

```net
w = 8
wide = 4 * w

conv w 3x3 -> relu -> 2 * (conv wide 3x3 pad=1 -> relu)
globalavgpool -> dense (w+2)
```

**Labels** are used after they are made. One that is made inside a block, a branch or a repeat is known only there.

```net
conv 8 3x3 pad=1 -> relu as edges
maxpool 2 -> conv 8 3x3 pad=1 -> relu
concat { identity | @edges -> maxpool 2 }
flatten -> dense 10
```

**Defaults.** `default:` changes an option for all layers of a kind in the whole file, wherever it stands; what a layer
says itself comes first.

```net
default: conv pad=same bias=false

conv 8 3x3 -> batchnorm -> relu -> conv 8 5x5 bias=true -> flatten -> dense 10
```

**Other files.** `include: "blocks.net"` takes over the settings, constants and blocks of another file, not its steps;
this file may say each of them anew. The path starts from the folder of the file that it stands in.

**Writing.** `×` may stand for the `x` of a size and `→` for `->`. A `\` at the end of a line joins the next one to it.
Indentation and blank lines mean nothing. A file has at most {largest} kB, and its network at most {layers} layers.
"""
