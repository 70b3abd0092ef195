"""Every message, whole, as a person reads it. The texts and what is said of them stand in messages.txt."""

from __future__ import annotations

import pytest

from tuicnn.language import check, render_plain

from .following import cases

CASES = cases("messages.txt")


@pytest.mark.parametrize(("text", "told"), CASES)
def test_what_is_told(text: str, told: str) -> None:
    assert render_plain(check(text).diagnostics, ascii=True) == told


def test_the_same_in_unicode() -> None:
    """With other lines around it, and the characters that were written."""
    assert render_plain(check("conv 8 3x3 –> relu -> flatten -> dense 10").diagnostics) == (
        "error[syntax]: `–>` is not an arrow\n"
        "  net:1:12\n"
        "1 │ conv 8 3x3 –> relu -> flatten -> dense 10\n"
        "  │            ^^\n"
        "help: write `->`"
    )
