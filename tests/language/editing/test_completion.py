"""What is offered at each place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tuicnn.data  # noqa: F401 - fills its vocabulary
from tests.language.editing.marked import CURSOR, completed, marked
from tests.language.programs import chains, whole
from tuicnn.language import check
from tuicnn.language.editing import complete
from tuicnn.vocabulary import vocabulary

SETTINGS = {"data:", "input:", "augment:", "loss:", "optim:", "schedule:", "train:", "target:", "test:", "default:",
            "include:"}  # fmt: skip
CONV = {"stride=", "pad=", "dilation=", "groups=", "bias=", "init=", "freeze=", "rate=", "bias_rate=", "decay="}
BLOCK = "w = 4\ndef f(c, k=3) = conv c k\n"
DATA = set(vocabulary("data"))


def layers() -> set[str]:
    check("relu")
    return {*vocabulary("layer"), "residual"}


@pytest.mark.parametrize("text", ["‸", "co‸", "relu\n‸", "relu\n\n  ‸"])
def test_a_line_begins_with_a_layer_or_a_setting(text: str) -> None:
    assert SETTINGS | layers() | {"def"} == set(completed(text))


@pytest.mark.parametrize(
    "text",
    [
        "relu -> ‸",
        "relu ->\n  d‸",
        "3 * ‸",
        "(2*w) * ‸",
        "( ‸",
        "def f(c) = ‸",
        "residual { ‸",
        "add {\n  ‸",
        "add { relu\n| ‸",
    ],
)
def test_a_step_begins_with_a_layer_and_no_setting(text: str) -> None:
    assert set(completed(text)) - {"f"} == layers()


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("conv 8 3x3 ‸", CONV | {"as"}),
        ("conv 8 3x3 pad=1 st‸", CONV - {"pad="} | {"as"}),
        ("conv 8 3x3 pad=1 st‸ -> relu", CONV - {"pad="} | {"as"}),
        ("conv(8, 3x3, ‸", CONV),
        ("conv 8 3x3 pad=‸", {"same", "valid"}),
        ("conv 8 3x3 bias=t‸", {"true", "false"}),
        ("data: ‸", DATA),
        ("data: fash‸", DATA),
        ("optim: sgd lr=0.1 ‸", {"momentum=", "nesterov=", "decay=", "clip=", "exclude="}),
        ("optim: sgd nesterov=‸", {"true", "false"}),
        ("train: ‸", {"ema=", "lookahead=", "alpha=", "epochs=", "batch=", "seed=", "checkpoint=", "patience="}),
        ("augment: shift=4 flip=‸", {"none", "horizontal", "vertical", "both", "alternate"}),
        ("default: conv ‸", CONV),
        ("default: conv pad=‸", {"same", "valid"}),
        (f"{BLOCK}f(‸", {"c=", "k=", "w"}),
        (f"{BLOCK}f(8, ‸", {"k=", "w"}),
        (f"{BLOCK}f ‸", {"c=", "k=", "w"}),
        (f"{BLOCK}conv (2*‸", {"w"}),
        (f"{BLOCK}v = ‸", {"w", "v"}),
        (f"{BLOCK}conv ‸", CONV | {"w", "as"}),
        ("w = 4\ndef f(c, k=3) = conv ‸", CONV | {"w", "c", "k", "as"}),
        ("relu as a\nconcat { identity | @‸", {"a"}),
        ("2 * (relu as inner)\nrelu as a\nconcat { @‸ }\nrelu as later", {"a"}),
        ("conv 8 3x3 # pad=‸", set()),
        ('data: folder "‸', set()),
        ("relu as ‸", set()),
        ("def ‸", set()),
        ("def f(‸", set()),
        ("conv 8‸", set()),
    ],
)  # fmt: skip
def test_what_is_offered(text: str, offered: set[str]) -> None:
    assert set(completed(text)) == offered


def test_a_branch_may_begin_with_a_label() -> None:
    assert "@a" in completed("relu as a\nconcat { identity | ‸ }")
    assert "@a" not in completed("relu as a\nrelu -> ‸")


def test_files_beside_are_offered_to_include(tmp_path: Path) -> None:
    for name in ("blocks.net", "notes.txt", "my.net"):
        (tmp_path / name).touch()
    assert set(completed('include: "‸', tmp_path / "my.net")) == {"blocks.net"}


def test_an_option_says_what_it_takes_and_its_default() -> None:
    found = complete(*marked("conv 8 3x3 p‸"))
    pad = next(item for item in found.items if item.label == "pad=")
    assert "same, valid" in pad.detail
    assert "default 0" in pad.detail
    assert (found.line, found.start, found.end, pad.text) == (1, 12, 13, "pad=")


@pytest.mark.parametrize(
    ("text", "label", "template"),
    [
        ("‸", "conv", "conv [8] [3x3]"),
        ("‸", "relu", ""),
        ("‸", "concat", "concat { [] | [] }"),
        ("‸", "residual", "residual { [] }"),
        ("‸", "def", "def [name] = []"),
        ("dense 10 init=‸", "normal", "normal([std])"),
        (f"{BLOCK}‸", "f", "f [c]"),
        ("def g(a, b) = conv a b\n‸", "g", "g([a], [b])"),
        ("relu ‸", "as", "as [label]"),
    ],
)
def test_what_must_be_given_is_a_field_to_fill(text: str, label: str, template: str) -> None:
    item = completed(text)[label]
    assert item.text == label
    assert "".join(f"[{piece}]" if i % 2 else piece for i, piece in enumerate(item.template)) == template


@settings(deadline=None)
@given(chains, st.data())
def test_at_no_place_of_any_text_does_it_fail(chain: str, data: st.DataObject) -> None:
    text = whole(chain)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    left = text[:start] + text[end:]
    cut = data.draw(st.integers(0, len(left)))
    for item in completed(left[:cut] + CURSOR + left[cut:]).values():
        assert item.label
