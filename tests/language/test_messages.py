"""Every message, whole, as a person reads it."""

from __future__ import annotations

import pytest

from tuicnn.language import check, render_plain

DOWN = """\
def down(c) = add {
    conv c 2x2 stride=2 -> batchnorm
  | conv c 1x1 -> batchnorm
  } -> relu
conv 16 3x3 pad=1
2 * down 32 -> flatten -> dense 10"""

SYNTAX = [
    (
        "conv 8 3x3 => relu -> flatten -> dense 10",
        """\
error[syntax]: `=>` is not an arrow
  net:1:12
1 | conv 8 3x3 => relu -> flatten -> dense 10
  |            ^^
help: write `->`""",
    ),
    (
        "conv 8 3x3 –> relu -> flatten -> dense 10",
        """\
error[syntax]: `?>` is not an arrow
  net:1:12
1 | conv 8 3x3 ?> relu -> flatten -> dense 10
  |            ^^
help: write `->`""",
    ),
    (
        "relu -> -> relu -> flatten -> dense 10",
        """\
error[syntax]: two arrows with nothing between them
  net:1:9
1 | relu -> -> relu -> flatten -> dense 10
  |         ^^
help: write one `->`""",
    ),
    (
        "relu -> flatten -> dense 10 ->",
        """\
error[syntax]: nothing follows `->`
  net:1:29
1 | relu -> flatten -> dense 10 ->
  |                             ^^
help: write the next layer after it, or remove it""",
    ),
    (
        "-> relu -> flatten -> dense 10",
        """\
error[syntax]: nothing stands before `->`
  net:1:1
1 | -> relu -> flatten -> dense 10
  | ^^
help: write a layer before it, or remove it""",
    ),
    (
        "relu; -> flatten -> dense 10",
        """\
error[syntax]: `;` has no meaning
  net:1:5
1 | relu; -> flatten -> dense 10
  |     ^
help: write `->` or a new line between layers""",
    ),
    (
        "relu;\nflatten -> dense 10;",
        """\
error[syntax]: `;` has no meaning
  net:1:5
1 | relu;
  |     ^
help: remove it: a line ends by itself

error[syntax]: `;` has no meaning
  net:2:20
2 | flatten -> dense 10;
  |                    ^
help: remove it: a line ends by itself""",
    ),
    (
        "conv 8, 3x3 -> flatten -> dense 10",
        """\
error[syntax]: arguments are separated by spaces, not by commas
  net:1:7
1 | conv 8, 3x3 -> flatten -> dense 10
  |       ^
help: remove the comma (commas belong in parentheses and lists: `basic(8, k=3)`, `[1, 2]`)""",
    ),
    (
        "conv 8 3 x 3 -> flatten -> dense 10",
        """\
error[syntax]: a size is written without spaces
  net:1:8
1 | conv 8 3 x 3 -> flatten -> dense 10
  |        ^^^^^
help: write `3x3`""",
    ),
    (
        "add { relu | identity\nflatten -> dense 10\ndef f = relu",
        """\
error[syntax]: this `{` has no `}`
  net:1:5
1 | add { relu | identity
  |     ^ opened here, never closed
help: write `}` where it should end""",
    ),
    (
        "conv (2*4 3x3 -> flatten -> dense 10",
        """\
error[syntax]: this `(` has no `)`
  net:1:6
1 | conv (2*4 3x3 -> flatten -> dense 10
  |      ^ opened here, never closed
help: write `)` where it should end""",
    ),
    (
        "relu } -> flatten -> dense 10",
        """\
error[syntax]: `}` closes nothing
  net:1:6
1 | relu } -> flatten -> dense 10
  |      ^ no `{` is open here
help: remove it, or write the `{` that it should close""",
    ),
    (
        "add { ( relu | identity } -> flatten -> dense 10",
        """\
error[syntax]: this `(` has no `)`
  net:1:7
1 | add { ( relu | identity } -> flatten -> dense 10
  |       ^ opened here, never closed
help: write `)` where it should end""",
    ),
    (
        "conv 2*4 3x3 -> flatten -> dense 10",
        """\
error[syntax]: arithmetic stands in parentheses
  net:1:7
1 | conv 2*4 3x3 -> flatten -> dense 10
  |       ^
help: write `(2*4)`""",
    ),
    (
        "8 conv -> flatten -> dense 10",
        """\
error[syntax]: `8` is not a layer
  net:1:1
1 | 8 conv -> flatten -> dense 10
  | ^
help: begin with a layer's name, or write `8 * conv` to repeat it""",
    ),
    (
        "conv 8 3x3 pad:1 -> flatten -> dense 10",
        """\
error[syntax]: `:` belongs to settings, each on a line of its own
  net:1:15
1 | conv 8 3x3 pad:1 -> flatten -> dense 10
  |               ^
help: write `pad=1` for an option""",
    ),
    (
        "conv 8 3x3 pad= -> flatten -> dense 10",
        """\
error[syntax]: a value must follow `=`
  net:1:17
1 | conv 8 3x3 pad= -> flatten -> dense 10
  |                 ^^
help: write `name=value`, such as `pad=1`""",
    ),
    (
        "{ relu } -> flatten -> dense 10",
        """\
error[syntax]: braces belong to `add`, `concat` and `residual`
  net:1:1
1 | { relu } -> flatten -> dense 10
  | ^
help: write a group as `( ... )`""",
    ),
    (
        "add { relu | } -> flatten -> dense 10",
        """\
error[syntax]: a branch with nothing in it
  net:1:12
1 | add { relu | } -> flatten -> dense 10
  |            ^^^
help: write `identity` for a branch that passes its input on""",
    ),
    (
        "relu | relu -> flatten -> dense 10",
        """\
error[syntax]: `|` stands between branches
  net:1:6
1 | relu | relu -> flatten -> dense 10
  |      ^
help: write branches in braces: `add { ... | ... }`""",
    ),
    (
        "widen(8 3) -> flatten -> dense 10",
        """\
error[syntax]: a comma is missing before `3`
  net:1:9
1 | widen(8 3) -> flatten -> dense 10
  |         ^
help: values in parentheses and lists are separated by commas""",
    ),
    (
        "data: mnist -> relu\nflatten -> dense 10",
        """\
error[syntax]: a setting ends with its line
  net:1:13
1 | data: mnist -> relu
  |             ^^ no layer can follow here
help: begin the network on a new line""",
    ),
    (
        "def f\nflatten -> dense 10",
        """\
error[syntax]: a definition needs `=` and what it stands for
  net:1:5
1 | def f
  |     ^
help: write `def f = conv 8 3x3 -> relu`""",
    ),
    (
        "data: photos/cats\nflatten -> dense 10",
        """\
error[syntax]: a path stands in double quotes
  net:1:13
1 | data: photos/cats
  |             ^
help: write `"photos/cats"`""",
    ),
    (
        "w =\nflatten -> dense 10",
        """\
error[syntax]: a value must follow `=`
  net:1:3
1 | w =
  |   ^
help: write `name=value`, such as `pad=1`""",
    ),
    (
        "}}\nflatten -> dense 10",
        """\
error[syntax]: `}` closes nothing
  net:1:1
1 | }}
  | ^ no `{` is open here
help: remove it, or write the `{` that it should close

error[syntax]: `}` closes nothing
  net:1:2
1 | }}
  |  ^ no `{` is open here
help: remove it, or write the `{` that it should close""",
    ),
    (
        "3 *\nflatten -> dense 10",
        """\
error[syntax]: nothing follows `*`
  net:1:3
1 | 3 *
  |   ^
help: write what is repeated: `3 * (conv 8 3x3 -> relu)`""",
    ),
    (
        "relu as -> relu -> flatten -> dense 10",
        """\
error[syntax]: a name must follow `as`
  net:1:9
1 | relu as -> relu -> flatten -> dense 10
  |         ^^
help: write `conv 8 3x3 as stem`""",
    ),
    (
        "// hi\nflatten -> dense 10",
        """\
error[syntax]: `//` does not begin a comment
  net:1:1
1 | // hi
  | ^^
help: a comment begins with `#`""",
    ),
    (
        "conv 8 3x3 $ -> flatten -> dense 10",
        """\
error[syntax]: `$` means nothing here
  net:1:12
1 | conv 8 3x3 $ -> flatten -> dense 10
  |            ^
help: a constant is written by its name alone""",
    ),
    (
        "conv 8 3x3 pad==1 -> flatten -> dense 10",
        """\
error[syntax]: `==` has no meaning
  net:1:16
1 | conv 8 3x3 pad==1 -> flatten -> dense 10
  |                ^
help: write one `=`""",
    ),
    (
        "relu @a -> flatten -> dense 10",
        """\
error[syntax]: `@label` begins a branch
  net:1:6
1 | relu @a -> flatten -> dense 10
  |      ^
help: write `add { ... | @label }`""",
    ),
]

