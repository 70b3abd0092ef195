"""Depthwise convolution: each channel with its own kernel, by minimal filtering where that saves products.

Elsewhere one kernel position at a time, for all windows at once: y = Σ_ij x_ij w_ij, with x_ij the pixels that position
(i, j) meets. So dw_ij = Σ x_ij dy over images and windows, and dx receives w_ij dy at the pixels of x_ij.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, Gradients, channel_sums, row_blocks, spread
from .depthwise_winograd import convolve_depthwise_winograd, convolve_depthwise_winograd_backward
from .filtering import saves
from .memory import empty, zeros
from .windows import Window, padded, tap, unpadded

__all__ = ["convolve_depthwise", "convolve_depthwise_backward"]

#: by how much products must be fewer for minimal filtering to pay: half the time for 3x3 and 5x5, but no gain for 3x3
#: with stride 2, which has 1.8 times fewer
SAVING = 2


def _wide(weights: Array, n: int) -> Array:
    """(kh, kw, C) -> (kh, kw, N, C): the weights of a pixel of all images, which are then one run."""
    kh, kw, c = weights.shape
    wide = empty((kh, kw, n, c), weights.dtype)
    wide[...] = weights[:, :, None]
    return wide


def convolve_depthwise(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """Cross-correlate each channel of x (H, W, N, C) with its own kernel of weights (kh, kw, C), and add bias (C,).

    Returns y (OH, OW, N, C) and what `convolve_depthwise_backward` takes as `saved`.
    """
    if saves(window, *window.out(x.shape[0], x.shape[1]), at_least=SAVING):
        return convolve_depthwise_winograd(x, weights, window, bias)
    return _by_position(x, weights, window, bias)


def convolve_depthwise_backward(
    dy: Array, saved: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_depthwise`: dx (H, W, N, C), dw (kh, kw, C) and db (C,); None for what is not wanted."""
    if saves(window, dy.shape[0], dy.shape[1], at_least=SAVING):
        return convolve_depthwise_winograd_backward(dy, saved, weights, window, with_dx=with_dx, with_bias=with_bias)
    return _by_position_backward(dy, saved, weights, window, with_dx, with_bias)


def _by_position(x: Array, weights: Array, window: Window, bias: Array | None) -> tuple[Array, Array]:
    """y and the padded x."""
    xp = padded(x, window.pad)
    n, c = x.shape[2:]
    oh, ow = window.out_padded(xp)
    kh, kw = window.kernel
    y = empty((oh, ow, n, c), x.dtype)
    wide = _wide(weights, n)
    each = spread(bias, y) if bias is not None else None
    for rows in row_blocks(oh, 3 * ow * n * c):
        part = y[rows]
        np.multiply(tap(xp, window, 0, 0, rows), wide[0, 0], out=part)
        product = empty(part.shape, x.dtype)
        for i in range(kh):
            for j in range(kw):
                if i or j:
                    np.multiply(tap(xp, window, i, j, rows), wide[i, j], out=product)
                    part += product
        if each is not None:
            part += each
    return y, xp


def _by_position_backward(
    dy: Array, xp: Array, weights: Array, window: Window, with_dx: bool, with_bias: bool
) -> Gradients:
    oh, ow, n, c = dy.shape
    kh, kw = window.kernel
    dxp = zeros(xp.shape, xp.dtype) if with_dx else None
    wide = _wide(weights, n)
    total = np.zeros(weights.shape, np.float64)
    db = np.zeros(c, np.float64) if with_bias else None
    for rows in row_blocks(oh, 3 * ow * n * c):
        part = dy[rows]
        product = empty(part.shape, dy.dtype)
        for i in range(kh):
            for j in range(kw):
                np.multiply(tap(xp, window, i, j, rows), part, out=product)
                total[i, j] += channel_sums(product)
                if dxp is not None:
                    np.multiply(part, wide[i, j], out=product)
                    place = tap(dxp, window, i, j, rows)
                    place += product
        if db is not None:
            db += channel_sums(part)
    dx = unpadded(dxp, window.pad) if dxp is not None else None
    return dx, total.astype(weights.dtype), (db.astype(dy.dtype) if db is not None else None)
