"""The probabilities of the classes as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import percent
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["Bars"]

_BAR = 8  # cells that long names leave to the bar


class Bars(LineWidget):
    """One row a class: its name, a bar and percent; the most likely class and the true one are marked.

    Where there are more classes than rows it shows the likeliest, and the true one in any case.
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._probabilities: NDArray[np.float64] = np.zeros(0)
        self._names: tuple[str, ...] = ()
        self._truth = -1

    def show(self, probabilities: NDArray[np.float32], names: Sequence[str], truth: int) -> None:
        """Show probabilities (classes,), the names of the classes and the index of the true one (-1: unknown)."""
        self._probabilities = np.asarray(probabilities, dtype=np.float64).reshape(-1).copy()
        given = [displayable(name, self.terminal) for name in names]
        self._names = tuple(given[i] if i < len(given) else str(i) for i in range(len(self._probabilities)))
        self._truth = truth
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """One line a class."""
        shown = self._chosen(height)
        names = max((len(self._names[i]) for i in shown), default=0)
        names = min(names, max(width // 3, width - _BAR - 11)) if width >= 12 else 0
        return [self._row(i, names, width) for i in shown]

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
        glyphs = self.terminal.glyphs
        predicted, true = index == self._predicted, index == self._truth
        value = self._probabilities[index]
        known = bool(np.isfinite(value))
        share = float(np.clip(value, 0, 1)) if known else 0.0
        said: Role = "text" if predicted else "dim"
        name = f" {truncated(self._names[index], names, self.terminal):<{names}} " if names else " "
        number = (percent(share) if known else glyphs.dash).rjust(7)
        parts: list[Part] = [
            (glyphs.pointer if predicted else " ", "accent"),
            (glyphs.truth if true else " ", "strong"),
            (name, said),
        ]
        room = width - 2 - len(name) - len(number)
        if room > 0:
            bar = self._bar(share, room)
            right: Role = "accent" if self._truth < 0 else "good" if true else "bad"
            parts += [(bar, right if predicted else "dim"), (glyphs.rail * (room - len(bar)), "faint")]
        return self.line([*parts, (number, said)], width)

    def _bar(self, share: float, room: int) -> str:
        """A bar over `share` of `room` cells, by eighths of a cell."""
        eighths = self.terminal.glyphs.eighths
        full, rest = divmod(round(share * room * 8), 8)
        return (eighths[-1] * full + (eighths[rest - 1] if rest else "")).rstrip()
