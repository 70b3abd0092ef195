"""How many small pictures fit, and how large: the arrangement of a layer's feature maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tuicnn.display.raster import Raster

__all__ = ["Tiles", "arranged"]

_WANTED = 16  # maps one would like to see at once, before they are made smaller
_LARGEST = 64  # an enlarged map has at most so many pixels a side
_SMALLEST = 7  # below so many pixels a side a picture is hardly one
_LEAST_SHARE = 0.34  # of its side that a map keeps, so that it can still be read
_WHOLE = 1.15  # how much better a side is that divides the map's: each pixel is then the mean of whole ones


@dataclass(frozen=True)
class Tiles:
    """An arrangement: `times` enlarges, or else the pictures are scaled down to height x width pixels."""

    height: int  # pixels
    width: int
    times: int
    shown: int  # tiles a page
    columns: int  # tiles beside each other
    pitch_columns: int  # cells from one tile to the next
    pitch_rows: int
    labelled: bool  # whether there is a line for the number above each tile

    @property
    def rows(self) -> int:
        """Tiles above each other."""
        return -(-self.shown // self.columns)


@lru_cache(64)
def arranged(
    count: int, height: int, width: int, columns: int, rows: int, raster: Raster, group: int = 1
) -> Tiles | None:
    """Arrange `count` pictures of height x width pixels in columns x rows cells; `None` where not a pixel fits.

    Small pictures are enlarged by a whole number while all of them fit; large ones are made smaller until all fit.
    Where they would be too small to be read, there are pages, of as many as divide the count if there can be. A row
    has whole groups of `group` pictures, or a group whole rows, where that fits.
    """
    if min(count, height, width, columns, rows) < 1 or columns < raster.columns:
        return None
    longest = max(height, width)
    least = min(longest, max(_SMALLEST, round(_LEAST_SHARE * longest)))

    def sized(times: int = 1, side: int = longest) -> Tiles | None:
        high, wide = (max(1, times * n * side // longest) for n in (height, width))
        return _fitting(count, high, wide, times, columns, rows, raster, group)

    def worth(tiles: Tiles) -> float:
        side = max(tiles.height, tiles.width)
        return side * (_WHOLE if longest % side == 0 else 1.0)

    for times in range(max(1, _LARGEST // longest), 0, -1):
        found = sized(times)
        if found is not None and found.shown == count:
            return found
    for smallest in (least, 1):
        sizes = [(1, side) for side in range(smallest, longest + 1)]
        sizes += [(times, longest) for times in range(2, -(-_SMALLEST // longest) + 1)]
        some = [tiles for times, side in sizes if (tiles := sized(times, side)) is not None]
        if whole := [tiles for tiles in some if tiles.shown == count]:
            return max(whole, key=worth)
        if some:
            return max(some, key=lambda tiles: (min(tiles.shown, _WANTED) * worth(tiles), worth(tiles)))
    return None


def _fitting(
    count: int, height: int, width: int, times: int, columns: int, rows: int, raster: Raster, group: int
) -> Tiles | None:
    """As many tiles of that size as fit, or make whole pages."""
    cells_wide, cells_high = raster.size(height, width)
    labelled = rows > cells_high
    across, down = (columns + 1) // (cells_wide + 1), rows // (cells_high + labelled)
    if across * down < 1:
        return None
    shown = min(count, across * down)
    if shown < count:
        shown = next((n for n in _down_to_half(shown) if count % n == 0), shown)
    # whole groups in a row, or rows in a group; as few gaps at the end as there can be; then the widest
    across = min(
        (n for n in range(1, min(across, shown) + 1) if -(-shown // n) <= down),
        key=lambda n: (n % group > 0 and group % n > 0, -shown % n, -n),
    )
    return Tiles(height, width, times, shown, across, cells_wide + 1, cells_high + labelled, labelled)


def _down_to_half(number: int) -> Iterator[int]:
    return iter(range(number, number // 2, -1))
