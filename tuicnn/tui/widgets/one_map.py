"""One feature map or kernel in full, with a cursor on one of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.pixels import NONE, averaged, enlarged
from tuicnn.display.raster import Raster
from tuicnn.display.scales import medians_as_zero
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import truncated
from tuicnn.display.tones import Tones
from tuicnn.numbers import short
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["OneMap"]

_LEFT = 2  # cells for the mark of the cursor's row


class OneMap(LineWidget):
    """The value at the cursor, the scale, a mark above the cursor's column, and the map with one before its row."""

    class Moved(Message):
        """A pixel was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._map: NDArray[np.float32] | None = None
        self._drawn: NDArray[np.float32] | None = None
        self._median = False
        self._address = ""
        self._cursor = (0, 0)
        self._tones = Tones()
        self._pixels = (1.0, 1.0)  # drawn pixels for each one of the map, down and across
        self._raster = Raster(terminal)

    def show(self, values: NDArray[np.float32], cursor: tuple[int, int], address: str, *, median: bool = False) -> None:
        """Show a map (H, W) with the cursor on (row, column), which has that address."""
        if self._map is None or values.shape != self._map.shape:
            self._tones.forget()
        signed = bool((values < 0).any())
        self._map, self._cursor, self._address, self._median = values, cursor, address, median and signed
        self._drawn = medians_as_zero(values[None])[0] if self._median else values
        self._tones.fit(self._drawn)
        self.repaint()

    def on_click(self, event: Click) -> None:
        """A click moves the cursor."""
        if self._map is None:
            return
        across, down = (event.x - _LEFT) // self._raster.columns, (event.y - 3) * self._raster.rows
        row, column = int(down / self._pixels[0]), int(across / self._pixels[1])
        if event.x >= _LEFT and event.y >= 3 and row < self._map.shape[0] and column < self._map.shape[1]:
            self.post_message(self.Moved(row, column))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines."""
        if self._map is None or self._drawn is None or height < 1:
            return []
        row, column = self._cursor
        value = float(self._map[row, column])
        said = truncated(self._address, width - 13, self.terminal)
        lines = [self.line([(said, "strong"), (f" = {short(value)}", "text" if np.isfinite(value) else "bad")], width)]
        lines.append(fitted(self._scale(width), width, self.base))
        room = (width - _LEFT, height - 3)
        if min(room) < 1 or room[0] < Raster(self.terminal).columns:
            return lines
        return [*lines, *self._grid(self._drawn, *room, width)]

    def _scale(self, width: int) -> list[Segment]:
        for median in (self._median, False):
            scale = self._tones.legend(self.terminal, self.base, self.style("dim"), median=median)
            if sum(len(part.text) for part in scale) <= width:
                return scale
        return []

    def _grid(self, values: NDArray[np.float32], columns: int, rows: int, width: int) -> list[Strip]:
        high, wide = values.shape
        self._raster = raster = Raster(self.terminal, compact=2 * wide > columns or high > rows)
        times = min(columns // (wide * raster.columns), rows * raster.rows // high)
        if times >= 1:
            pixels = enlarged(values, times).astype(np.float64)
        else:
            share = min(columns / (wide * raster.columns), rows * raster.rows / high)
            pixels = averaged(values, max(1, int(high * share)), max(1, int(wide * share)))
        self._pixels = down, across = len(pixels) / high, pixels.shape[1] / wide
        if raster.averages:
            pixels = averaged(pixels, -(-len(pixels) // 2), pixels.shape[1])
        codes = self._tones.codes(pixels, "map", self.terminal)
        codes = np.pad(codes, ((0, -len(codes) % raster.step), (0, 0)), constant_values=NONE)
        shrink = 2 if raster.averages else 1
        top, bottom = (int(n * down) // shrink for n in (self._cursor[0], self._cursor[0] + 1))
        left, right = (int(n * across) for n in (self._cursor[1], self._cursor[1] + 1))
        bottom, right = max(bottom, top + 1), max(right, left + 1)
        cursor, base, ink = self._tones.palette(self.terminal).cursor, self.base, self.style("text")
        pointer = self.terminal.glyphs.pointer
        over = " " * (_LEFT + (left + right - 1) // 2 * raster.columns) + "v"
        lines = [self.line([(over, "accent")], width)]
        for y in range(0, len(codes), raster.step):
            line = codes[y : y + raster.step]
            here = y < bottom and y + raster.step > top
            mark = (slice(max(0, top - y), bottom - y), slice(left, right))
            drawn = raster.marked(line, mark, cursor, base, ink) if here else raster.line(line, base, ink)
            lines.append(fitted([Segment(f"{pointer if here else ' '} ", self.style("accent")), *drawn], width, base))
        return lines
