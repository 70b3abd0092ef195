"""Draws a widget without a terminal, and reads the cells as a person would."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import settings
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["TERMINALS", "colours", "drawn", "odd_numbers", "pixels", "sizes", "terminals", "unhurried"]

TERMINALS = (
    TerminalProfile(),
    TerminalProfile(colours="truecolor"),
    TerminalProfile(light=True),
    TerminalProfile(colours="16", console=True),
    TerminalProfile(colours="16", light=True),
    TerminalProfile(colours="none"),
    TerminalProfile(ascii=True),
    TerminalProfile(ascii=True, colours="none"),
)

terminals = st.sampled_from(TERMINALS)
sizes = st.tuples(st.integers(0, 70), st.integers(0, 20))
odd_numbers = st.one_of(
    st.floats(-10, 10), st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 3e38, 1e-30])
)
unhurried = settings(deadline=None, max_examples=60)


def strips(widget: LineWidget, width: int, height: int) -> list[Strip]:
    """The lines of a widget of that size; what holds for every widget on every terminal is asserted on the way."""
    found = widget.painted(width, height)
    assert len(found) == height
    for strip in found:
        assert cell_len(strip.text) == strip.cell_length == width
        for text, style, _ in strip:
            assert style is not None
            assert not widget.terminal.ascii or text.isascii()
            assert widget.terminal.colours != "none" or (style.color is None and style.bgcolor is None)
    return found


def cells(widget: LineWidget, width: int, height: int) -> list[list[tuple[str, Style]]]:
    """Each character of a widget's lines, with its style."""
    return [
        [(character, style or Style()) for text, style, _ in strip for character in text]
        for strip in strips(widget, width, height)
    ]


def drawn(widget: LineWidget, width: int, height: int) -> list[str]:
    """The lines of a widget as texts."""
    return [strip.text for strip in strips(widget, width, height)]


def colours(widget: LineWidget, width: int, height: int) -> NDArray[Any]:
    """The pixels (2 height, width) of half blocks: numbers of the palette, true colours as texts; None for text."""
    pixels = np.full((2 * height, width), None, dtype=object)
    for y, row in enumerate(cells(widget, width, height)):
        for x, (character, style) in enumerate(row):
            front, back = (c and (c.number if c.number is not None else c.name) for c in (style.color, style.bgcolor))
            if character in " ▀▄█":
                pixels[2 * y, x] = front if character in "▀█" else back
                pixels[2 * y + 1, x] = front if character in "▄█" else back
    return pixels


def pixels(widget: LineWidget, width: int, height: int) -> NDArray[Any]:
    """What stands in each pixel on the widget's terminal: a colour (None: the ground) or a character, from the top."""
    if widget.terminal.half_blocks:
        return colours(widget, width, height)
    found = np.full((height, width), None, dtype=object)
    for y, row in enumerate(cells(widget, width, height)):
        for x, (character, style) in enumerate(row):
            if widget.terminal.colours != "none" and character == " ":
                found[y, x] = style.bgcolor.number if style.bgcolor else None
            elif character != " ":
                found[y, x] = character
    return found
