"""Where the characters of a line stand on the screen: tabs, wide characters and those that a terminal cannot show."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.editor.buffer import INDENT

__all__ = ["cells", "column_at"]


def cells(line: str, terminal: TerminalProfile) -> tuple[Sequence[str], Sequence[int]]:
    """What is shown for each character of a line, and the cell in which each begins, with that behind the last one."""
    if line.isascii() and line.isprintable():
        return line, range(len(line) + 1)
    shown, starts, at = [], [0], 0
    for character in line:
        width = cell_len(character) if character.isprintable() else 0
        if character == "\t":
            piece, width = " " * (INDENT - at % INDENT), INDENT - at % INDENT
        elif not width or not (character.isascii() or not terminal.ascii):
            piece, width = "?", 1
        else:
            piece = character
        shown.append(piece)
        at += width
        starts.append(at)
    return shown, starts


def column_at(starts: Sequence[int], cell: int) -> int:
    """The character of a line that covers a cell; behind the last one the end of the line."""
    return max((column for column, start in enumerate(starts) if start <= cell), default=0)
