"""Fits text of any origin (names, messages, paths) into lines of single-width characters."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len

from tuicnn.display.terminal import TerminalProfile

__all__ = ["displayable", "in_glyphs", "truncated", "wrapped"]


def displayable(text: str, terminal: TerminalProfile) -> str:
    """The text in one line, with `?` for control characters, wide ones and what the terminal cannot show.

    So a name never moves a column, and never reaches the terminal as an escape sequence.
    """
    if text.isascii() and text.isprintable():
        return text
    known = (" " if c in "\n\t" else c if _fits(c, terminal) else "?" for c in text)
    return "".join(known)


def in_glyphs(text: str, terminal: TerminalProfile) -> str:
    """A text of ours, with the terminal's own characters for the arrow, the dot and the ellipsis in it."""
    glyphs = terminal.glyphs
    return text.replace("→", glyphs.arrow).replace("·", glyphs.dot).replace("…", glyphs.ellipsis)


def truncated(text: str, width: int, terminal: TerminalProfile) -> str:
    """The text in at most `width` cells; it ends in an ellipsis where there is more of it."""
    more, width = terminal.glyphs.ellipsis, max(0, width)
    return text if len(text) <= width else text[: max(0, width - len(more))] + more[:width]


def wrapped(text: str, width: int, lines: int, terminal: TerminalProfile) -> list[str]:
    """The text broken at spaces into at most so many lines; the last one ends in an ellipsis where it must be cut."""
    more = terminal.glyphs.ellipsis
    return textwrap.wrap(displayable(text, terminal), max(width, len(more) + 1), max_lines=lines, placeholder=more) or [
        ""
    ]


def _fits(character: str, terminal: TerminalProfile) -> bool:
    return character.isprintable() and cell_len(character) == 1 and (character.isascii() or not terminal.ascii)
