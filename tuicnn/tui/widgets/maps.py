"""The feature maps of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.axes import snapped
from tuicnn.display.pixels import NONE, averaged, enlarged, half_blocks, run_lengths
from tuicnn.display.scales import BAD, bound, characters, colours, places
from tuicnn.display.signed_bar import signed_bar
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.display.tiles import Tiles, arranged
from tuicnn.numbers import short
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Maps"]

_GAP = -2  # between maps

Codes = NDArray[np.int64]


class Maps(LineWidget):
    """A grid of feature maps on one common scale, or a vector as bars or as a grid of cells, below a legend.

    The scale's ends are round numbers that stay while the values move within them, so that little changes on the
    screen that did not change in the network; it contains zero.
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._names: tuple[str, ...] = ()
        self._maps: NDArray[np.float32] | None = None
        self._first = 0
        self._shown = 1
        self._bars = False
        self._scale = (0.0, 0.0)
        self._before: tuple[object, Codes] | None = None  # the places drawn last, and what they belong to
        self._kept: dict[int, tuple[object, Strip]] = {}

    def show(self, maps: NDArray[np.float32] | None, *, names: Sequence[str] = ()) -> None:
        """Show maps (C, H, W), or a vector (V,), whose values may have names; `None` for none.

        Another shape begins at the first channel.
        """
        self._names = tuple(displayable(name, self.terminal) for name in names)
        if maps is not None:
            maps = np.array(maps, dtype=np.float32)
            if maps.ndim == 3 and maps.shape[1:] == (1, 1):
                maps = maps.reshape(-1)
        before = self._maps
        if maps is before or (maps is not None and before is not None and np.array_equal(maps, before, equal_nan=True)):
            return
        if maps is None or before is None or maps.shape != before.shape:
            self._first, self._scale, self._before = 0, (0.0, 0.0), None
        self._maps = maps
        self._set_scale()
        self.repaint()

    def page(self, delta: int) -> None:
        """Go to other channels: by as many as fit at a time, `delta` times."""
        self._first += delta * self._shown
        self.repaint()

    @property
    def on_screen(self) -> tuple[int, int]:
        """The channels (or values) on the screen: from, to (excluded)."""
        count = 0 if self._maps is None else len(self._maps)
        return self._first, min(count, self._first + self._shown)

    def _set_scale(self) -> None:
        maps = self._maps
        known = maps[np.isfinite(maps)] if maps is not None else np.zeros(0)
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        before = self._scale
        lower = -snapped(-low, -before[0]) if low < 0 else 0.0
        self._scale = lower, snapped(high, before[1]) if high > 0 else 0.0 if lower else 1.0

    def paint(self, width: int, height: int) -> list[Strip]:
        """The legend, and below it the maps."""
        maps = self._maps
        if height < 1:
            return []
        if maps is None or not maps.size or maps.ndim not in (1, 3):
            return [self.line([("nothing to show yet", "dim")], width)]
        rows = height - 1 if height > 1 else height
        self._bars = maps.ndim == 1 and len(maps) <= rows and width >= len(str(len(maps))) + 16
        lines = self._vector(maps, width, rows) if maps.ndim == 1 else self._grid(maps, width, rows)
        return [self._legend(maps, width), *lines] if height > 1 else lines

    def _window(self, count: int, shown: int) -> int:
        """The first channel to show, a whole page from the start, so that what fits is filled."""
        self._shown = max(1, shown)
        self._first = max(0, min(self._first, count - self._shown))
        return self._first

    @property
    def _signed(self) -> bool:
        return self._scale[0] < 0

    def _grid(self, maps: NDArray[np.float32], width: int, rows: int) -> list[Strip]:
        channels, high, wide = maps.shape
        blocks = self.terminal.half_blocks
        tiles = arranged(channels, high, wide, width, rows, half_blocks=blocks)
        compact = not blocks and (tiles is None or tiles.height < high)
        if compact:  # one character for two pixels, one above the other, rather than two characters a pixel
            tiles = arranged(channels, high, wide, width, rows, half_blocks=True)
        if tiles is None:
            self._window(channels, 1)
            return []
        first = self._window(channels, tiles.shown)
        chosen = maps[first : first + tiles.shown]
        if compact:
            pixels = averaged(enlarged(chosen, tiles.times), -(-tiles.height // 2), tiles.width)
        elif tiles.height < high or tiles.width < wide:
            pixels = averaged(chosen, tiles.height, tiles.width)
        else:
            pixels = enlarged(chosen, tiles.times).astype(np.float64)
        codes = self._codes(pixels)
        lines: list[Strip] = []
        for start in range(0, len(codes), tiles.columns):
            row = codes[start : start + tiles.columns]
            if tiles.labelled:
                lines.append(self._numbers(first + start, len(row), tiles, width))
            step = 2 if blocks else 1
            # the tiles of a row beside each other, with a gap after each: (pixel rows, tiles x (width + gap))
            band = np.pad(row, ((0, 0), (0, -row.shape[1] % step), (0, 1)), constant_values=_GAP)
            flat = np.moveaxis(band, 0, 1).reshape(band.shape[1], -1)[:, :-1]
            for y in range(0, len(flat), step):
                lines.append(self._pixels(len(lines), flat[y : y + step], width, 1 if blocks or compact else 2))
        return lines

    def _codes(self, pixels: NDArray[np.float64]) -> Codes:
        """Colours of the palette, or places among the characters (`NONE`: not a finite number)."""
        ends = bound(*self._scale)
        if self.terminal.half_blocks:
            palette = colours(self._signed)
            found = self._placed(pixels, ends, len(palette))
            return np.where(found == NONE, BAD, palette[found])
        return self._placed(pixels, ends, len(self._characters))

    def _placed(self, pixels: NDArray[np.float64], ends: tuple[float, float], levels: int) -> Codes:
        """Places on the scale, as steady as they can be while the same channels are looked at."""
        looked_at = (pixels.shape, self._first, ends)
        before = self._before[1] if self._before is not None and self._before[0] == looked_at else None
        found = places(pixels, *ends, levels, before)
        self._before = (looked_at, found)
        return found

    @property
    def _characters(self) -> str:
        return characters(self._signed, self.terminal.glyphs.ramp)

    def _pixels(self, y: int, codes: Codes, width: int, cells: int) -> Strip:
        """A line of cells (so many a pixel) by one row of pixels or two; that of last time where nothing changed."""
        key = (codes.shape, codes.tobytes(), width, cells, self.base, self._signed)
        kept = self._kept.get(y)
        if kept is not None and kept[0] == key:
            return kept[1]
        glyphs, base = self.terminal.glyphs, self.base
        if self.terminal.half_blocks:
            codes = np.where(codes == _GAP, NONE, codes)
            segments = half_blocks(codes[0], codes[1], base, glyphs.upper_half, glyphs.lower_half)
            used = codes.shape[1]
        else:
            ramp = self._characters
            text = "".join(
                " " if code == _GAP else ("?" if code == NONE else ramp[code]) * cells for code in codes[0].tolist()
            )
            segments = [Segment(text, self.style("text"))]
            used = len(text)
        strip = (
            Strip([*segments, Segment(" " * (width - used), base)], width) if used < width else Strip(segments, width)
        )
        self._kept[y] = (key, strip)
        return strip

    def _numbers(self, first: int, count: int, tiles: Tiles, width: int) -> Strip:
        """The numbers of the channels, each above its map, where they fit."""
        if len(str(first + count - 1)) >= tiles.pitch_columns:
            return Strip.blank(width, self.base)
        text = "".join(str(channel).ljust(tiles.pitch_columns) for channel in range(first, first + count))
        return self.line([(text, "dim")], width)

    def _vector(self, values: NDArray[np.float32], width: int, rows: int) -> list[Strip]:
        digits = len(str(len(values) - 1))
        if self._bars:
            self._window(len(values), len(values))
            labels = (
                self._names if len(self._names) == len(values) else [str(i).rjust(digits) for i in range(len(values))]
            )
            digits = min(max(map(len, labels)), max(digits, width // 3))
            labels = [label[:digits].ljust(digits) for label in labels]
            return [
                fitted(
                    [
                        Segment(labels[i] + " ", self.style("dim")),
                        *signed_bar(float(value), self._scale, width - digits - 1, self.terminal.glyphs, self.style),
                    ],
                    width,
                    self.base,
                )
                for i, value in enumerate(values)
            ]
        room = (width - digits - 1) // 2
        across = room - room % 8 if room >= 8 else room
        if across < 1:
            self._window(len(values), 1)
            return []
        shown = across * max(1, rows)
        first = self._window(-(-len(values) // across) * across, shown)
        first -= first % across
        self._first = first
        codes = self._codes(values.astype(np.float64))
        lines = []
        for start in range(first, min(len(values), first + shown), across):
            cells: list[Segment] = [Segment(str(start).rjust(digits) + " ", self.style("dim"))]
            for code, times in run_lengths(codes[start : start + across]):
                if self.terminal.half_blocks:
                    cells.append(Segment("  " * times, self.base + _background(code)))
                else:
                    cells.append(Segment(("?" if code == NONE else self._characters[code]) * 2 * times, self.base))
            lines.append(fitted(cells, width, self.base))
        return lines

    def _legend(self, maps: NDArray[np.float32], width: int) -> Strip:
        """The scale, how many channels are shown, and what is not finite."""
        (low, high), dim = bound(*self._scale), self.style("dim")
        scale = [Segment(f"{short(low)} ", dim), *self._swatches(), Segment(f" {short(high)}  ", dim)]
        if self._bars:
            scale = []  # they have their numbers
        bad = int((~np.isfinite(maps)).sum())
        first, last = self.on_screen
        shown = f"{first} to {last - 1}" if first else f"first {last - first}"  # a word parts it from the scale
        count = f"{shown} of {len(maps)}" if last - first < len(maps) else ""
        count_of_what = (count or f"{len(maps)}") + (" channels" if maps.ndim == 3 else " values")
        warning = Segment(f"{bad} not finite  " if bad else "", self.style("bad"))
        parts: list[Segment] = []
        for parts in (
            [*scale, warning, Segment(count_of_what, dim)],
            [*scale, warning, Segment(count, dim)],
            [warning, Segment(count, dim)],
        ):
            if sum(len(part.text) for part in parts) <= width:
                break
        return fitted(parts, width, self.base)

    def _swatches(self) -> list[Segment]:
        """The scale itself, from low to high."""
        if self.terminal.half_blocks:
            return [Segment(" ", self.base + _background(int(code))) for code in colours(self._signed)]
        return [Segment(self._characters, self.style("text"))]


@cache
def _background(code: int) -> Style:
    return Style(bgcolor=Color.from_ansi(code))
