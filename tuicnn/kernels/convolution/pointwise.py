"""Convolution with 1x1 windows: every pixel by itself, so images are already the left factor of one matrix product.

    y (pixels x images, F) = x (pixels x images, C) @ weights (C, F)

The work goes by blocks of rows that fit the cache, so that the bias is added while they are in it. With a stride, the
pixels that are read are first copied; a pixel of all images is one long run.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, channel_sums, contiguous, row_blocks, spread
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window
from .products import equal_pieces

__all__ = ["convolve_pointwise", "convolve_pointwise_backward"]


def _met(x: Array, window: Window) -> Array:
    """The pixels under the windows, (OH, OW, N, C); a view."""
    return x[:: window.stride[0], :: window.stride[1]]


def _together(part: Array, filters: int) -> Array:
    """(rows, OW, N, C) -> (pieces, pixels, C) as they are multiplied, copied where pixels lie apart."""
    _, ow, n, c = part.shape
    if part.strides[1] != n * c * part.itemsize:
        part = contiguous(part)
    return part.reshape(len(part) * equal_pieces(ow * n, c * filters), -1, c)


def _blocks(oh: int, ow: int, n: int, c: int, f: int) -> tuple[slice, ...]:
    return row_blocks(oh, ow * n * (c + f))


def _transposed(weights: Array) -> Array:
    """(1, 1, C, F) -> (F, C), in its own memory: BLAS takes up to twice as long to multiply by it turned on the fly."""
    return np.ascontiguousarray(weights[0, 0].T)


def summed_products(a: Array, b: Array) -> Array:
    """Σ aT b over the first axis, for (K, R, C) and (K, R, F): (C, F).

    As K products and not one of K·R rows, which BLAS would copy (see `products`). All at once where the products are
    smaller than their factors.
    """
    (k, rows, c), f = a.shape, b.shape[2]
    if c * f <= rows * (c + f):
        products = np.matmul(a.swapaxes(1, 2), b, out=empty((k, c, f), a.dtype))
        summed: Array = np.add.reduce(products, axis=0)
        return summed
    total = np.matmul(a[0].T, b[0], out=empty((c, f), a.dtype))
    for left, right in zip(a[1:], b[1:], strict=True):
        total += np.matmul(left.T, right, out=empty((c, f), a.dtype))
    return total


def convolve_pointwise(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """x (H, W, N, C), weights (1, 1, C, F) -> y (OH, OW, N, F), for any stride, without padding; and x."""
    met = _met(x, window)
    oh, ow, n, c = met.shape
    f = weights.shape[3]
    y = empty((oh, ow, n, f), x.dtype)
    each = spread(bias, y) if bias is not None else None
    for rows in _blocks(oh, ow, n, c, f):
        part = y[rows]
        pieces = _together(met[rows], f)
        np.matmul(pieces, weights[0, 0], out=part.reshape(*pieces.shape[:2], f))
        if each is not None:
            part += each
    return y, x


def convolve_pointwise_backward(
    dy: Array, x: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_pointwise`: dx = dy WT at the pixels that were met and 0 elsewhere, dW = xT dy, and
    the sum of dy over all but the filters; None for what is not wanted."""
    met = _met(x, window)
    oh, ow, n, c = met.shape
    f = weights.shape[3]
    all_met = window.stride == (1, 1)
    dx = (empty if all_met else zeros)(x.shape, x.dtype) if with_dx else None
    met_dx = _met(dx, window) if dx is not None else None
    back = derived(weights, "transposed", _transposed) if with_dx else None
    dw = zeros((c, f), x.dtype)
    db = np.zeros(f, np.float64) if with_bias else None
    for rows in _blocks(oh, ow, n, c, f):
        pieces = _together(met[rows], f)
        part = dy[rows].reshape(*pieces.shape[:2], f)
        dw += summed_products(pieces, part)
        if db is not None:
            db += channel_sums(dy[rows])
        if met_dx is None or back is None:
            continue
        if all_met:
            np.matmul(part, back, out=met_dx[rows].reshape(pieces.shape))
        else:
            apart = np.matmul(part, back, out=empty(pieces.shape, x.dtype))
            met_dx[rows] = apart.reshape(-1, ow, n, c)
    return dx, dw.reshape(weights.shape), (db.astype(dy.dtype) if db is not None else None)