NAMES = [
    (
        "covn 8 3x3 -> flatten -> dense 10",
        """\
error[name]: no layer called `covn`
  net:1:1
1 | covn 8 3x3 -> flatten -> dense 10
  | ^^^^
help: Did you mean `conv`?""",
    ),
    (
        "conv2d 8 3x3 -> bn -> gap -> fc 10",
        """\
error[name]: no layer called `conv2d`
  net:1:1
1 | conv2d 8 3x3 -> bn -> gap -> fc 10
  | ^^^^^^
help: Did you mean `conv`?

error[name]: no layer called `bn`
  net:1:17
1 | conv2d 8 3x3 -> bn -> gap -> fc 10
  |                 ^^
help: Did you mean `batchnorm`?

error[name]: no layer called `gap`
  net:1:23
1 | conv2d 8 3x3 -> bn -> gap -> fc 10
  |                       ^^^
help: Did you mean `globalavgpool`?

error[name]: no layer called `fc`
  net:1:30
1 | conv2d 8 3x3 -> bn -> gap -> fc 10
  |                              ^^
help: Did you mean `dense`?""",
    ),
    (
        "blok 8 -> flatten -> dense 10\ndef block(c) = conv c 3x3",
        """\
error[name]: no layer called `blok`
  net:1:1
1 | blok 8 -> flatten -> dense 10
  | ^^^^
help: Did you mean `block`?""",
    ),
    (
        "optmizer: adam\nflatten -> dense 10",
        """\
error[setting]: no setting `optmizer:`
  net:1:1
1 | optmizer: adam
  | ^^^^^^^^
help: Did you mean `optim:`?""",
    ),
    (
        "optimizer: adam\nflatten -> dense 10",
        """\
error[setting]: no setting `optimizer:`
  net:1:1
1 | optimizer: adam
  | ^^^^^^^^^
help: Did you mean `optim:`?""",
    ),
    (
        "epochs: 5\nflatten -> dense 10",
        """\
error[setting]: no setting `epochs:`
  net:1:1
1 | epochs: 5
  | ^^^^^^
help: `epochs` is an option: write `train: epochs=...`""",
    ),
    (
        "lr: 0.1\nflatten -> dense 10",
        """\
error[setting]: no setting `lr:`
  net:1:1
1 | lr: 0.1
  | ^^
help: `lr` is an option: write `optim: adam lr=...`""",
    ),
    (
        "conv: 8 3x3\nflatten -> dense 10",
        """\
error[setting]: `conv` is a layer, not a setting
  net:1:1
1 | conv: 8 3x3
  | ^^^^
help: write it without the colon: conv ...""",
    ),
    (
        "data mnist\nflatten -> dense 10",
        """\
error[name]: `data` is a setting, not a layer
  net:1:1
1 | data mnist
  | ^^^^
help: write `data: ...` on a line of its own""",
    ),
    (
        "conv 8 3x3 strid=2 -> flatten -> dense 10",
        """\
error[name]: conv has no option `strid`
  net:1:12
1 | conv 8 3x3 strid=2 -> flatten -> dense 10
  |            ^^^^^
help: Did you mean `stride`? conv takes: conv F KxK [stride pad dilation groups bias init]""",
    ),
    (
        "optim: admw\nflatten -> dense 10",
        """\
error[name]: no optimizer called `admw`
  net:1:8
1 | optim: admw
  |        ^^^^
help: Did you mean `adamw`? There are: sgd, adam, adamw, rmsprop""",
    ),
    (
        "data: mnst\nflatten -> dense 10",
        """\
error[data]: no data set called `mnst`
  net:1:7
1 | data: mnst
  |       ^^^^
help: Did you mean `mnist`? There are: folder "DIR", cifar10, mnist, fashion-mnist, idx "DIR", npz "FILE\"""",
    ),
    (
        "flatten -> dense k",
        """\
error[name]: no constant called `k`
  net:1:18
1 | flatten -> dense k
  |                  ^
help: write a value, or `k = ...` on a line of its own""",
    ),
    (
        "width = 16\nflatten -> dense widht",
        """\
error[name]: no constant called `widht`
  net:2:18
2 | flatten -> dense widht
  |                  ^^^^^
help: Did you mean `width`?""",
    ),
    (
        "w = 3\nw 3 -> flatten -> dense 10",
        """\
error[name]: `w` is a constant, not a layer
  net:2:1
2 | w 3 -> flatten -> dense 10
  | ^
help: write a layer with it: conv w 3x3""",
    ),
    (
        "concat { identity | @stem } -> flatten -> dense 10",
        """\
error[label]: no label called `stem`
  net:1:21
1 | concat { identity | @stem } -> flatten -> dense 10
  |                     ^^^^^
help: make it first: conv 8 3x3 as stem""",
    ),
    (
        "relu as stem -> concat { identity | @steam } -> flatten -> dense 10",
        """\
error[label]: no label called `steam`
  net:1:37
1 | relu as stem -> concat { identity | @steam } -> flatten -> dense 10
  |                                     ^^^^^^
help: Did you mean `@stem`?""",
    ),
]

