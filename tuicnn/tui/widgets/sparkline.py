"""A row of numbers as one line of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import significant
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["Sparkline", "bucketed"]

_NARROWEST = 4  # with fewer columns than this for its blocks, the label makes way


class Sparkline(LineWidget):
    """One line: a label, the values as blocks between their lowest and highest (the newest right), the last value."""

    DEFAULT_CSS = "Sparkline { height: 1; }"

    def __init__(
        self,
        terminal: TerminalProfile,
        label: str = "",
        form: Callable[[float], str] = significant,
        *,
        role: Role = "accent",
        id: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id)
        self._label = label
        self._form = form
        self._role: Role = role
        self._values: NDArray[np.float64] = np.zeros(0)
        self._number: float | None = None

    def show(self, values: ArrayLike, number: float | None = None) -> None:
        """Show values, the oldest first; what is not finite leaves a gap. `number` stands in the last one's place."""
        self._values, self._number = np.array(values, dtype=np.float64).reshape(-1), number
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line."""
        known = self._values[np.isfinite(self._values)]
        label = self._label + " " if self._label else ""
        number = self._number if self._number is not None else float(known[-1]) if known.size else math.nan
        last = " " + (self.terminal.glyphs.dash if math.isnan(number) else self._form(number))
        room = width - len(label) - len(last)
        if room < _NARROWEST:
            room, label = room + len(label), ""
        blocks = self._blocks(max(0, room)) if room >= _NARROWEST else ""
        return [self.line([(label, "dim"), (blocks, self._role), (last if blocks else last.lstrip(), "text")], width)]

    def _blocks(self, columns: int) -> str:
        """The values in `columns` characters, filled up with blanks from the left."""
        values = bucketed(self._values, columns)
        known = np.isfinite(values)
        if not known.any():
            return " " * columns
        levels = self.terminal.glyphs.levels
        low, high = values[known].min(), values[known].max()
        # halved, so that the span of the largest numbers is still one
        share = (values / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else np.full(len(values), 0.5)
        places = np.where(known, share, 0) * (len(levels) - 1)
        return "".join(
            levels[int(place)] if there else " " for place, there in zip(np.rint(places), known, strict=True)
        ).rjust(columns)


def bucketed(values: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """At most `columns` means of as many values each; what is not finite is left out, NaN where nothing is left.

    The values are counted from the first, and how many go into a mean grows by a quarter at a time: in between, what
    was drawn once stays as it is while more values come.
    """
    size = 1
    while -(-len(values) // size) > columns > 0:
        size += max(1, size // 4)
    if columns <= 0 or not len(values):
        return np.zeros(0)
    known = np.isfinite(values)
    starts = np.arange(0, len(values), size)
    counts = np.add.reduceat(known.astype(np.float64), starts)
    # divided first, so that the sum of large numbers does not overflow
    sums = np.add.reduceat(np.where(known, values, 0) / size, starts)
    means: NDArray[np.float64] = np.divide(sums, counts / size, out=np.full(len(starts), np.nan), where=counts > 0)
    return means
