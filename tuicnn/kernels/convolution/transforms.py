"""The four transforms of Winograd's convolution, for one block of tiles after another, through the same small buffers.

Each is two products of a small constant matrix with long rows: one along the image's columns, one along its rows.
Padding is never stored: rows of the image in the padding are columns of BT left out, and columns in the padding are
zeros in the buffer between the two products. Of a last tile that reaches beyond what comes out, only the first rows of
AT are computed.

In what follows P is the pixels of a tile along an axis; tiles are numbered row by row.
"""

from __future__ import annotations

from collections.abc import Iterator

from tuicnn.lazy_numpy import np

from ..arrays import Array
from ..memory import empty
from .products import multiply_rows
from .tiles import Block, Tiling

__all__ = ["Transforms"]


class Transforms:
    """The transforms for a tiling and a type of number."""

    def __init__(self, tiling: Tiling, dtype: str) -> None:
        self.tiling, self.filtering, self.dtype = tiling, tiling.filtering, dtype
        used, most = self.filtering, tiling.most
        self.half = empty((used.pixels * most.width * len(most.bands),), dtype)
        self.half_out = empty((used.outputs * used.pixels * most.count * tiling.pixel_size_out,), dtype)
        #: views on `half`, which most blocks have in common: by the block's size and what they are
        self.views: dict[tuple[int, ...], Array] = {}

    def _half(self, block: Block) -> Array:
        """The rows of pixels of a block after the transform of the image's columns: (rows of tiles, P, width)."""
        key = len(block.bands), block.width
        view = self.views.get(key)
        if view is None:
            size = self.filtering.pixels
            view = self.views[key] = self.half[: key[0] * size * key[1]].reshape(key[0], size, key[1])
        return view

    def _windows(self, block: Block, first: int, count: int) -> Array:
        """`count` columns of each tile in `_half` from column `first`, a view (rows of tiles, P, tiles, count, N·C)."""
        key = len(block.bands), block.tiles, first, count
        view = self.views.get(key)
        if view is None:
            length, size, used = self.tiling.pixel_size, self.half.itemsize, self.filtering
            wide = block.width * size
            strides = (used.pixels * wide, wide, used.step * length * size, length * size, size)
            shape = (len(block.bands), used.pixels, block.tiles, count, length)
            view = self.views[key] = np.ndarray(shape, self.dtype, self.half, first * length * size, strides)
        return view

    def _by_tile(self, values: Array, block: Block) -> Array:
        """(P, P, tiles, N·C) as (rows of tiles, P, tiles, P, N·C)."""
        size = self.filtering.pixels
        return values.reshape(size, size, len(block.bands), block.tiles, -1).transpose(2, 0, 3, 1, 4)

    def pixels(self, x: Array, block: Block, out: Array) -> None:
        """V = BT d B of all tiles of a block: x (H, W·N·C) -> out (P·P, tiles·N, C)."""
        half = self._half(block)
        if block.inside.start:
            half[:, :, : block.inside.start] = 0
        if block.inside.stop < block.width:
            half[:, :, block.inside.stop :] = 0
        for band, rows in zip(block.bands, half[:, :, block.inside], strict=True):
            multiply_rows(band.bt, x[band.rows, block.columns], out=rows)
        multiply_rows(self.filtering.bt, self._windows(block, 0, self.filtering.pixels), out=self._by_tile(out, block))

    def products_backward(self, dm: Array, ut: Array, block: Block, out: Array) -> None:
        """dV = dM UT of all tiles of a block: (P·P, tiles·N, F) and (P·P, F, C) -> (P·P·tiles·N, C), as
        `pixels_backward` takes it."""
        size, bands, c = self.filtering.pixels, len(block.bands), ut.shape[2]
        if block.across is None or bands == 1:
            np.matmul(dm, ut, out=out.reshape(size * size, -1, c))
            return
        by_band = out.reshape(size, bands, size, -1, c).transpose(0, 2, 1, 3, 4)
        np.matmul(dm.reshape(size, size, bands, -1, ut.shape[1]), ut.reshape(size, size, 1, -1, c), out=by_band)

    def pixels_backward(self, dv: Array, block: Block, dx: Array, carry: Array) -> None:
        """dd = B dV BT of all tiles of a block, summed into dx (H, W·N·C).

        dv comes from `products_backward`.
        Blocks come in the order of the tiling. The last columns of a block that is a part of a row of tiles are the
        first ones of the next: they wait in `carry` (P, overlap·N·C). The last rows of a row of tiles are in dx already
        when the next row comes.
        """
        dense = block.across is not None
        along = self._row_by_row(dv, block) if dense else self._tile_by_tile(dv, block, carry)
        for band, rows in zip(block.bands, along, strict=True):
            part = dx[band.rows, block.last_columns]
            if band.shared:
                more = empty((band.shared, rows.shape[1]), self.dtype)
                multiply_rows(band.b_shared, rows, out=more)
                part[: band.shared] += more
            multiply_rows(band.b_new, rows, out=part[band.shared :])

    def _row_by_row(self, dv: Array, block: Block) -> Array:
        """dV BT with one product for each row of tiles: dv (P, rows of tiles, P·tiles, N·C) -> (rows of tiles, P,
        W·N·C) of the columns inside."""
        assert block.across is not None
        size, bands, columns = self.filtering.pixels, len(block.bands), len(block.across)
        pixel_size = self.tiling.pixel_size
        half = self.half[: bands * size * columns * pixel_size].reshape(bands, size, columns, pixel_size)
        multiply_rows(
            block.across, dv.reshape(size, bands, size * block.tiles, pixel_size), out=half.transpose(1, 0, 2, 3)
        )
        return half.reshape(bands, size, columns * pixel_size)

    def _tile_by_tile(self, dv: Array, block: Block, carry: Array) -> Array:
        """dV BT for long rows: dv (P, P, rows of tiles, tiles, N·C) -> (rows of tiles, P, W·N·C) of the columns
        inside."""
        used, length = self.filtering, self.tiling.pixel_size
        half, by_tile = self._half(block), self._by_tile(dv, block)
        multiply_rows(used.b[: used.step], by_tile, out=self._windows(block, 0, used.step))
        inner = block.width - used.overlap * length
        half[:, :, inner:] = 0
        for first in range(used.step, used.pixels, used.step):
            later = used.b[first : first + used.step]
            place = self._windows(block, first, len(later))
            more = empty(place.shape, self.dtype)
            multiply_rows(later, by_tile, out=more)
            place += more
        if block.before:
            half[0, :, : used.overlap * length] += carry
        if block.after:
            carry[...] = half[0, :, inner:]
        return half[:, :, block.last_inside]

    def _outputs(self, block: Block, y: Array) -> tuple[Array, int, Iterator[tuple[int, Array, Array]]]:
        """Where a block's outputs are in y (OH, OW·N·F) and, between the two products, in a buffer.

        The buffer as (outputs, P·tiles·N·F), how many of its rows count, and the pieces in which outputs fill tiles in
        the same way: (columns of outputs, part of the buffer (rows, …, P, N·F), part of y (rows, …, columns, N·F)).
        """
        used, length = self.filtering, self.tiling.pixel_size_out
        bands, rest_rows = len(block.bands), block.rest_out.stop - block.rest_out.start
        high = used.outputs if block.whole_rows else rest_rows
        flat = self.half_out[: used.outputs * used.pixels * block.count * length].reshape(used.outputs, -1)
        by_tile = flat.reshape(used.outputs, used.pixels, bands, block.tiles, length).transpose(0, 2, 3, 1, 4)
        return flat, high, self._pieces(block, y, by_tile, rest_rows)

    def _pieces(self, block: Block, y: Array, by_tile: Array, rest_rows: int) -> Iterator[tuple[int, Array, Array]]:
        size, length, whole = self.filtering.outputs, self.tiling.pixel_size_out, block.whole_rows
        groups = []
        if whole:
            rows = y[block.whole_out].reshape(whole, size, -1)
            groups.append((by_tile[:, :whole], rows[:, :, block.columns_out]))
        if rest_rows:
            groups.append((by_tile[:rest_rows, whole:], y[None, block.rest_out, block.columns_out]))
        full, rest = block.whole_tiles, block.rest
        inner = full * size * length
        for tiles, part in groups:
            high, wide = part.shape[:2]
            if full:
                place = part[:, :, :inner].reshape(high, wide, full, size, length).transpose(1, 0, 2, 3, 4)
                yield size, tiles[:, :, :full], place
            if rest:
                place = part[:, :, inner:].reshape(high, wide, rest, length).transpose(1, 0, 2, 3)
                yield rest, tiles[:, :, full], place

    def outputs(self, m: Array, block: Block, y: Array) -> None:
        """Y = AT M A of all tiles of a block: m (P·P, tiles·N, F) -> its place in y (OH, OW·N·F)."""
        half, high, pieces = self._outputs(block, y)
        at = self.filtering.at
        multiply_rows(at[:high], m.reshape(self.filtering.pixels, -1), out=half[:high])
        for count, tiles, place in pieces:
            multiply_rows(at[:count], tiles, out=place)

    def outputs_backward(self, dy: Array, block: Block, out: Array) -> None:
        """dM = A dy AT of all tiles of a block: dy (OH, OW·N·F) -> out (P·P, tiles·N, F)."""
        half, high, pieces = self._outputs(block, dy)
        a, rest_rows = self.filtering.a, block.rest_out.stop - block.rest_out.start
        if block.whole_rows and rest_rows:
            shape = (len(half), self.filtering.pixels, len(block.bands), -1)
            half.reshape(shape)[rest_rows:, :, block.whole_rows :] = 0
        for count, tiles, place in pieces:
            multiply_rows(a[:, :count], place, out=tiles)
        multiply_rows(a[:, :high], half[:high], out=out.reshape(self.filtering.pixels, -1))