ARGUMENTS = [
    (
        "conv 8 3x3 pad=1 pad=2 -> flatten -> dense 10",
        """\
error[argument]: `pad` is given twice
  net:1:18
1 | conv 8 3x3 pad=1 pad=2 -> flatten -> dense 10
  |                  ^^^^^
  = first given in column 12
help: keep one of them""",
    ),
    (
        "conv 8 3x3 relu maxpool 2 -> flatten -> dense 10",
        """\
error[argument]: `relu` is a layer, not an argument of conv
  net:1:12
1 | conv 8 3x3 relu maxpool 2 -> flatten -> dense 10
  |            ^^^^
help: Missing `->` before it? Write `-> relu`""",
    ),
    (
        "conv 8 3x3 pad 1 -> flatten -> dense 10",
        """\
error[argument]: `pad` needs `=` and a value
  net:1:12
1 | conv 8 3x3 pad 1 -> flatten -> dense 10
  |            ^^^
help: write `pad=...`""",
    ),
    (
        "conv 8 -> flatten -> dense 10",
        """\
error[argument]: conv needs its `kernel` (size of the window, HxW)
  net:1:1
1 | conv 8 -> flatten -> dense 10
  | ^^^^
help: write `conv 8 3x3 pad=1`: conv F KxK [stride pad dilation groups bias init]""",
    ),
    (
        "conv 8 3x3 2 -> flatten -> dense 10",
        """\
error[argument]: conv takes 2 values by place: this one is too many
  net:1:12
1 | conv 8 3x3 2 -> flatten -> dense 10
  |            ^
help: conv takes: conv F KxK [stride pad dilation groups bias init]""",
    ),
    (
        "relu 3 -> flatten -> dense 10",
        """\
error[argument]: relu takes no values: this one is too many
  net:1:6
1 | relu 3 -> flatten -> dense 10
  |      ^
help: relu takes: relu""",
    ),
    (
        "add -> relu -> flatten -> dense 10",
        """\
error[argument]: add needs branches
  net:1:1
1 | add -> relu -> flatten -> dense 10
  | ^^^
help: write add { ... | ... }""",
    ),
    (
        "add { relu } -> flatten -> dense 10",
        """\
error[argument]: add needs at least two branches, with `|` between them
  net:1:1
1 | add { relu } -> flatten -> dense 10
  | ^^^
help: Did you mean `residual`? It adds its input to what one branch gives""",
    ),
    (
        "residual { relu | relu } -> flatten -> dense 10",
        """\
error[argument]: residual takes one branch
  net:1:1
1 | residual { relu | relu } -> flatten -> dense 10
  | ^^^^^^^^
help: write `add { ... | ... | identity }`""",
    ),
    (
        "relu { relu | relu } -> flatten -> dense 10",
        """\
error[argument]: relu takes no branches
  net:1:6
1 | relu { relu | relu } -> flatten -> dense 10
  |      ^^^^^^^^^^^^^^^
help: branches belong to `add`, `concat` and `residual`""",
    ),
    (
        "def f(c) = conv c 3x3\nf 8 9 -> flatten -> dense 10",
        """\
error[argument]: the block f takes 1 value: this one is too many
  net:2:5
2 | f 8 9 -> flatten -> dense 10
  |     ^
  = `f(c)` is defined on line 1
help: write `f(c)`""",
    ),
    (
        "def f(c, k) = conv c k\nf k=3 -> flatten -> dense 10",
        """\
error[argument]: the block f needs `c`
  net:2:1
2 | f k=3 -> flatten -> dense 10
  | ^
  = `f(c, k)` is defined on line 1
help: write `f(c, k)`""",
    ),
    (
        "def f(c) = conv c 3x3\nf cc=3 -> flatten -> dense 10",
        """\
error[name]: the block f has no parameter `cc`
  net:2:3
2 | f cc=3 -> flatten -> dense 10
  |   ^^^^
  = `f(c)` is defined on line 1
help: Did you mean `c`?""",
    ),
    (
        "default: conv 8\nflatten -> dense 10",
        """\
error[argument]: only options have defaults
  net:1:15
1 | default: conv 8
  |               ^
help: write `name=value`: conv F KxK [stride pad dilation groups bias init]""",
    ),
    (
        "data:\nflatten -> dense 10",
        """\
error[setting]: `data:` says nothing
  net:1:1
1 | data:
  | ^^^^^
help: write `data: mnist`""",
    ),
    (
        'data: "photos"\nflatten -> dense 10',
        """\
error[setting]: `data:` begins with one of: folder "DIR", cifar10, mnist, fashion-mnist, idx "DIR", npz "FILE"
  net:1:7
1 | data: "photos"
  |       ^^^^^^^^
help: write `data: folder "DIR"`""",
    ),
    (
        "data: folder photos\nflatten -> dense 10",
        """\
error[range]: `directory` of folder must be a text in quotes, such as "photos", not photos
  net:1:14
1 | data: folder photos
  |              ^^^^^^
help: put it in quotes: "photos\"""",
    ),
]

