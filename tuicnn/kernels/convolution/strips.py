"""Convolution as a sum of matrix products, one for each column of the kernel, with nothing copied.

For one row of what comes out, `planes.Planes` has the pixels that column j of the kernel meets as a matrix X_j
(kh·C, OW·N). So, with W_j (kh·C, F) the kernel's column j,

    y_row (OW·N, F) = Σ_j X_jT W_j,     dW_j = Σ_rows X_j dy_row,     dX_j = W_j dy_rowT, summed into dx's planes
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, Saved, channel_sums, spread
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window
from .planes import Planes, by_column, by_window, scatter

__all__ = ["convolve_strips", "convolve_strips_backward"]


def convolve_strips(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Saved]:
    """x (H, W, N, C), weights (kh, kw, C, F) -> y (OH, OW, N, F), and x's planes and shape."""
    sizes = Planes.under(window, x.shape)
    planes = sizes.of(x)
    columns, matrices = sizes.columns(planes), derived(weights, "by column", by_column)
    f, n = weights.shape[3], sizes.n
    oh, ow = sizes.out
    y = empty((oh, ow, n, f), x.dtype)
    each = spread(bias, y) if bias is not None else None
    for rows in sizes.blocks(ow * n * (matrices.shape[1] + 2 * f) // 2):
        part = y[rows].reshape(-1, ow * n, f)
        more = empty(part.shape, x.dtype)
        for j, matrix in enumerate(matrices):
            np.matmul(columns(j, rows).transpose(0, 2, 1), matrix, out=more if j else part)
            if j:
                part += more
        if each is not None:
            y[rows] += each
    return y, (planes, x.shape)


def convolve_strips_backward(
    dy: Array, saved: Saved, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_strips`: dx, dw and db; None for what is not wanted."""
    planes, shape = saved
    sizes = Planes.under(window, shape)
    columns, matrices = sizes.columns(planes), derived(weights, "by column", by_column)
    f, row_windows = weights.shape[3], sizes.out[1] * sizes.n
    total = zeros(matrices.shape, dy.dtype)
    db = np.zeros(f, np.float64) if with_bias else None
    dx = zeros(sizes.shape, dy.dtype) if with_dx else None
    dx_columns = sizes.columns(dx) if dx is not None else None
    for rows in sizes.blocks(row_windows * (2 * matrices.shape[1] + f) // 2):
        errors = dy[rows].reshape(-1, row_windows, f)
        if db is not None:
            db += channel_sums(dy[rows])
        values = empty((len(errors), matrices.shape[1], row_windows), dy.dtype)
        for j, matrix in enumerate(matrices):
            products = empty((len(errors), *total.shape[1:]), dy.dtype)
            total[j] += np.add.reduce(np.matmul(columns(j, rows), errors, out=products), axis=0)
            if dx_columns is not None:
                np.matmul(matrix, errors.transpose(0, 2, 1), out=values)
                scatter(dx_columns, j, rows, values)
    dw = by_window(total, weights.shape)
    return (sizes.images(dx) if dx is not None else None), dw, (db.astype(dy.dtype) if db is not None else None)
