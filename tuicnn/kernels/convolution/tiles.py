"""How a minimal filtering cuts an image into tiles and the tiles into blocks that fit the cache.

Here an image is (H, W·N·C) and the output (OH, OW·N·F). The cut depends on sizes alone, and is made once for each.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from tuicnn.lazy_numpy import np

from .. import arrays
from ..arrays import Array
from ..windows import Window
from .filtering import Filtering, filtering, tile_outputs

__all__ = ["Block", "Tiling", "tiling"]

#: a row of tiles is taken back to pixels by one matrix where it has at most so many pixels, for each that two tiles
#: share, more than a tile. Measured for 3x3 and 5x5 windows: that takes 0.4 to 0.8 of the time of tile by tile
DENSE = 4
#: values that a block's two large buffers may have together, as a share of `arrays.BLOCK`. Measured with 1 MB of
#: second-level cache: two thirds of this are slower because there are more blocks, 1.5 times this because a block does
#: not fit the cache, each by 5 to 30 %
SHARE = 1.5
#: the least of them, for each value of the transformed filters: every block reads these anew, and adds to the gradient
#: by as many. With 64, 128 and 256 channels and filters 1 takes 1.05 to 1.25 times as long, and 0.3 1.7 times
FOR_FILTERS = 3


@dataclass(frozen=True, eq=False)
class Band:
    """The pixels of one row of tiles in a block."""

    #: the image's rows, and the columns of BT for them: rows in the padding have none
    rows: slice
    bt: Array
    #: the first of these rows lie in the tile row before as well: how many, and the rows of B for them and for the rest
    shared: int
    b_shared: Array
    b_new: Array


@dataclass(frozen=True, eq=False)
class Block:
    """Some whole rows of tiles, or, where a row is too large, a part of one. Slices are of values, not of pixels."""

    bands: tuple[Band, ...]
    tiles: int
    #: values of the row of pixels that the block covers
    width: int
    #: the image's columns in the block, and where they are in that row; what is beside them is padding
    columns: slice
    inside: slice
    #: of these, the columns that no later block of the same row of tiles covers as well
    last_columns: slice
    last_inside: slice
    #: whether the row of tiles goes on before and after the block
    after: bool
    before: bool
    #: the output rows of whole tiles, how many rows of tiles these are, and the output rows of one more, cut off
    whole_out: slice
    whole_rows: int
    rest_out: slice
    #: the output columns, how many tiles of a row are whole, and the output columns of one more, cut off
    columns_out: slice
    whole_tiles: int
    rest: int
    #: B of all tiles of a row in one, (columns inside, P·tiles), where the block is made of whole short rows; else None
    across: Array | None

    @functools.cached_property
    def count(self) -> int:
        """All tiles."""
        return len(self.bands) * self.tiles


@dataclass(frozen=True, eq=False)
class Tiling:
    """The cut of an image. `pixel_size` and `pixel_size_out` are the values of one pixel of all images, N·C and N·F."""

    filtering: Filtering
    out: tuple[int, int]
    pixel_size: int
    pixel_size_out: int
    #: how many of the image's rows and columns lie in a tile; a stride may leave out the last ones
    covered: tuple[int, int]
    blocks: tuple[Block, ...]

    @functools.cached_property
    def most(self) -> Block:
        """The largest block."""
        return max(self.blocks, key=lambda block: block.count)


def overlap(start: int, length: int, size: int) -> tuple[slice, slice]:
    """The part of [start, start + length) inside [0, size), as a slice of the latter and as one of the former."""
    first = max(0, start)
    end = max(first, min(size, start + length))
    return slice(first, end), slice(first - start, end - start)


def values_of(which: slice, length: int) -> slice:
    """The values of these pixels, in a row of values."""
    return slice(which.start * length, which.stop * length)


def evenly(count: int, most: int) -> list[slice]:
    """[0, count) in parts of about equal size, `most` or fewer each, or 1."""
    size = -(-count // -(-count // max(1, most)))
    return [slice(first, min(count, first + size)) for first in range(0, count, size)]


def tiling(shape: tuple[int, ...], filters: int, window: Window, dtype: str) -> Tiling:
    """The cut of images (H, W, N, C)."""
    return _tiling(shape, filters, window, dtype, int(arrays.BLOCK * SHARE))


@functools.lru_cache(maxsize=256)
def _tiling(shape: tuple[int, ...], filters: int, window: Window, dtype: str, most: int) -> Tiling:
    h, w, n, c = shape
    oh, ow = window.out(h, w)
    kernel, stride, (top, left) = window.kernel[0], window.stride[0], (window.pad[0][0], window.pad[1][0])
    used = filtering(kernel, stride, tile_outputs(kernel, stride, oh, ow), dtype)
    step, shared, pixel_size, pixel_size_out = used.step, used.overlap, n * c, n * filters
    down, across = -(-oh // used.outputs), -(-ow // used.outputs)
    fitting = most // max(1, used.pixels**2 * (pixel_size + pixel_size_out))
    tiles = max(fitting, FOR_FILTERS * c * filters // max(1, pixel_size + pixel_size_out))
    bands = [_band(used, row, top, h) for row in range(down)]
    blocks = []
    for rows in evenly(down, tiles // across):
        for part in evenly(across, tiles):
            count = part.stop - part.start
            columns, inside = overlap(step * part.start - left, step * count + shared, w)
            own = step * count + (shared if part.stop == across else 0)
            last_columns, last_inside = overlap(step * part.start - left, own, w)
            whole_rows = min(rows.stop, oh // used.outputs) - rows.start
            first = used.outputs * rows.start
            after_whole = first + used.outputs * whole_rows
            whole = part.stop - part.start == across
            columns_out = slice(used.outputs * part.start, min(ow, used.outputs * part.stop))
            block = Block(
                bands=tuple(bands[rows]),
                tiles=count,
                width=(step * count + shared) * pixel_size,
                columns=values_of(columns, pixel_size),
                inside=values_of(inside, pixel_size),
                last_columns=values_of(last_columns, pixel_size),
                last_inside=values_of(last_inside, pixel_size),
                before=part.start > 0,
                after=part.stop < across,
                whole_out=slice(first, after_whole),
                whole_rows=whole_rows,
                rest_out=slice(after_whole, min(oh, used.outputs * rows.stop)),
                columns_out=values_of(columns_out, pixel_size_out),
                whole_tiles=(columns_out.stop - columns_out.start) // used.outputs,
                rest=(columns_out.stop - columns_out.start) % used.outputs,
                across=_across(used, count, inside) if whole else None,
            )
            blocks.append(block)
    covered = max(0, step * down + shared - top), max(0, step * across + shared - left)
    return Tiling(used, (oh, ow), pixel_size, pixel_size_out, covered, tuple(blocks))


def _band(used: Filtering, row: int, top: int, h: int) -> Band:
    rows, own = overlap(used.step * row - top, used.pixels, h)
    shared = min(max(0, used.overlap - own.start), rows.stop - rows.start) if row else 0
    b = used.b[own]
    return Band(rows, used.bt[:, own], shared, b[:shared], b[shared:])


def _across(used: Filtering, tiles: int, inside: slice) -> Array | None:
    """The matrix that takes a whole row of tiles back to the pixels `inside`, summed where tiles share them; None for a
    long row, of which most of the matrix would be 0."""
    if inside.stop - inside.start > used.pixels + DENSE * used.overlap:
        return None
    matrix = np.zeros((used.step * tiles + used.overlap, used.pixels, tiles), used.b.dtype)
    for tile in range(tiles):
        matrix[used.step * tile : used.step * tile + used.pixels, :, tile] = used.b
    return np.ascontiguousarray(matrix.reshape(len(matrix), -1)[inside])