RANGES = [
    (
        "conv -8 3x3 -> flatten -> dense 10",
        """\
error[range]: `filters` of conv must be a whole number, at least 1, not -8
  net:1:6
1 | conv -8 3x3 -> flatten -> dense 10
  |      ^^""",
    ),
    (
        "train: epochs=0\nflatten -> dense 10",
        """\
error[range]: `epochs` of train must be a whole number from 1 to 100000, not 0
  net:1:15
1 | train: epochs=0
  |               ^""",
    ),
    (
        "dropout 1.5 -> flatten -> dense 10",
        """\
error[range]: `share` of dropout must be a number at least 0 and below 1, not 1.5
  net:1:9
1 | dropout 1.5 -> flatten -> dense 10
  |         ^^^""",
    ),
    (
        "optim: adam lr=nan\nflatten -> dense 10",
        """\
error[range]: `lr` of adam must be a number above 0 and at most 1e+06, not nan
  net:1:16
1 | optim: adam lr=nan
  |                ^^^""",
    ),
    (
        "conv 8 3x3 pad=sme -> flatten -> dense 10",
        """\
error[range]: `pad` of conv must be same, valid, a whole number of at least 0, or HxW, not sme
  net:1:16
1 | conv 8 3x3 pad=sme -> flatten -> dense 10
  |                ^^^
help: Did you mean `same`?""",
    ),
    (
        "conv 8 3x3 init=normal(-1) -> flatten -> dense 10",
        """\
error[range]: `init` of conv must be a number at least 0, not -1
  net:1:17
1 | conv 8 3x3 init=normal(-1) -> flatten -> dense 10
  |                 ^^^^^^^^^^""",
    ),
    (
        "0 * relu -> flatten -> dense 10",
        """\
error[range]: a step is repeated a whole number of times, at least 1, not 0
  net:1:1
1 | 0 * relu -> flatten -> dense 10
  | ^
help: write a whole number of at least 1, or remove the step""",
    ),
    (
        "2.5 * relu -> flatten -> dense 10",
        """\
error[range]: a step is repeated a whole number of times, at least 1, not 2.5
  net:1:1
1 | 2.5 * relu -> flatten -> dense 10
  | ^^^
help: write a whole number of at least 1, or remove the step""",
    ),
    (
        "flatten -> dense (3/2)",
        """\
error[range]: `units` of dense must be a whole number, at least 1, not 1.5
  net:1:18
1 | flatten -> dense (3/2)
  |                  ^^^^^""",
    ),
    (
        "flatten -> dense (3//0)",
        """\
error[range]: a division by zero
  net:1:22
1 | flatten -> dense (3//0)
  |                      ^
help: divide by another number""",
    ),
]

