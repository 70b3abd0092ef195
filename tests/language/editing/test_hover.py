"""What is said of a word, and the shapes beside the lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.language.editing.marked import CURSOR, hovered, marked
from tests.language.programs import chains, whole
from tuicnn.language.editing import line_hints
from tuicnn.language.editing.hints import layers_of_lines
from tuicnn.layers.shapes import shape_text

NET = """\
optim: adam lr=1e-3
w = 4
v = 2*w
def down(c, k=3) = conv c k pad=same as y -> maxpool 2
conv w 3x3 pad=1 as x -> relu
down v -> down (2*v)
flatten -> dense 10
"""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("‸conv w", "`conv 4 3x3 pad=1` · **1x28x28 → 4x28x28** · 40 weights · 28,224 multiply-adds an image"),
        ("co‸nv c", "`conv 8 3 pad=same` · **4x28x28 → 8x28x28**"),
        ("co‸nv c", "`conv 16 3 pad=same` · **8x14x14 → 16x14x14**"),
        ("down ‸v", "= 8"),
        ("‸down v", "**4x28x28 → 8x14x14** · 2 layers · 296 weights"),
        ("‸down v", "def down(c, k=3) = conv c k pad=same as y -> maxpool 2"),
        ("as ‸x", "label `x`: 4x28x28"),
        ("as ‸y", "label `y`: 8x28x28, 16x14x14"),
        ("conv c ‸k", "`k`: a parameter of `down`, default `3`"),
        ("pad‸=same", "`pad` of `conv`: zeros around the image"),
        ("optim‸:", "optim:"),
        ("‸adam", "optim: adam"),
        ("l‸r=", "learning rate"),
        ("flat‸ten", "**16x7x7 → 784 values**"),
    ],
)
def test_what_is_said(place: str, said: str) -> None:
    assert said in hovered(NET.replace(place.replace(CURSOR, ""), place, 1))


def test_nothing_is_said_of_nothing() -> None:
    assert hovered("conv 8 3x3 # no‸te") == ""
    assert hovered("conv 8 3x3 -‸> relu") == ""
    assert hovered("‸") == ""


def hints(text: str) -> dict[int, str]:
    return {hint.line: hint.text for hint in line_hints(marked(text + CURSOR)[0])}


def test_each_line_has_its_shape() -> None:
    assert hints(NET) == {
        4: "→ 8x14x14, 16x7x7",
        5: "→ 4x28x28 · 40 weights",
        6: "→ 16x7x7 · 1,464 weights",
        7: "→ 10 values · 7,850 weights",
    }


def test_lines_before_a_mistake_keep_theirs() -> None:
    found = hints("conv 8 3x3\nrelu -> dense 10\nflatten -> dense 10\n")
    assert (found[1], found[2]) == ("→ 8x26x26 · 80 weights", "→ 8x26x26")


def test_a_hint_stands_behind_the_step_and_before_the_comment() -> None:
    document, _ = marked("( conv 8 3x3 ) as x   # note‸\nflatten -> dense 10")
    first, *_ = line_hints(document)
    assert (first.line, first.column) == (1, len("( conv 8 3x3 ) as x") + 1)
    assert first.details == "8x26x26: 80 weights, 48,672 multiply-adds an image"


@settings(deadline=None)
@given(chains)
def test_the_lines_sum_up_to_the_network(chain: str) -> None:
    document, _ = marked(whole(chain) + CURSOR)
    plan = document.checked.plan
    assert plan is not None
    first = next(i for i, line in enumerate(document.lines, 1) if line.startswith(chain.split("\n")[0]))
    lines = [line for number, ways in layers_of_lines(document).items() if number >= first for line in ways]
    assert sum(line.parameters for line in lines) == plan.parameters
    assert sum(line.macs for line in lines) == plan.macs
    assert lines[-1].shape == shape_text(plan.nodes[-1].shape)
