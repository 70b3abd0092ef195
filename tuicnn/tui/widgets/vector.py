"""The values of a layer without maps: a dense layer's, or maps of one pixel each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.events import Click
from textual.strip import Strip

from tuicnn.display.raster import Raster
from tuicnn.display.signed_bar import signed_bar
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.display.tones import Tones
from tuicnn.numbers import short
from tuicnn.tui.widgets.lines import LineWidget, fitted
from tuicnn.tui.widgets.maps import Maps

__all__ = ["Vector"]

_GROUP = 8  # values beside each other are a multiple of this


class Vector(LineWidget):
    """A bar a value where they fit, else cells of colour in a grid, below a legend; one value is chosen."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._values: NDArray[np.float32] | None = None
        self._names: tuple[str, ...] = ()
        self._chosen = 0
        self._tones = Tones()
        self.across = 1  # values beside each other, as drawn last
        self._indent = 0
        self._first = 0

    def show(self, values: NDArray[np.float32] | None, *, chosen: int = 0, names: Sequence[str] = ()) -> None:
        """Show values (V,), which may have names; `None` for none."""
        if values is None or self._values is None or values.shape != self._values.shape:
            self._tones.forget()
        self._names = tuple(displayable(name, self.terminal) for name in names)
        self._values, self._chosen = values, chosen
        if values is not None:
            self._tones.fit(values)
        self.repaint()

    @property
    def page(self) -> int:
        """How many values one goes by at a time."""
        return 8 * self.across

    def on_click(self, event: Click) -> None:
        """A click chooses a value."""
        column = (event.x - self._indent) // 2 if self.across > 1 else 0
        index = self._first + (event.y - 1) * self.across + column
        if event.y >= 1 and 0 <= column < self.across and self._values is not None and index < len(self._values):
            self.post_message(Maps.Chosen(index))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The legend, and below it the values."""
        values = self._values
        if height < 1:
            return []
        if values is None or not values.size:
            return [self.line([("nothing to show yet", "dim")], width)]
        rows = max(1, height - 1)
        bars = len(values) <= rows and width >= len(str(len(values))) + 18
        lines = self._bars(values, width) if bars else self._grid(values, width, rows)
        return [self._legend(values, width, bars), *lines] if height > 1 else lines

    def _bars(self, values: NDArray[np.float32], width: int) -> list[Strip]:
        self.across, self._indent, self._first = 1, 0, 0
        known = len(self._names) == len(values)
        labels = self._names if known else tuple(map(str, range(len(values))))
        room = min(max(map(len, labels)), max(len(str(len(values))), width // 3))
        scale = (self._tones.scale.start, self._tones.scale.end)
        lines = []
        for i, value in enumerate(values):
            label = labels[i][:room]
            chosen = i == self._chosen
            head = (
                f"{self.terminal.glyphs.pointer if chosen else ' '}{label.ljust(room) if known else label.rjust(room)} "
            )
            bar = signed_bar(float(value), scale, width - room - 2, self.terminal.glyphs, self.style)
            lines.append(fitted([Segment(head, self.style("accent" if chosen else "dim")), *bar], width, self.base))
        return lines

    def _grid(self, values: NDArray[np.float32], width: int, rows: int) -> list[Strip]:
        digits = len(str(len(values) - 1))
        room = (width - digits - 1) // 2
        self.across = across = max(1, room - room % _GROUP if room >= _GROUP else room)
        self._indent = digits + 1
        shown = across * rows
        last = -(-len(values) // across) * across
        # as many whole rows as fit, with the chosen value among them
        self._first = first = max(0, min(self._chosen - self._chosen % across - (rows // 2) * across, last - shown))
        codes = self._tones.codes(values.astype(np.float64), "values", self.terminal)
        raster, base, ink = Raster(self.terminal), self.base, self.style("text")
        cells, cursor = 2 // raster.columns, self._tones.palette(self.terminal).cursor
        lines = []
        for start in range(first, min(len(values), first + shown), across):
            row = np.repeat(codes[start : start + across], cells)[None].repeat(raster.step, axis=0)
            at = (self._chosen - start) * cells
            mark = (slice(None), slice(at, at + cells))
            here = 0 <= self._chosen - start < across
            line = raster.marked(row, mark, cursor, base, ink) if here else raster.line(row, base, ink)
            lines.append(fitted([Segment(str(start).rjust(digits) + " ", self.style("dim")), *line], width, base))
        return lines

    def _legend(self, values: NDArray[np.float32], width: int, bars: bool) -> Strip:
        dim = self.style("dim")
        bad = int((~np.isfinite(values)).sum())
        parts = [] if bars else [*self._tones.legend(self.terminal, self.base, dim), Segment("  ", dim)]
        parts.append(Segment(f"{bad} not finite  " if bad else "", self.style("bad")))
        chosen = f"[{self._chosen}] = {short(float(values[self._chosen]))}  " if self._chosen < len(values) else ""
        return fitted(
            [*parts, Segment(chosen, self.style("text")), Segment(f"{len(values)} values", dim)], width, self.base
        )
