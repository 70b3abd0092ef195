"""A square to draw on, with the mouse or with a pen that keys move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual.events import MouseDown, MouseMove, MouseUp
from textual.message import Message
from textual.strip import Strip

from tuicnn.data.handwriting import drawn
from tuicnn.display.images import image_codes
from tuicnn.display.palettes import palette
from tuicnn.display.raster import Raster
from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Drawing"]

_PEN = 0.08  # of the side that a line is wide
_STEP = 0.05  # of the side that a key moves the pen

Point = tuple[float, float]  # x and y as shares of the side


class Drawing(LineWidget):
    """Strokes in a frame; `Changed` tells that there are others."""

    class Changed(Message):
        """Something was drawn or undone."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self.strokes: list[list[Point]] = []
        self.pen: Point = (0.5, 0.25)
        self.down = False  # whether the pen draws where keys move it
        self._mouse = False  # whether the mouse draws
        self._side = 0  # pixels, as drawn last
        self._ink: NDArray[np.float64] = np.zeros((0, 0))
        self._inked: list[list[Point]] | None = None  # the strokes that `_ink` has

    # -- drawing

    def move(self, right: int, down: int) -> None:
        """Move the pen by steps, and draw where it is down."""
        x, y = self.pen
        self.pen = (min(1.0, max(0.0, x + right * _STEP)), min(1.0, max(0.0, y + down * _STEP)))
        if self.down:
            self._draw_to(self.pen)
        self.repaint()

    def press(self) -> None:
        """Put the pen down, where it draws a dot, or lift it."""
        self.down = not self.down
        if self.down:
            self._begin(self.pen)
        self.repaint()

    def undo(self) -> None:
        """Take the last stroke away."""
        self.down = False
        if self.strokes:
            self.strokes.pop()
            self._changed()

    def clear(self) -> None:
        """Take all strokes away."""
        self.down = False
        self.strokes.clear()
        self._changed()

    def _begin(self, point: Point) -> None:
        self.strokes.append([point])
        self._changed()

    def _draw_to(self, point: Point) -> None:
        if point != self.strokes[-1][-1]:
            self.strokes[-1].append(point)
            self._changed()

    def _changed(self) -> None:
        self.post_message(self.Changed())
        self.repaint()

    def on_mouse_down(self, event: MouseDown) -> None:
        """A stroke begins."""
        self._mouse, self.down = True, False
        self.capture_mouse()
        self.pen = self._point(event.x, event.y)
        self._begin(self.pen)

    def on_mouse_move(self, event: MouseMove) -> None:
        """A stroke goes on."""
        if self._mouse:
            self.pen = self._point(event.x, event.y)
            self._draw_to(self.pen)

    def on_mouse_up(self, _: MouseUp) -> None:
        """A stroke ends."""
        self._mouse = False
        self.release_mouse()
        self.repaint()

    def _point(self, x: int, y: int) -> Point:
        """The middle of a cell of the widget."""
        raster, side = Raster(self.terminal), max(1, self._side)
        across, down = (x - 0.5) / raster.columns / side, (y - 0.5) * raster.rows / side
        return min(1.0, max(0.0, across)), min(1.0, max(0.0, down))

    # -- what is seen

    def paint(self, width: int, height: int) -> list[Strip]:
        """The frame and what is drawn in it; the pen as one pixel, in another colour while it is down."""
        raster, glyphs = Raster(self.terminal), self.terminal.glyphs
        self._side = side = min((width - 2) // raster.columns, (height - 2) * raster.rows)
        side -= side % raster.rows
        self._side = side
        if side < 1:
            return []
        image = np.rint(self._inked_pixels(side) * 255).astype(np.uint8)[:, :, None]
        codes = image_codes(image, side, side, raster)
        frame, ink, base = self.style("accent" if self.down else "dim"), self.style("text"), self.base
        rule = glyphs.horizontal * (side * raster.columns)
        lines = [fitted([Segment(glyphs.top_left + rule + glyphs.top_right, frame)], width, base)]
        column, row = (min(side - 1, int(share * side)) for share in self.pen)
        found = palette(self.terminal, True)
        cursor = found.cursor if self.down or self._mouse else int(found.codes[-2])
        edge = Segment(glyphs.vertical, frame)
        for y in range(0, side, raster.step):
            line = codes[y : y + raster.step]
            mark = (slice(max(0, row - y), row - y + 1), slice(column, column + 1))
            here = y <= row < y + raster.step
            cells = raster.marked(line, mark, cursor, base, ink) if here else raster.line(line, base, ink)
            lines.append(fitted([edge, *cells, edge], width, base))
        return [*lines, fitted([Segment(glyphs.bottom_left + rule + glyphs.bottom_right, frame)], width, base)]

    def _inked_pixels(self, side: int) -> NDArray[np.float64]:
        """The ink (side, side) of 0 to 1; of one stroke that has grown, only what is new is drawn."""
        before, now = self._inked, self.strokes
        known = before is not None and len(self._ink) == side and len(before) <= len(now)
        same = known and all(a == b[: len(a)] for a, b in zip(before or (), now, strict=False))
        if not same:
            before, self._ink = [], np.zeros((side, side))
        assert before is not None
        starts = [max(0, len(a) - 1) for a in before] + [0] * (len(now) - len(before))
        grown = [
            [(side * x, side * y) for x, y in stroke[start:]]
            for stroke, start, length in zip(
                now, starts, [*map(len, before), *[0] * (len(now) - len(before))], strict=True
            )
            if len(stroke) > length
        ]
        if grown:
            np.maximum(self._ink, drawn(grown, side, side, max(1.0, _PEN * side)), out=self._ink)
        self._inked = [list(stroke) for stroke in now]
        return self._ink
