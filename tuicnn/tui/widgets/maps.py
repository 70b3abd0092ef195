"""The feature maps of a layer, or its kernels, as small pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.pixels import NONE, averaged, enlarged
from tuicnn.display.raster import Raster
from tuicnn.display.scales import medians_as_zero
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.tiles import Tiles, arranged
from tuicnn.display.tones import Tones
from tuicnn.tui.widgets.lines import LineWidget, fitted
from tuicnn.tui.widgets.pixel_lines import PixelLines

__all__ = ["Maps"]

Codes = NDArray[np.int64]


class Maps(LineWidget):
    """A grid of pictures on one common scale below a legend; one of them is chosen, and its page is in sight.

    The scale ends at round numbers that stay while the values move within them, so that little changes on the screen
    that did not change in the network.
    """

    class Chosen(Message):
        """A picture was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._maps: NDArray[np.float32] | None = None
        self._labels: Sequence[str] = ()
        self._what = "channels"
        self._chosen = 0
        self._median = False
        self._group = 1
        self._drawn: NDArray[np.float32] | None = None  # the maps, without their medians where these are zero
        self._tones = Tones()
        self._lines = PixelLines()
        self._tiles: Tiles | None = None  # as drawn last

    def show(
        self,
        maps: NDArray[np.float32] | None,
        *,
        chosen: int = 0,
        median: bool = False,
        labels: Sequence[str] = (),
        what: str = "channels",
        group: int = 1,
    ) -> None:
        """Show maps (C, H, W), `None` for none.

        `median`: take the median of each as zero, unless nothing is below zero. `labels`: names in the place of their
        numbers; `what` they are; `group`: how many belong together, and are to stand in one row.
        """
        before, asked = self._maps, (self._median, self._what)
        if maps is None or before is None or maps.shape != before.shape or what != self._what:
            self._tones.forget()
        self._labels, self._what, self._chosen, self._median, self._group = labels, what, chosen, median, group
        if maps is not before or asked != (median, what):
            self._maps = self._drawn = maps
            if maps is not None:
                self._drawn = medians_as_zero(maps) if median and self.signed else maps
                self._tones.fit(self._drawn)
        self.repaint()

    @property
    def signed(self) -> bool:
        """Whether anything is below zero."""
        return self._maps is not None and bool((self._maps < 0).any())

    @property
    def page(self) -> int:
        """How many pictures fit at a time."""
        return self._tiles.shown if self._tiles is not None else 1

    @property
    def across(self) -> int:
        """How many pictures stand beside each other."""
        return self._tiles.columns if self._tiles is not None else 1

    @property
    def on_screen(self) -> tuple[int, int]:
        """The pictures on the screen: from, to (excluded)."""
        count = 0 if self._maps is None else len(self._maps)
        first = self._chosen - self._chosen % self.page
        return first, min(count, first + self.page)

    def on_click(self, event: Click) -> None:
        """A click chooses a picture."""
        tiles, (first, last) = self._tiles, self.on_screen
        if tiles is None or event.y < 1:
            return
        column, row = event.x // tiles.pitch_columns, (event.y - 1) // tiles.pitch_rows
        index = first + row * tiles.columns + column
        if column < tiles.columns and first <= index < last:
            self.post_message(self.Chosen(index))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The legend, and below it the pictures."""
        if height < 1:
            return []
        maps = self._drawn
        if maps is None or not maps.size:
            return [self.line([("nothing to show yet", "dim")], width)]
        rows = max(1, height - 1)
        raster = Raster(self.terminal)
        self._tiles = arranged(*maps.shape, width, rows, raster, self._group)
        if not self.terminal.half_blocks and (self._tiles is None or self._tiles.height < maps.shape[1]):
            raster = Raster(self.terminal, compact=True)
            self._tiles = arranged(*maps.shape, width, rows, raster, self._group)
        lines = self._grid(maps, self._tiles, raster, width) if self._tiles is not None else []
        return [self._legend(width), *lines] if height > 1 else lines

    def _grid(self, maps: NDArray[np.float32], tiles: Tiles, raster: Raster, width: int) -> list[Strip]:
        first, last = self.on_screen
        codes = self._codes(maps[first:last], tiles, raster, first)
        ink = self.style("text")
        lines: list[Strip] = []
        for start in range(0, len(codes), tiles.columns):
            row = codes[start : start + tiles.columns]
            if tiles.labelled:
                lines.append(self._names(first + start, len(row), tiles, width))
            # the tiles of a row beside each other, with a gap after each: (pixel rows, tiles x (width + gap))
            flat = np.moveaxis(row, 0, 1)
            if raster.columns == 1:
                flat = np.pad(flat, ((0, -flat.shape[0] % raster.step), (0, 0), (0, 1)), constant_values=NONE)
                bands = flat.reshape(flat.shape[0], -1)
                for y in range(0, len(bands), raster.step):
                    band = bands[y : y + raster.step]
                    lines.append(self._lines.strip(len(lines), band, raster, width, self.base, ink))
            else:
                lines += [self._doubled(line, raster, width, ink) for line in flat]
        return lines

    def _doubled(self, line: Codes, raster: Raster, width: int, ink: Style) -> Strip:
        """A line of tiles (tiles, n) whose pixels are two cells wide, and the gaps between them one."""
        parts: list[Segment] = []
        for tile in line:
            parts += [*raster.line(tile[None], self.base, ink), Segment(" ", self.base)]
        return fitted(parts, width, self.base)

    def _codes(self, maps: NDArray[np.float32], tiles: Tiles, raster: Raster, first: int) -> Codes:
        """The codes of the pixels, (tiles, rows, columns) as `raster` takes them."""
        if raster.averages:
            pixels = averaged(enlarged(maps, tiles.times), -(-tiles.height // 2), tiles.width)
        elif tiles.height < maps.shape[1] or tiles.width < maps.shape[2]:
            pixels = averaged(maps, tiles.height, tiles.width)
        else:
            pixels = enlarged(maps, tiles.times).astype(np.float64)
        return self._tones.codes(pixels, (first, self._what), self.terminal)

    def _names(self, first: int, count: int, tiles: Tiles, width: int) -> Strip:
        """The names of the pictures, each above it, where they fit; the chosen one stands out."""
        names = [self._labels[i] if i < len(self._labels) else str(i) for i in range(first, first + count)]
        if max(map(len, names)) >= tiles.pitch_columns:
            names = [name if i == self._chosen else "" for i, name in enumerate(names, first)]
        parts: list[Segment] = []
        for index, name in enumerate(names, first):
            room = tiles.pitch_columns
            chosen = index == self._chosen
            pointer = self.terminal.glyphs.pointer if chosen and len(name) + 1 < room else ""
            text = (pointer + name)[: room - 1]
            parts.append(Segment(text.ljust(room), self.style("accent" if chosen else "dim")))
        return fitted(parts, width, self.base)

    def _legend(self, width: int) -> Strip:
        """The scale, how many pictures are in sight, and what is not finite."""
        assert self._maps is not None
        dim, terminal = self.style("dim"), self.terminal
        median = self._median and self.signed
        bad = int((~np.isfinite(self._maps)).sum())
        first, last = self.on_screen
        count = (
            f"{first} to {last - 1} of {len(self._maps)}" if last - first < len(self._maps) else f"{len(self._maps)}"
        )
        warning = Segment(f"{bad} not finite  " if bad else "", self.style("bad"))
        scale = [*self._tones.legend(terminal, self.base, dim, median=median), Segment("   ", dim)]
        plain = [*self._tones.legend(terminal, self.base, dim), Segment("  ", dim)]
        parts: list[Segment] = []
        for parts in (
            [*scale, warning, Segment(f"{count} {self._what}", dim)],
            [*scale, warning, Segment(count, dim)],
            [*plain, warning, Segment(count, dim)],
            [warning, Segment(f"{count} {self._what}", dim)],
            [warning, Segment(count, dim)],
        ):
            if sum(len(part.text) for part in parts) <= width:
                break
        return fitted(parts, width, self.base)
