"""The one form of a text: what it looks like, and that it says what the text said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.strategies import networks
from tuicnn.language import Severity, UnreadableError, check, format_text
from tuicnn.language.writing import formatting

from .invariants import LONG, in_form
from .programs import INPUT, LARGER, chains, essence, whole

FEW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SIX_NORMS = " -> ".join(["batchnorm"] * 6)
EIGHT_RELUS = " -> ".join(["relu"] * 8)

#: what is written, and its form
FORMS = {
    "spaces": ("  conv   8\t3x3   pad = 1->relu ", "conv 8 3x3 pad=1 -> relu\n"),
    "plain characters": ("\ufeffconv 8 3×3 → 2 × relu\r\n", "conv 8 3x3 -> 2 * relu\n"),
    "sizes": ("conv 8 3X3 pad=1×2 # 3×3", "conv 8 3x3 pad=1x2  # 3×3\n"),
    "a continued line": ("conv 8 \\\n  3x3 \\\n  pad=1", "conv 8 3x3 pad=1\n"),
    "old line ends": ("relu\rtanh\r", "relu\ntanh\n"),
    "numbers stay": (
        "optim: sgd lr=1e-3 momentum=.9 decay=5.0E-4\ndropout 0.50",
        "optim: sgd lr=1e-3 momentum=.9 decay=5.0E-4\ndropout 0.50\n",
    ),
    "a negative number": ("default: elu alpha= - 1\nelu - 1", "default: elu alpha=-1\nelu -1\n"),
    "numbers that are none stay": (
        "optim:sgd lr=0.0.1  limit=10k\nf 8k=3\nconv 8 3x3pad=1",
        "optim: sgd lr=0.0.1 limit=10k\nf 8 k=3\nconv 8 3x3 pad=1\n",
    ),
    "words stay": ('data:folder   "my  photos#1"classes=[ 0,1 , ]', 'data: folder "my  photos#1" classes=[0, 1]\n'),
    "a call": ("conv( 8 ,3x3,pad = 1, )", "conv(8, 3x3, pad=1)\n"),
    "a call apart from its name": ("basic (8 , k=3)", "basic(8, k=3)\n"),
    "arithmetic is an argument": ("down ( 2 * w ) k=( w-1 )", "down (2*w) k=(w-1)\n"),
    "a constant": ("w=2*( base - 1 )-b", "w = 2 * (base-1) - b\n"),
    "a constant on two lines": ("w\n\n= b-1\nrelu", "w = b - 1\nrelu\n"),
    "signs": ("a = - 1\nb = a - - 2 * ( - a )", "a = -1\nb = a - -2 * (-a)\n"),
    "a block": (
        "def  basic ( c , k = 3 ) =conv c (k)   ->relu",
        "def basic(c, k=3) = conv c (k) -> relu\n",
    ),
    "a block on the next line": ("def f =\n  relu", "def f = relu\n"),
    "a block goes on where an arrow says so": (
        "def f(c) = conv c 3x3 ->\nrelu\n -> tanh\nf 8",
        "def f(c) = conv c 3x3\n    -> relu\n    -> tanh\nf 8\n",
    ),
    "labels": ("relu  as   a\nadd{identity|@ a}as b", "relu as a\nadd { identity | @a } as b\n"),
    "a group": ("3*( relu->tanh )\n( w + 1 )*relu\n( relu )", "3 * (relu -> tanh)\n(w+1) * relu\n(relu)\n"),
    "settings in columns": (
        "data: mnist\nschedule:cosine\n# between\ntrain:   epochs=3\n\nloss: mse\nw = 1\noptim: adam",
        "data:     mnist\nschedule: cosine\n# between\ntrain:    epochs=3\n\nloss: mse\nw = 1\noptim: adam\n",
    ),
    "a setting without values": ("data: mnist\naugment:   # later", "data:    mnist\naugment:  # later\n"),
    "comments in columns": (
        "relu # a\ntanh -> relu       # b\n\n\n# alone\n  relu#c",
        "relu          # a\ntanh -> relu  # b\n\n# alone\nrelu          #c\n",
    ),
    "a comment that goes on below": (
        "relu  # a\n      # b\n# c\ntanh -> relu # d",
        "relu          # a\n              # b\n# c\ntanh -> relu  # d\n",
    ),
    "comments of long lines": (
        f"relu # a\n\nfirst -> {'relu -> ' * 7}tanh# b\ntanh # c",
        f"relu  # a\n\nfirst -> {'relu -> ' * 7}tanh  # b\ntanh{' ' * 67}# c\n",
    ),
    "a comment that goes on below a long line": (
        f"{SIX_NORMS}# a\n{' ' * 74}# b\n{' ' * 74}# c\nrelu # d",
        f"{SIX_NORMS}  # a\n{' ' * 76}# b\n{' ' * 76}# c\nrelu  # d\n",
    ),
    "comments behind the equals sign": (
        "w = # one\n  16 # two\ndef f = # three\nrelu",
        "# one\nw = 16        # two\ndef f = relu  # three\n",
    ),
    "comments within": (
        "f(1, # one\n  2  # two\n) # three",
        "# one\n# two\nf(1, 2)  # three\n",
    ),
    "a comment is all": ("\n\n  # nothing yet  \n\n", "# nothing yet\n"),
    "nothing": (" \n\t\n", ""),
    "empty lines": ("\n\nrelu\n\n\n\ntanh\n\n", "relu\n\ntanh\n"),
    "arrows at the end of lines": ("conv 8 ->\nrelu->   # why\n\ntanh", "conv 8\nrelu  # why\n\ntanh\n"),
    "arrows at the beginning of lines": (
        "conv 8 # a\n  # b\n-> relu\n\n -> # c\n tanh",
        "conv 8  # a\n    # b\n    -> relu\n\n    # c\n    -> tanh\n",
    ),
    "branches stay on a line": (
        "add {identity|@mixed->conv 8 1x1}",
        "add { identity | @mixed -> conv 8 1x1 }\n",
    ),
    "branches on several lines": (
        "def down(c) = add { # both\nconv c 3x3 stride=2\nrelu | # short\nconv c 1x1 stride=2 }\n-> relu",
        "def down(c) = add {  # both\n    conv c 3x3 stride=2\n    relu\n  # short\n"
        "  | conv c 1x1 stride=2\n  } -> relu\n",
    ),
    "branches in branches": (
        "add {\n residual { \n relu } as a -> tanh |\n 2 * (relu\n tanh)\n\n # last\n}",
        "add {\n    residual {\n        relu\n      } as a -> tanh\n"
        "  | 2 * (\n        relu\n        tanh\n      )\n\n    # last\n  }\n",
    ),
    "a long chain": (
        "conv 8 3x3 pad=1 -> " + "batchnorm -> relu -> " * 8 + "dense 10  # end",
        "conv 8 3x3 pad=1 -> batchnorm -> relu -> batchnorm -> relu -> batchnorm -> relu -> batchnorm -> relu\n"
        "    -> batchnorm -> relu -> batchnorm -> relu -> batchnorm -> relu -> batchnorm -> relu -> dense 10  # end\n",
    ),
    "long branches": (
        f"relu -> add {{ {SIX_NORMS} | {EIGHT_RELUS} }} -> tanh",
        f"relu -> add {{\n    {SIX_NORMS}\n  | {EIGHT_RELUS}\n  }} -> tanh\n",
    ),
    "a block is moved before it is broken": (
        f"{SIX_NORMS} -> add {{ conv 8 3x3 pad=1 | identity }} -> relu",
        f"{SIX_NORMS}\n    -> add {{ conv 8 3x3 pad=1 | identity }} -> relu\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_the_form(name: str) -> None:
    text, wanted = FORMS[name]
    assert format_text(text) == wanted
    assert format_text(wanted) == wanted


def test_a_larger_example_is_in_form() -> None:
    assert format_text(LARGER) == LARGER
    flattened = "\n".join(re.sub(r"\s+", " ", line).strip() for line in LARGER.splitlines())
    assert format_text(flattened.replace(" } ->", "}\n->").replace("->", "→")) == LARGER


def test_the_form_is_documented_in_form() -> None:
    example = (formatting.__doc__ or "").partition("by example:\n\n")[2]
    assert "def down" in example
    assert format_text(example) == example


@pytest.mark.parametrize("path", sorted((ROOT / "nets").glob("*.net")), ids=lambda p: p.stem)
def test_the_nets_are_in_form(path: Path) -> None:
    text = path.read_text()
    assert format_text(text) == text


def test_the_nets_of_the_readme_are_in_form() -> None:
    blocks = re.findall(r"^```net\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    for text in blocks:
        assert format_text(text) == text


@pytest.mark.parametrize(
    "text", ["conv 8 ->", "conv 8 -> -> relu", "add { relu", "relu)", "conv 8, 3x3", "relu => tanh", "3 x 3", "def = 1"]
)
def test_a_text_with_syntax_errors_is_not_formatted(text: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        format_text(f"tanh\n{text}", name="my.net")
    problems = caught.value.diagnostics
    assert problems
    assert all(d.severity is Severity.ERROR and d.span.source.name == "my.net" for d in problems)
    assert problems[0].message in str(caught.value)
    told = check(f"tanh\n{text}", name="my.net").diagnostics
    assert problems == tuple(d for d in told if d.severity is Severity.ERROR)


def test_a_text_that_cannot_be_trained_is_formatted() -> None:
    assert format_text("covn  8 3x3\noptmizer :adam") == "covn 8 3x3\noptmizer: adam\n"


# --- laws -------------------------------------------------------------------------------------------------------------

#: where a text of the generators may be laid out otherwise
_SEPARATOR = re.compile(r" -> | \{ | \| | \}|, |\( | \)|\n")


class _Trivia:
    """Draws what may stand between tokens, and numbers its comments."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.comments: list[str] = []

    def between(self, *, line: bool = False) -> str:
        """Space, lines and comments; with `line`, a line ends in it."""
        forms = ["\n", "\n\n\n", " C\n", "\tC\n \t\n   C\n", "\n  C\nC\n\n", " C\n      C\n"]
        if not line:
            forms += ["", " ", "\t", "  ", " \\\n "]
        out = self.data.draw(st.sampled_from(forms))
        while "C" in out:
            mark = self.data.draw(st.sampled_from(["# -> {", "#", "#! 3×3 →", '# "x']))
            self.comments.append(f"{mark} {len(self.comments)}")
            out = out.replace("C", self.comments[-1], 1)
        return str(out)

    def replace(self, match: re.Match[str]) -> str:
        """What may stand in the place of a separator."""
        found = match[0]
        if self.data.draw(st.booleans()):
            return found
        if found == "\n":
            return self.between(line=True)
        if found == " -> ":
            arrow = self.data.draw(st.sampled_from(["->", "→"]))
            return f"{self.between()}{arrow}{self.between()}"
        before = "" if found[0] in "(," else self.between()
        behind = "" if found.endswith("}") else self.between()
        return f"{before}{found.strip()}{behind}"


