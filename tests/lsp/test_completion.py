"""What is offered at each place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from tests.language.programs import chains, whole
from tests.lsp.marked import CURSOR, completed
from tuicnn.language import check
from tuicnn.vocabulary import vocabulary

SETTINGS = {"data:", "input:", "augment:", "loss:", "optim:", "schedule:", "train:", "default:", "include:"}
CONV = {"stride=", "pad=", "dilation=", "groups=", "bias=", "init="}
BLOCK = "w = 4\ndef f(c, k=3) = conv c k\n"


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
        ("data: ‸", {"mnist", "fashion-mnist", "cifar10", "folder", "npz", "idx"}),
        ("data: fash‸", {"mnist", "fashion-mnist", "cifar10", "folder", "npz", "idx"}),
        ("optim: sgd lr=0.1 ‸", {"momentum=", "nesterov=", "decay="}),
        ("optim: sgd nesterov=‸", {"true", "false"}),
        ("train: ‸", {"epochs=", "batch=", "seed=", "checkpoint="}),
        ("augment: shift=4 flip=‸", {"none", "horizontal", "vertical", "both"}),
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
    pad = completed("conv 8 3x3 p‸")["pad="]
    assert pad.detail is not None
    assert "same, valid" in pad.detail
    assert "default 0" in pad.detail
    assert pad.text_edit == types.TextEdit(types.Range(types.Position(0, 11), types.Position(0, 12)), "pad=")


def test_what_must_be_given_is_a_field_to_fill() -> None:
    def inserted(text: str, label: str, *, snippets: bool = True) -> str:
        edit = completed(text, snippets=snippets)[label].text_edit
        assert isinstance(edit, types.TextEdit)
        return edit.new_text

    assert inserted("‸", "conv") == "conv ${1:8} ${2:3x3}"
    assert inserted("‸", "relu") == "relu"
    assert inserted("‸", "concat") == "concat { $1 | $2 }"
    assert inserted("‸", "residual") == "residual { $1 }"
    assert inserted("dense 10 init=‸", "normal") == "normal(${1:std})"
    assert inserted(f"{BLOCK}‸", "f") == "f ${1:c}"
    assert inserted("‸", "conv", snippets=False) == "conv"


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
