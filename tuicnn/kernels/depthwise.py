"""Depthwise convolution: each channel with its own kernel, one kernel position at a time and without a product."""

from __future__ import annotations

from tuicnn.later import np

from .arrays import Array, blocks, channel_sums, spread
from .windows import Window, padded, tap, unpadded

__all__ = ["convolve_depthwise", "convolve_depthwise_backward"]


def convolve_depthwise(x: Array, weights: Array, window: Window) -> tuple[Array, Array]:
    """Cross-correlate each channel of x (N, H, W, C) with its own kernel of weights (kh, kw, C).

    Returns y (N, OH, OW, C) and the padded x, which `convolve_depthwise_backward` takes.
    """
    xp = padded(x, window.pad)
    n, c = x.shape[0], x.shape[3]
    oh, ow = window.out_padded(xp)
    kh, kw = window.kernel
    y = np.empty((n, oh, ow, c), x.dtype)
    wide = [[spread(weights[i, j], y) for j in range(kw)] for i in range(kh)]
    for images, rows in blocks(n, oh, 3 * ow * c):
        part = y[images, rows]
        np.multiply(tap(xp, window, 0, 0, images, rows), wide[0][0], out=part)
        product = np.empty_like(part)
        for i in range(kh):
            for j in range(kw):
                if i or j:
                    np.multiply(tap(xp, window, i, j, images, rows), wide[i][j], out=product)
                    part += product
    return y, xp


def convolve_depthwise_backward(
    dy: Array, xp: Array, weights: Array, window: Window, *, with_dx: bool = True
) -> tuple[Array | None, Array]:
    """The adjoint of `convolve_depthwise`: dy (N, OH, OW, C) -> dx (N, H, W, C), or None if it is not wanted, and dw.

    y = Σ_ij x_ij w_ij, with x_ij the pixels that position (i, j) meets. So dw_ij = Σ x_ij dy over images and windows,
    and dx receives w_ij dy at the pixels of x_ij.
    """
    n, oh, ow, c = dy.shape
    kh, kw = window.kernel
    dxp = np.zeros_like(xp) if with_dx else None
    wide = [[spread(weights[i, j], dy) for j in range(kw)] for i in range(kh)]
    total = np.zeros(weights.shape, np.float64)
    for images, rows in blocks(n, oh, 3 * ow * c):
        part = dy[images, rows]
        product = np.empty_like(part)
        for i in range(kh):
            for j in range(kw):
                np.multiply(tap(xp, window, i, j, images, rows), part, out=product)
                total[i, j] += channel_sums(product)
                if dxp is not None:
                    np.multiply(part, wide[i][j], out=product)
                    tap(dxp, window, i, j, images, rows)[...] += product
    return (unpadded(dxp, window.pad) if dxp is not None else None), total.astype(weights.dtype)
