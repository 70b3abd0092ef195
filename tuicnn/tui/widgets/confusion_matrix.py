"""Which classes are taken for which: what the images are down the side, what was said of them across."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import truncated
from tuicnn.numbers import percent
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["ConfusionMatrix"]

MOST_CLASSES = 15
SAID = 6  # cells at the side, for the word above the names
LONGEST_NAME = 14  # cells of a name at the side
WIDEST = 13  # cells of a column
RIGHT = 7  # cells of the share that is right, with the gap before it


class ConfusionMatrix(LineWidget):
    """A row a class, under a head; one cell is chosen. Zeros are dots, so that what is not zero is seen."""

    class Chosen(Message):
        """A cell was clicked."""

        def __init__(self, label: int, said: int) -> None:
            super().__init__()
            self.label, self.said = label, said

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._names: Sequence[str] = ()
        self._right: NDArray[np.float64] = np.zeros(0)
        self._cell: tuple[int | None, int | None] = (None, None)
        self._focused = False

    @staticmethod
    def size_for(counts: NDArray[np.int64], names: Sequence[str]) -> tuple[int, int, int]:
        """The columns that it takes at least, those that it can use, and its rows.

        For more than `MOST_CLASSES` classes it is too large.
        """
        side, classes = _side(names) + RIGHT, len(names)
        return side + classes * _least(counts), side + classes * max(_least(counts), _named(names)), classes + 1

    def show(
        self,
        counts: NDArray[np.int64],
        names: Sequence[str],
        right: NDArray[np.float64],
        cell: tuple[int | None, int | None],
        *,
        focused: bool,
    ) -> None:
        """Show counts (classes, classes), the share of each class that is right (classes,), and the chosen cell.

        It stands out where the arrows move it (`focused`).
        """
        self._counts, self._names, self._right = counts, names, right
        self._cell, self._focused = cell, focused
        self.repaint()

    def _columns(self, width: int) -> tuple[int, int]:
        """The cells at the side, and of a column: wide enough for the names where there is room."""
        side, classes = _side(self._names), max(1, len(self._names))
        room = (width - side - RIGHT) // classes
        return side, max(_least(self._counts), min(_named(self._names), room))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The head and the classes."""
        side, column = self._columns(width)
        names = "".join(truncated(name, column - 1, self.terminal).rjust(column) for name in self._names)
        strips = [self.line([("said".ljust(side) + names + "right".rjust(RIGHT), "dim")], width)]
        return [*strips, *(self._row(label, side, column, width) for label in range(len(self._names)))]

    def _row(self, label: int, side: int, column: int, width: int) -> Strip:
        largest = max(1, int((self._counts - np.diag(np.diag(self._counts))).max()))
        chosen = self._cell[0] == label
        name = truncated(self._names[label], side - 2, self.terminal).ljust(side)
        segments = [Segment(name, self.style("strong" if chosen else "text"))]
        for said, number in enumerate(self._counts[label].tolist()):
            text = (f"{number}" if number else "." if label != said else "0").rjust(column)
            role: Role = "good" if label == said else "faint" if not number else "text"
            style = self.style("bad" if label != said and 3 * number >= largest else role)
            if (label, said) == self._cell:
                mark = Style(bold=True, reverse=True) if self._focused else Style(bold=True, underline=True)
                segments += [Segment(text[0], self.base), Segment(text[1:], style + mark)]
            else:
                segments.append(Segment(text, style))
        dash = self.terminal.glyphs.dash
        segments.append(Segment(percent(float(self._right[label]), 1, dash).rjust(RIGHT), self.style("text")))
        return fitted(segments, width, self.base)

    def on_click(self, event: Click) -> None:
        """A click on a cell chooses it."""
        side, column = self._columns(self.content_size.width)
        label, said = event.y - 1, (event.x - side) // column
        if 0 <= label < len(self._names) and event.x >= side and said < len(self._names):
            self.post_message(self.Chosen(label, said))


def _side(names: Sequence[str]) -> int:
    return max(SAID, min(LONGEST_NAME, max(map(len, names), default=0)) + 2)


def _named(names: Sequence[str]) -> int:
    return min(max(4, max(map(len, names), default=0) + 2), WIDEST)


def _least(counts: NDArray[np.int64]) -> int:
    return max(3, len(str(int(counts.max(initial=0)))) + 1)
