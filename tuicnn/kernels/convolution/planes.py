"""Images with each channel's plane contiguous: what convolution by columns reads, and writes its gradients to.

An image (H, W, N, C) becomes (dilation, stride, rows, C, columns, N) with its padding, where row r of the padded image
is row r // dilation of phase r % dilation, and column w is column w // stride of phase w % stride. Then, for one row of
the output, and one column j of the kernel, all values of all windows are one matrix: its rows are the kernel's rows and
the channels, its columns the windows and the images; each of its rows is contiguous, and it needs no copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from tuicnn.lazy_numpy import np

from ..arrays import Array, row_blocks
from ..memory import empty, zeros
from ..windows import Window

__all__ = ["Columns", "Planes", "by_column", "by_window", "scatter"]

#: the values under column j of the kernel, for some rows of the output: a view (rows, kh·C, OW·N) on planes. More than
#: one row only where rows are not dilated
Columns: TypeAlias = Callable[[int, slice], Array]
#: a view on planes: its shape, and the bytes from the start to its first number and from one number to the next
Place: TypeAlias = tuple[tuple[int, int, int], int, tuple[int, int, int]]


@dataclass(frozen=True)
class Planes:
    """The sizes of the planes of images (H, W, N, C) under a window, and the views on them. Made once for each."""

    window: Window
    h: int
    w: int
    n: int
    c: int

    @staticmethod
    @lru_cache(maxsize=256)
    def under(window: Window, shape: tuple[int, ...]) -> Planes:
        """The planes of images (H, W, N, C) of this shape."""
        return Planes(window, *shape)

    @cached_property
    def out(self) -> tuple[int, int]:
        """(OH, OW)."""
        return self.window.out(self.h, self.w)

    @cached_property
    def shape(self) -> tuple[int, int, int, int, int, int]:
        """(row phases, column phases, rows, C, columns, N)."""
        (top, bottom), (left, right) = self.window.pad
        high, wide = self.window.dilation[0], self.window.stride[1]
        return high, wide, -(-(self.h + top + bottom) // high), self.c, -(-(self.w + left + right) // wide), self.n

    @cached_property
    def _shares(self) -> list[tuple[tuple[int, int, slice, slice], tuple[slice, slice]]]:
        """For each phase: where the image lies in its plane, and which of the image's rows and columns those are."""
        (top, _), (left, _) = self.window.pad
        high, wide = self.shape[:2]
        shares = []
        for a in range(high):
            first_row = (a - top) % high
            rows = slice(first_row, self.h, high)
            row = (first_row + top) // high
            for b in range(wide):
                first_column = (b - left) % wide
                columns = slice(first_column, self.w, wide)
                column = (first_column + left) // wide
                own_rows = slice(row, row + len(range(first_row, self.h, high)))
                own_columns = slice(column, column + len(range(first_column, self.w, wide)))
                shares.append(((a, b, own_rows, own_columns), (rows, columns)))
        return shares

    def of(self, x: Array) -> Array:
        """The planes of images (H, W, N, C); a view of the images where they have that order already."""
        if self.c == 1 and self.window.pad == ((0, 0), (0, 0)) and self.shape[:2] == (1, 1) and x.flags.c_contiguous:
            return x.reshape(self.shape)
        planes = zeros(self.shape, x.dtype)
        for (a, b, own_rows, own_columns), (rows, columns) in self._shares:
            planes[a, b, own_rows, :, own_columns] = x[rows, columns].transpose(0, 3, 1, 2)
        return planes

    def images(self, planes: Array) -> Array:
        """The images (H, W, N, C) that lie in planes, without the padding: the adjoint of `of`."""
        x = empty((self.h, self.w, self.n, self.c), planes.dtype)
        for (a, b, own_rows, own_columns), (rows, columns) in self._shares:
            x[rows, columns] = planes[a, b, own_rows, :, own_columns].transpose(0, 2, 3, 1)
        return x

    def _place(self, j: int, rows: slice, size: int) -> Place:
        """The place of column j of the kernel for some rows of the output, in planes of numbers of `size` bytes."""
        sh, shift = self.window.stride[0], j * self.window.dilation[1]
        high, wide, plane_rows, c, columns, n = self.shape
        value, column, channel = size, n * size, columns * n * size
        row = c * channel
        column_phase = plane_rows * row
        start = rows.start * sh
        offset = start % high * wide * column_phase + start // high * row
        offset += shift % wide * column_phase + shift // wide * column
        shape = rows.stop - rows.start, self.window.kernel[0] * c, self.out[1] * n
        return shape, offset, (sh * row, channel, value)

    @cached_property
    def _whole_places(self) -> dict[int, list[Place]]:
        """By the bytes of a number: for each column of the kernel, its place for all rows of the output."""
        columns = range(self.window.kernel[1])
        return {size: [self._place(j, slice(0, self.out[0]), size) for j in columns] for size in (4, 8)}

    def columns(self, planes: Array) -> Columns:
        """The values under each column of the kernel, as `columns(j, rows)`: see `Columns`."""

        def view(place: Place) -> Array:
            shape, offset, strides = place
            found: Array = np.ndarray(shape, planes.dtype, planes, offset, strides)
            return found

        if self.shape[0] > 1:
            return lambda j, rows: view(self._place(j, rows, planes.itemsize))
        every = [view(place) for place in self._whole_places[planes.itemsize]]
        return lambda j, rows: every[j][rows]

    def blocks(self, row_cost: int) -> tuple[slice, ...]:
        """Blocks of rows of the output; single rows where the kernel's rows are dilated."""
        rows = self.out[0]
        return row_blocks(rows, row_cost) if self.shape[0] == 1 else tuple(slice(row, row + 1) for row in range(rows))


def scatter(columns: Columns, j: int, rows: slice, values: Array) -> None:
    """Add values (rows, kh·C, OW·N) to those under column j of the kernel.

    Row by row: the windows of two rows may share pixels.
    """
    for row, one in zip(range(rows.start, rows.stop), values, strict=True):
        place = columns(j, slice(row, row + 1))[0]
        place += one


def by_column(weights: Array) -> Array:
    """(kh, kw, C, F) -> (kw, kh·C, F)."""
    kh, kw, c, f = weights.shape
    return np.ascontiguousarray(weights.transpose(1, 0, 2, 3)).reshape(kw, kh * c, f)


def by_window(dw: Array, shape: tuple[int, ...]) -> Array:
    """(kw, kh·C, F) -> `shape`, (kh, kw, C, F): the adjoint of `by_column`."""
    kh, kw, c, f = shape
    return dw.reshape(kw, kh, c, f).transpose(1, 0, 2, 3)
