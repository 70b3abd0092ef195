"""How many small pictures fit, and how large: the arrangement of a layer's feature maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Tiles", "arranged"]

_WANTED = 16  # maps one would like to see at once, before they are made smaller than they are
_LARGEST = 24  # an enlarged map has at most so many pixels a side
_SMALLEST = 7  # below so many pixels a side a picture is hardly one


@dataclass(frozen=True)
class Tiles:
    """An arrangement: `times` enlarges, or else the pictures are scaled down to height x width pixels."""

    height: int  # pixels
    width: int
    times: int
    columns: int  # tiles beside each other
    rows: int
    pitch_columns: int  # cells from one tile to the next
    pitch_rows: int
    labelled: bool  # whether there is a line for the number above each tile

    @property
    def shown(self) -> int:
        """How many fit."""
        return self.columns * self.rows


@lru_cache(64)
def arranged(count: int, height: int, width: int, columns: int, rows: int, *, half_blocks: bool) -> Tiles | None:
    """Arrange `count` pictures of height x width pixels in columns x rows cells; `None` where not a pixel fits.

    A pixel is one cell wide and half a cell high (half blocks), or two wide and one high. Small pictures are enlarged
    while all of them fit; large ones are made smaller so that more of them do.
    """

    def tiles(high: int, wide: int, times: int) -> Tiles:
        cells_wide, cells_high = (wide, -(-high // 2)) if half_blocks else (2 * wide, high)
        labelled = rows > cells_high
        pitch_rows = cells_high + labelled
        return Tiles(
            high,
            wide,
            times,
            (columns + 1) // (cells_wide + 1),
            rows // pitch_rows,
            cells_wide + 1,
            pitch_rows,
            labelled,
        )

    if min(count, height, width, columns, rows) < 1 or (not half_blocks and columns < 2):
        return None
    longest = max(height, width)
    for times in range(max(1, _LARGEST // longest), 1, -1):
        found = tiles(times * height, times * width, times)
        if found.shown >= count:
            return found
    wanted = min(count, _WANTED)

    def scaled(side: int) -> Tiles:
        return tiles(max(1, height * side // longest), max(1, width * side // longest), 1)

    for least in (min(longest, _SMALLEST), 1):
        # many pictures against large ones: the greatest sum of sides of those one would like to see
        side = max(range(least, longest + 1), key=lambda side: (min(scaled(side).shown, wanted) * side, side))
        if scaled(side).shown:
            return scaled(side)
    return None
