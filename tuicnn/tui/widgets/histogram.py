"""How numbers are spread around zero, as bars standing up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.numbers import significant
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["Histogram"]


class Histogram(LineWidget):
    """A title, the shares of the bins as bars, and how far they reach to both sides of zero."""

    def __init__(self, terminal: TerminalProfile, title: str, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._title, self._why = title, ""
        self._shares: NDArray[np.float32] = np.empty(0, np.float32)
        self._reach = math.nan

    def show(self, shares: NDArray[np.float32], reach: float, why: str = "") -> None:
        """Show the shares (n,) of bins from -`reach` to +`reach`; where there are none, `why`."""
        if shares is self._shares and why == self._why:
            return
        self._shares, self._reach, self._why = shares, reach, why
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines."""
        title = self.line([(self._title, "strong"), (f"  {self._why}", "dim")], width)
        columns = self._columns(width)
        if height < 4 or not len(columns) or not columns.max() > 0:
            return [title]
        rows, levels = height - 2, self.terminal.glyphs.levels
        heights = np.ceil(columns / columns.max() * rows * len(levels)).astype(np.int64)
        strips = [title]
        for row in range(rows):
            above = np.clip(heights - (rows - 1 - row) * len(levels), 0, len(levels))
            strips.append(self.line([("".join(" " if a == 0 else levels[a - 1] for a in above), "dim")], width))
        edge = significant(self._reach)
        half = len(columns) // 2
        axis = f"-{edge}".ljust(half) + "0"
        strips.append(self.line([(axis + edge.rjust(len(columns) - len(axis)), "dim")], width))
        return strips

    def _columns(self, width: int) -> NDArray[np.float64]:
        """The shares in as many columns as fit, an even number of them."""
        bins = len(self._shares)
        if not bins or width < 8:
            return np.zeros(0)
        together = 1
        while bins // together > width:
            together *= 2
        shares = self._shares.astype(np.float64)
        sums: NDArray[np.float64] = shares[: bins // together * together].reshape(-1, together).sum(axis=1)
        return sums