SHAPES = [
    (
        "conv 8 3x3 -> dense 10",
        """\
error[shape]: dense needs a flat vector but receives 8x26x26
  net:1:15
1 | conv 8 3x3 -> dense 10
  |               ^^^^^^^^
help: Add `flatten ->` (5408 values)""",
    ),
    (
        "flatten\nconv 8 3x3",
        """\
error[shape]: conv needs an image but receives 784 values
  net:2:1
2 | conv 8 3x3
  | ^^^^^^^^^^
  = `flatten` made it 784 values on line 1
help: write conv before `flatten`, or add `reshape CxHxW ->` before it""",
    ),
    (
        "conv 8 3x3 -> maxpool 2 -> conv 8 4x4 -> maxpool 2 -> conv 8 5x5 -> conv 8 3x3 -> flatten -> dense 10",
        """\
error[shape]: a 3x3 window does not fit in 8x1x1
  net:1:76
1 | conv 8 3x3 -> maxpool 2 -> conv 8 4x4 -> maxpool 2 -> conv 8 5x5 -> conv 8 3x3 -> flatten -> dense 10
  |                                                                            ^^^
  = sizes so far: 28 -> 26 -> 13 -> 10 -> 5 -> 1
help: Use pad=1 or one pooling or stride fewer""",
    ),
    (
        "maxpool 2 -> maxpool 2 -> maxpool 2 -> flatten -> dense 10",
        """\
warning[stride]: (7 - 2)/2 is not whole: the last row and column are ignored
  net:1:27
1 | maxpool 2 -> maxpool 2 -> maxpool 2 -> flatten -> dense 10
  |                           ^^^^^^^^^ receives 1x7x7
help: fine where it is meant; with padding, or another window, nothing is lost""",
    ),
    (
        "conv 8 3x3 -> residual { conv 16 3x3 stride=2 pad=1 } -> flatten -> dense 10",
        """\
error[shape]: the body of `residual` turns 8x26x26 into 16x13x13, so the input cannot be added back
  net:1:15
1 | conv 8 3x3 -> residual { conv 16 3x3 stride=2 pad=1 } -> flatten -> dense 10
  |               ^^^^^^^^
help: write add { conv 16 3x3 stride=2 pad=1 | conv 16 1x1 stride=2 }""",
    ),
    (
        "concat { maxpool 2 | conv 3 3x3 | identity } -> flatten -> dense 10",
        """\
error[shape]: the branches of `concat` do not agree in height and width
  net:1:22
1 | concat { maxpool 2 | conv 3 3x3 | identity } -> flatten -> dense 10
  |                      ^^^^^^^^^^ gives 3x26x26, but branch 1 gives 1x14x14
  = branch 1 gives 1x14x14
  = branch 2 gives 3x26x26
  = branch 3 gives 1x28x28
help: give all branches the same height and width, with `stride` or `pad`""",
    ),
    (
        "add { conv 8 3x3 pad=1 | conv 4 1x1 } -> flatten -> dense 10",
        """\
error[shape]: the branches of `add` do not match
  net:1:26
1 | add { conv 8 3x3 pad=1 | conv 4 1x1 } -> flatten -> dense 10
  |                          ^^^^^^^^^^ gives 4x28x28, but branch 1 gives 8x28x28
help: end it with `conv 8 1x1`""",
    ),
    (
        DOWN,
        """\
error[shape]: the branches of `add` do not match
  net:3:5
3 |   | conv c 1x1 -> batchnorm
  |     ^^^^^^^^^^^^^^^^^^^^^^^ gives 32x28x28, but branch 1 gives 32x14x14
  = in `down 32`, used on line 6
help: end it with `conv 32 1x1 stride=2`""",
    ),
    (
        "flatten -> dense 12",
        """\
error[loss]: mnist has 10 classes but the network ends in 12 values
  net:1:12
1 | flatten -> dense 12
  |            ^^^^^^^^
help: Write `dense 10`?""",
    ),
    (
        "conv 10 3x3",
        """\
error[loss]: the network ends in 10x26x26, but mnist has 10 classes
  net:1:1
1 | conv 10 3x3
  | ^^^^^^^^^^^
help: end it with `flatten -> dense 10`""",
    ),
    (
        "loss: bce\ndata: mnist classes=[3, 5]\nflatten -> dense 3",
        """\
error[loss]: mnist has 2 classes but the network ends in 3 values
  net:3:12
3 | flatten -> dense 3
  |            ^^^^^^^
help: Write `dense 2` or `dense 1`?""",
    ),
    (
        "flatten -> dense 10 -> softmax",
        """\
warning[loss]: cross_entropy applies softmax itself
  net:1:24
1 | flatten -> dense 10 -> softmax
  |                        ^^^^^^^
help: remove `softmax` from the network's end""",
    ),
    (
        "input: 1x32x32\nflatten -> dense 10",
        """\
error[data]: mnist images are 1x28x28
  net:1:1
1 | input: 1x32x32
  | ^^^^^^^^^^^^^^ not 1x32x32
help: write `input: 1x28x28`, or leave the line out""",
    ),
    (
        "data: mnist limit=100\nflatten",
        """\
error[loss]: mnist has 10 classes but the network ends in 784 values
  net:2:1
2 | flatten
  | ^^^^^^^
help: end it with `dense 10`""",
    ),
]

