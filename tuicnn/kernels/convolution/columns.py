"""Convolution as one matrix product, for images of few channels: im2col.

    y (OW·N, F) = XT W,     dW = X dy,     dX = W dyT, summed into dx's planes

X has a row for each value of a window and a column for each window of each image, so that `planes.Planes` can be copied
into it in runs of OW·N values; its last row is ones, and the last row of W the bias. The work goes by blocks of rows,
through one buffer that stays in the cache and is filled again in the backward pass: cheaper than keeping X, which is
kh·kw times as large as the image. Source: Chellapilla, Puri and Simard, High Performance Convolutional Neural Networks
for Document Processing (2006).
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, Saved
from ..memory import empty, zeros
from ..windows import Window
from .planes import Planes, by_column, by_window, scatter
from .products import equal_pieces

__all__ = ["convolve_columns", "convolve_columns_backward"]

#: a product with 5 to 8 columns uses half of a vector register of 16 numbers. So two images are computed as one with
#: twice the channels and filters, half of whose weights are 0; faster where windows have fewer values than this (3x3 of
#: one channel: a quarter less time)
LOW = 16


class _Buffer:
    """X for one block of rows after another: (rows, kh·kw·C + 1, OW·N)."""

    def __init__(self, sizes: Planes, planes: Array, filters: int) -> None:
        kh, self.kw = sizes.window.kernel
        self.high, self.row_windows = kh * sizes.c, sizes.out[1] * sizes.n
        values = self.kw * self.high + 1
        self.pieces = equal_pieces(self.row_windows, values * filters)
        self.columns = sizes.columns(planes)
        self.blocks = sizes.blocks((values + filters) * self.row_windows // 2)
        self.memory = empty(
            (self.blocks[0].stop, values, self.row_windows), planes.dtype
        )  # the first block is the largest
        self.memory[:, -1] = 1

    def part(self, matrices: Array, j: int) -> Array:
        """The rows of matrices like X for column j of the kernel, (rows, kh·C, OW·N)."""
        return matrices[:, j * self.high : (j + 1) * self.high]

    def products(self, matrices: Array) -> Array:
        """Matrices like X, in the pieces that are multiplied: (rows, pieces, K + 1, windows)."""
        rows, values, row_windows = matrices.shape
        return matrices.reshape(rows, values, self.pieces, row_windows // self.pieces).transpose(0, 2, 1, 3)

    def fill(self, rows: slice) -> Array:
        """X for a block."""
        filled: Array = self.memory[: rows.stop - rows.start]
        for j in range(self.kw):
            self.part(filled, j)[...] = self.columns(j, rows)
        return filled


def convolve_columns(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Saved]:
    """x (H, W, N, C), weights (kh, kw, C, F) -> y (OH, OW, N, F), and x's planes and shape."""
    sizes = Planes.under(window, x.shape)
    planes = sizes.of(x)
    kh, kw, c, f = weights.shape
    if sizes.n % 2 or not (kh * kw * c < LOW and LOW // 4 < f <= LOW // 2):
        return _convolve(sizes, planes, weights, bias), (planes, x.shape)
    both = np.zeros((kh, kw, 2 * c, 2 * f), weights.dtype)
    both[:, :, :c, :f] = both[:, :, c:, f:] = weights
    pairs = x.reshape(sizes.h, sizes.w, -1, 2 * c)
    of_pairs = Planes.under(window, pairs.shape)
    y = _convolve(of_pairs, of_pairs.of(pairs), both, None if bias is None else np.concatenate((bias, bias)))
    return y.reshape(*y.shape[:2], sizes.n, f), (planes, x.shape)


def _convolve(sizes: Planes, planes: Array, weights: Array, bias: Array | None) -> Array:
    f = weights.shape[3]
    buffer = _Buffer(sizes, planes, f)
    matrix = empty((buffer.memory.shape[1], f), planes.dtype)
    matrix[:-1] = by_column(weights).reshape(-1, f)
    matrix[-1] = 0 if bias is None else bias
    y = empty((*sizes.out, sizes.n, f), planes.dtype)
    for rows in buffer.blocks:
        values = buffer.products(buffer.fill(rows)).swapaxes(2, 3)
        np.matmul(values, matrix, out=y[rows].reshape(*values.shape[:3], f))
    return y


def convolve_columns_backward(
    dy: Array, saved: Saved, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_columns`: dx, dw and db; None for what is not wanted."""
    planes, shape = saved
    sizes = Planes.under(window, shape)
    f = weights.shape[3]
    buffer = _Buffer(sizes, planes, f)
    matrix = by_column(weights).reshape(-1, f)
    total = zeros((len(matrix) + 1, f), dy.dtype)
    dx = zeros(sizes.shape, dy.dtype) if with_dx else None
    columns = sizes.columns(dx) if dx is not None else None
    for rows in buffer.blocks:
        errors = dy[rows].reshape(-1, buffer.row_windows, f)
        values = buffer.fill(rows)
        products = buffer.products(values)
        of_pieces = empty((*products.shape[:2], *total.shape), dy.dtype)
        np.matmul(products, errors.reshape(*products.shape[:2], -1, f), out=of_pieces)
        total += np.add.reduce(of_pieces.reshape(-1, *total.shape), axis=0)
        if columns is not None:
            np.matmul(matrix, errors.transpose(0, 2, 1), out=values[:, :-1])  # X is not needed any more
            for j in range(buffer.kw):
                scatter(columns, j, rows, buffer.part(values, j))
    dw = by_window(total[:-1], weights.shape)
    return (sizes.images(dx) if dx is not None else None), dw, (total[-1] if with_bias else None)
