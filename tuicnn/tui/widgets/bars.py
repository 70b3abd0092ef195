"""The probabilities of the classes as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from tuicnn.display import numbers
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Bars"]

_BAR = 8  # cells that long names leave to the bar


class Bars(LineWidget):
    """One row a class: its name, a bar and percent; the most likely class and the true one are marked.

    Where there are more classes than rows it shows the likeliest, and the true one in any case.
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(terminal, id=id, classes=classes)
        self._probabilities: NDArray[np.float64] = np.zeros(0)
        self._names: tuple[str, ...] = ()
        self._truth = -1

    def show(self, probabilities: NDArray[np.float32], names: Sequence[str], truth: int) -> None:
        """Show probabilities (classes,), the names of the classes and the index of the true one (-1: unknown)."""
        self._probabilities = np.asarray(probabilities, dtype=np.float64).reshape(-1).copy()
        given = [self.terminal.plain(name) for name in names]
        self._names = tuple(given[i] if i < len(given) else str(i) for i in range(len(self._probabilities)))
        self._truth = truth
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """All lines."""
        shown = self._chosen(height)
        names = max((cell_len(self._names[i]) for i in shown), default=0)
        names = min(names, max(width // 3, width - _BAR - 11)) if width >= 12 else 0
        lines = [self._row(i, names, width) for i in shown]
        return lines + [Strip.blank(width, self.base)] * (height - len(lines))

    def _chosen(self, rows: int) -> list[int]:
        """The classes to show: all in their order, or the likeliest first."""
        likely = np.nan_to_num(self._probabilities, nan=-1.0)
        if len(likely) <= rows:
            return list(range(len(likely)))
        order: list[int] = np.argsort(-likely, kind="stable")[:rows].tolist()
        if rows > 1 and 0 <= self._truth < len(likely) and self._truth not in order:
            order[-1] = self._truth
        return order

    @property
    def _predicted(self) -> int:
        known = np.nan_to_num(self._probabilities, nan=-1.0)
        return int(known.argmax()) if known.size and known.max() >= 0 else -1

    def _row(self, index: int, names: int, width: int) -> Strip:
        glyphs, style = self.terminal.glyphs, self.style
        predicted, true = index == self._predicted, index == self._truth
        value = self._probabilities[index]
        known = bool(np.isfinite(value))
        share = float(np.clip(value, 0, 1)) if known else 0.0
        name = self._names[index]
        if cell_len(name) > names > len(glyphs.ellipsis):
            name = set_cell_size(name, names - len(glyphs.ellipsis)) + glyphs.ellipsis
        segments = [
            Segment(glyphs.pointer if predicted else " ", style("accent")),
            Segment(glyphs.truth if true else " ", style("strong")),
            Segment(" " + set_cell_size(name, names) + " " if names else " ", style("text" if predicted else "dim")),
        ]
        percent = numbers.percent(share).rjust(7) if known else glyphs.dash.rjust(7)
        room = width - 2 - (names + 2 if names else 1) - len(percent)
        if room > 0:
            bar = self._bar(share, room)
            said: Role = "accent" if self._truth < 0 else "good" if true else "bad"
            segments += [
                Segment(bar, style(said if predicted else "dim")),
                Segment(glyphs.rail * (room - len(bar)), style("faint")),
            ]
        segments.append(Segment(percent, style("text" if predicted else "dim")))
        return fitted(segments, width, self.base)

    def _bar(self, share: float, room: int) -> str:
        """A bar over `share` of `room` cells, by eighths of a cell."""
        eighths = self.terminal.glyphs.eighths
        full, rest = divmod(round(share * room * 8), 8)
        return (eighths[-1] * full + (eighths[rest - 1] if rest else "")).rstrip()
