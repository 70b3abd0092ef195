"""A channel as a picture with a frame around some of its pixels: the window that a number is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment

from tuicnn.display.images import pixel_codes
from tuicnn.display.pixels import NONE, averaged, enlarged
from tuicnn.display.raster import Raster
from tuicnn.display.tones import Tones
from tuicnn.kernels.arrays import Array
from tuicnn.specimen.address import Address
from tuicnn.tui.widgets.explanation.block import Area, Block, Line, Pen, Target, said

__all__ = ["Placed", "Plane", "picture", "placed"]

_TITLE = 20  # columns that a title may take in any case
_TIMES = 8  # that a pixel is enlarged at most: more is only a block of colour


@dataclass(frozen=True, eq=False)
class Plane:
    """A channel (H, W) with a title, and the rows and columns of the pixels that are framed; some may lie outside.

    `address` is that of any pixel of the channel: a click on a pixel opens it or, where it is the channel of the number
    that is open (`own`), goes there.
    """

    title: str
    values: Array
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    address: Address | None = None
    own: bool = False
    #: of an image with three channels, uint8 (H, W, 3): it is drawn in its colours, where there are any
    colours: NDArray[np.uint8] | None = None


class _Axis(NamedTuple):
    """The pixels in sight along one axis: the first (below 0: outside), how many; and which are framed, if any."""

    first: int
    length: int
    framed: tuple[int, ...]

    @classmethod
    def of(cls, framed: tuple[int, ...], size: int, room: int) -> _Axis:
        """All pixels and those of the window that lie outside; where they do not fit, with the window in the middle."""
        low, high = min(framed, default=0), max(framed, default=0)
        first = min(0, low)
        length = max(size, high + 1) - first
        if length > room:
            first = max(first, min((low + high + 1) // 2 - room // 2, first + length - room))
        return cls(first, min(length, room), framed)

    def frame(self, times: int) -> tuple[int, int]:
        """The places of the frame, just outside of what is framed, on a raster with a border of one."""
        if not self.framed:
            return -1, -1
        return (min(self.framed) - self.first) * times, (max(self.framed) + 1 - self.first) * times + 1

    def covers(self) -> bool:
        """Whether all that is framed is in sight."""
        return all(self.first <= place < self.first + self.length for place in self.framed)


class Placed(NamedTuple):
    """A picture that has its room: what is in sight of it, and how often each pixel stands there."""

    plane: Plane
    raster: Raster
    rows: _Axis
    columns: _Axis
    times: int

    @property
    def width(self) -> int:
        """The columns that it takes."""
        return max(len(self.title), (self.columns.length * self.times + 2) * self.raster.columns)

    @property
    def title(self) -> str:
        """What stands over it: without the hint where that would make it wider."""
        wide = max(_TITLE, (self.columns.length * self.times + 2) * self.raster.columns)
        title = self.plane.title
        return title if len(title) <= wide else title.partition(", ")[0]


def placed(pen: Pen, plane: Plane, width: int, height: int, *, side: int = 28) -> Placed | None:
    """The picture in at most so many cells; None where there is no room for what is framed.

    A small one is enlarged by a whole number, each pixel to `_TIMES` at most, to sides of at most `side` pixels.
    """
    high, wide = plane.values.shape
    raster = Raster(pen.terminal)
    across = max(wide, max(plane.columns, default=0) + 1) - min(0, min(plane.columns, default=0)) + 2
    if raster.columns * across > width:
        raster = Raster(pen.terminal, compact=True)
    room = (height - 1) * raster.rows - 2, width // raster.columns - 2  # without the border
    if min(room) < 1:
        return None
    times = max(1, min(room[0] // high, room[1] // wide, side // max(high, wide), _TIMES))
    rows, columns = _Axis.of(plane.rows, high, room[0] // times), _Axis.of(plane.columns, wide, room[1] // times)
    if times > 1 and (rows.length < high or columns.length < wide):  # what lies outside takes more than there is
        times -= 1
        rows, columns = _Axis.of(plane.rows, high, room[0] // times), _Axis.of(plane.columns, wide, room[1] // times)
    found = Placed(plane, raster, rows, columns, times)
    return found if rows.covers() and columns.covers() and len(found.title) <= width else None


def picture(pen: Pen, place: Placed) -> Block:
    """The picture under its title."""
    raster, times = place.raster, place.times
    codes, cursor = _codes(pen, place)
    shrink = 2 if raster.averages else 1
    frame = tuple(at // shrink for at in place.rows.frame(times)), place.columns.frame(times)
    block = said(pen, (place.title, "dim"))
    for y in range(0, len(codes), raster.step):
        block.add(Line(pen).drawn(_framed(pen, raster, codes[y : y + raster.step], y, frame, cursor)))
    _let_click(block, place)
    return block


def _codes(pen: Pen, place: Placed) -> tuple[NDArray[np.int64], int]:
    """The codes of the pixels in sight, with a border of one, in whole lines of the raster; and that of the frame."""
    plane, raster, rows, columns, times = place
    high, wide = plane.values.shape
    index = np.ix_(np.arange(rows.length) + rows.first, np.arange(columns.length) + columns.first)
    inside = (index[0] >= 0) & (index[0] < high) & (index[1] >= 0) & (index[1] < wide)
    colours = plane.colours if pen.terminal.colours != "none" else None
    planes = plane.values[None] if colours is None else np.moveaxis(colours, 2, 0)
    values = planes[:, np.clip(index[0], 0, high - 1), np.clip(index[1], 0, wide - 1)].astype(np.float64)
    values, inside = enlarged(values, times), enlarged(inside, times)
    values, inside = np.pad(values, ((0, 0), (1, 1), (1, 1))), np.pad(inside, 1)
    if raster.averages:
        values = averaged(np.where(inside, values, 0.0), -(-inside.shape[0] // 2), inside.shape[1])
        inside = averaged(inside, values.shape[1], inside.shape[1]) > 0
    tones = Tones()
    tones.fit(plane.values)
    found = (
        tones.codes(values[0], "plane", pen.terminal)
        if colours is None
        else pixel_codes(np.moveaxis(values, 0, 2), pen.terminal)
    )
    codes = np.where(inside, found, NONE)
    codes = np.pad(codes, ((0, -len(codes) % raster.step), (0, 0)), constant_values=NONE)
    return codes, tones.palette(pen.terminal).cursor


def _framed(
    pen: Pen,
    raster: Raster,
    codes: NDArray[np.int64],
    y: int,
    frame: tuple[tuple[int, ...], tuple[int, ...]],
    cursor: int,
) -> list[Segment]:
    """A line of cells, of codes (`step`, n) from row y on, with what lies of the frame in it."""
    (top, bottom), (left, right) = frame
    ink = pen.style("text")
    if top < 0:
        return raster.line(codes, pen.base, ink)
    if pen.terminal.colours != "none":
        codes = codes.copy()
        for line, row in zip(codes, range(y, y + len(codes)), strict=True):
            if row in (top, bottom):
                line[left : right + 1] = cursor
            elif top < row < bottom:
                line[[left, right]] = cursor
        return raster.line(codes, pen.base, ink)
    text = "".join(cell.text for cell in raster.line(codes, pen.base, ink))
    begin, end, step = left * raster.columns, (right + 1) * raster.columns, raster.columns
    glyphs = pen.terminal.glyphs
    if y in (top, bottom):
        corners = (glyphs.top_left, glyphs.top_right) if y == top else (glyphs.bottom_left, glyphs.bottom_right)
        line_between = glyphs.horizontal * (end - begin - 2 * step)
        text = text[: begin + step - 1] + corners[0] + line_between + corners[1] + text[end - step + 1 :]
    elif top < y < bottom:
        side = glyphs.vertical
        text = text[: begin + step - 1] + side + text[begin + step : end - step] + side + text[end - step + 1 :]
    return [Segment(text, ink)]


def _let_click(block: Block, place: Placed) -> None:
    """Let each pixel be clicked."""
    plane, raster, rows, columns, times = place
    address, (high, wide) = plane.address, plane.values.shape
    if address is None:
        return

    def find(x: int, y: int) -> Target | None:
        row = rows.first + (y * raster.rows + raster.rows // 2 - 1) // times
        column = columns.first + (x // raster.columns - 1) // times
        if not (0 <= row < high and 0 <= column < wide):
            return None
        return Target("go" if plane.own else "open", address.at(*address.index[:-2], row, column))

    block.areas.append(Area(0, 1, block.width, block.height - 1, find))