def laid_out(text: str, data: st.DataObject) -> tuple[str, list[str]]:
    """The text with other breaks, spaces and comments, and its comments."""
    trivia = _Trivia(data)
    out = trivia.between() + _SEPARATOR.sub(trivia.replace, text)
    if data.draw(st.booleans()):
        out = out.replace("pad=", "pad = ").replace("* ", "×").replace("3x3", "3×3")
    if data.draw(st.booleans()):
        out = "\ufeff" + out.replace("\n", "\r\n")
    return out, [comment.rstrip() for comment in trivia.comments]


def comments_in(text: str) -> list[str]:
    return [comment.rstrip() for comment in re.findall(r"#[^\n]*", text)]


@FEW
@given(chains, st.data())
def test_layout_is_all_that_changes(chain: str, data: st.DataObject) -> None:
    text, comments = laid_out(whole(chain), data)
    before = check(text, input=INPUT, classes=10).plan
    assume(before is not None)
    out = in_form(text)
    assert comments_in(out) == comments
    after = check(out, input=INPUT, classes=10).plan
    assert essence(after) == essence(before) == essence(check(whole(chain), input=INPUT, classes=10).plan)
    assert after is not None
    assert before is not None
    assert (after.loss, after.optimizer, after.filled_in) == (before.loss, before.optimizer, before.filled_in)


@FEW
@given(networks(), st.data())
def test_networks_stay_what_they_are(network: tuple[str, tuple[int, int, int]], data: st.DataObject) -> None:
    """With labels and settings too."""
    net, image = network
    net = f"loss: cross_entropy smoothing=0.1\noptim: sgd lr=1e-1 momentum=.9\ntrain: epochs=2\n{net}"
    text, comments = laid_out(net, data)
    out = in_form(text)
    assert comments_in(out) == comments
    before, after = (check(each, input=image, classes=4).plan for each in (net, out))
    assert before is not None
    assert after is not None
    assert essence(after) == essence(before)
    settings_ = [(p.loss, p.optimizer, p.schedule, p.train, p.augment) for p in (before, after)]
    assert settings_[0] == settings_[1]


@FEW
@given(chains)
def test_one_line_or_many_is_one_plan(chain: str) -> None:
    """A chain in a single line is broken where it is too long, and only there."""
    text = f"{' -> '.join(whole(chain).splitlines()[3:])}\n"
    out = in_form(text)
    assert len(text) > LONG or out.count("\n") == 1
    joined = re.sub(r"\n +", " ", out).replace("( ", "(").replace(" )", ")")
    assert joined == text.replace("( ", "(").replace(" )", ")")