DEFINITIONS = [
    (
        "relu as a -> relu as a -> flatten -> dense 10",
        """\
error[label]: the label `a` is made twice
  net:1:22
1 | relu as a -> relu as a -> flatten -> dense 10
  |                      ^
  = first made in column 9
help: give this one another name""",
    ),
    (
        "def conv(c) = relu\nflatten -> dense 10",
        """\
error[block]: `conv` is a layer already
  net:1:5
1 | def conv(c) = relu
  |     ^^^^
help: give the block another name, such as `my_conv`""",
    ),
    (
        "def f = relu\ndef f = tanh\nf -> flatten -> dense 10",
        """\
error[block]: the block `f` is defined twice
  net:2:5
2 | def f = tanh
  |     ^
  = first defined on line 1
help: keep one of them, or give this one another name""",
    ),
    (
        "w = 1\nw = 2\nflatten -> dense 10",
        """\
error[constant]: the constant `w` is defined twice
  net:2:1
2 | w = 2
  | ^
  = first defined on line 1
help: keep one of them, or give this one another name""",
    ),
    (
        "loss: mse\nloss: bce\nflatten -> dense 10",
        """\
error[setting]: the setting `loss:` is given twice
  net:2:1
2 | loss: bce
  | ^^^^
  = first given on line 1
help: keep one of them""",
    ),
    (
        "def f(c) = relu -> g c\ndef g(c) = f c\nf 3 -> flatten -> dense 10",
        """\
error[recursion]: the block `f` uses itself: f -> g -> f
  net:1:5
1 | def f(c) = relu -> g c
  |     ^
help: repeat a block with `3 * f` instead""",
    ),
    (
        "a = b\nb = a\nflatten -> dense a",
        """\
error[recursion]: the constant `a` needs itself: a -> b -> a
  net:1:1
1 | a = b
  | ^
help: give one of them a number""",
    ),
    (
        "1000000 * (conv 8 3x3 -> relu) -> flatten -> dense 10",
        """\
error[limit]: this step expands to 2,000,000 layers (limit 10,000)
  net:1:1
1 | 1000000 * (conv 8 3x3 -> relu) -> flatten -> dense 10
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: repeat fewer times""",
    ),
    (
        "concat { relu as s | @s } -> concat { identity | @t } -> relu as t -> flatten -> dense 10",
        """\
error[label]: the label `t` is not known here
  net:1:50
1 | concat { relu as s | @s } -> concat { identity | @t } -> relu as t -> flatten -> dense 10
  |                                                  ^^
  = it is made in column 66
help: a label is used after it is made, and one made in a block or a repeat only there""",
    ),
    (
        "@s -> relu as s -> flatten -> dense 10",
        """\
error[label]: the label `s` is not known here
  net:1:1
1 | @s -> relu as s -> flatten -> dense 10
  | ^^
  = it is made in column 15
help: a label is used after it is made, and one made in a block or a repeat only there""",
    ),
    (
        "def f(a, a) = relu\nflatten -> dense 10",
        """\
error[block]: the parameter `a` is named twice
  net:1:10
1 | def f(a, a) = relu
  |          ^
  = first named in column 7
help: give this one another name""",
    ),
    (
        "",
        """\
error[empty]: there is no layer
  net
help: a whole file is
    data: mnist
    train: epochs=3
    conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10""",
    ),
    (
        "# nothing\ndata: mnist",
        """\
error[empty]: there is no layer
  net:2:1
2 | data: mnist
  | ^
help: a whole file is
    data: mnist
    train: epochs=3
    conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10""",
    ),
]


@pytest.mark.parametrize(("text", "told"), SYNTAX)
def test_syntax(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


@pytest.mark.parametrize(("text", "told"), NAMES)
def test_names(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


@pytest.mark.parametrize(("text", "told"), ARGUMENTS)
def test_arguments(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


@pytest.mark.parametrize(("text", "told"), RANGES)
def test_ranges(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


@pytest.mark.parametrize(("text", "told"), SHAPES)
def test_shapes(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


@pytest.mark.parametrize(("text", "told"), DEFINITIONS)
def test_definitions(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told
