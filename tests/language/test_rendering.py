"""The frame around a problem."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from tuicnn.language import check, render, render_plain

TEXT = "def down(c) = add {\n\tconv c 2x2 stride=2\n\t| conv c 1x1\n} -> relu\ndown 32 -> flatten -> dense 10"


def test_the_frame_is_drawn_in_unicode_or_ascii() -> None:
    problems = check(TEXT, name="nets/a.net").diagnostics
    assert render_plain(problems) == (
        "error[shape]: the branches of `add` do not match\n"
        "  nets/a.net:3:4\n"
        "3 │     | conv c 1x1\n"
        "  │       ^^^^^^^^^^ gives 32x28x28, but branch 1 gives 32x14x14\n"
        "  = in `down 32`, used on line 5\n"
        "help: halve this branch too: write `conv c 1x1 stride=2`"
    )
    assert render_plain(problems, ascii=True) == render_plain(problems).replace("│", "|")


@pytest.mark.parametrize("mark", "–—−“”‘’")
def test_in_ascii_a_wrong_mark_is_told_from_the_one_to_write(mark: str) -> None:
    shown = render_plain(check(f"relu {mark}> flatten {mark} dense 10").diagnostics, ascii=True)
    assert shown.isascii()
    assert f"\\u{ord(mark):04x}" in shown
    for told, help in re.findall(r"error\[syntax\]: `([^`]*)` (?:[^\n]*\n)*?help: write `([^`]*)`", shown):
        assert told != help


def test_carets_stand_under_wide_characters_and_behind_them() -> None:
    lines = render_plain(check("日本 -> dese 3").diagnostics[:2]).split("\n")
    source, carets = lines[2], lines[3]
    assert cell_len(carets.rstrip()) == cell_len(source[: source.index("本") + 1])
    second = [line for line in lines if "^" in line][1]
    assert second.index("^") == cell_len(source[: source.index("dese")])


def test_a_long_line_is_cut_around_its_problem() -> None:
    text = "relu -> " * 60 + "covn 8" + " -> relu" * 60
    for line in render_plain(check(text).diagnostics, width=60).split("\n"):
        assert cell_len(line) <= 60
    shown = render_plain(check(text).diagnostics, width=60).split("\n")
    at = shown[3].index("^^^^")
    assert shown[2][at : at + 4] == "covn"


def test_long_sentences_are_folded() -> None:
    shown = render_plain(check("abcxyz").diagnostics, width=50)
    assert all(len(line) <= 54 for line in shown.split("\n"))


def test_nothing_in_a_text_steers_the_terminal() -> None:
    shown = render_plain(check('x\x1b[31m = "\x1b]0;a\x07"\ndata: folder "\x1b[2J"\nflatten -> dense 10').diagnostics)
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_errors_and_warnings_have_their_styles() -> None:
    text = render(check("conv 8 3x3 stride=2 -> covn").diagnostics)
    styles = {str(span.style) for span in text.spans}
    assert {"bold red", "bold yellow"} <= styles
    assert text.plain == render_plain(check("conv 8 3x3 stride=2 -> covn").diagnostics)
