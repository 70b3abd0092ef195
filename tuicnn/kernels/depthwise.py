"""Depthwise convolution: each channel with its own kernel.

y = Σ_ij x_ij w_ij, with x_ij the pixels that position (i, j) of the kernel meets. So dw_ij = Σ x_ij dy over images and
windows, and dx is a sum of dy with the kernel turned round.

Without a stride it is products with banded matrices. With one, `einsum` multiplies and adds shifted images in one pass
over memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tuicnn.lazy_numpy import np

from .arrays import SUMMED, Array, Gradients, channel_sums, row_blocks, spread
from .banded import banded, convolve_banded, convolve_banded_backward
from .memory import empty, zeros
from .windows import Window, padded

__all__ = ["convolve_depthwise", "convolve_depthwise_backward"]


def _wide(weights: Array, n: int) -> Array:
    """(kh, kw, C) -> (kh, kw, N·C): the weights of a pixel of all images, which is one run."""
    kh, kw, c = weights.shape
    wide = empty((kh, kw, n, c), weights.dtype)
    wide[...] = weights[:, :, None]
    return wide.reshape(kh, kw, n * c)


def _taps(xp: Array, window: Window, oh: int, ow: int) -> Array:
    """The view (kh, kw, OH, OW, N·C) of padded images (H, W, N, C): what each position of the kernel meets."""
    row, column, _, number = xp.strides
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    shape = (kh, kw, oh, ow, xp.shape[2] * xp.shape[3])
    strides = (dh * row, dw * column, sh * row, sw * column, number)
    return np.lib.stride_tricks.as_strided(xp, shape, strides)


def convolve_depthwise(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """Cross-correlate each channel of x (H, W, N, C) with its own kernel of weights (kh, kw, C), and add bias (C,).

    Returns y (OH, OW, N, C) and what `convolve_depthwise_backward` takes as `saved`: x, padded where it is shifted.
    """
    by_matrices = banded(window)
    saved = x if by_matrices else padded(x, window.pad)
    y = (convolve_banded if by_matrices else _by_shifts)(saved, weights, window)
    if bias is not None:
        y += spread(bias, y)
    return y, saved


def _by_shifts(xp: Array, weights: Array, window: Window) -> Array:
    """y of padded x."""
    n, c = xp.shape[2:]
    oh, ow = window.out_padded(xp)
    y, wide, taps = empty((oh, ow, n, c), xp.dtype), _wide(weights, n), _taps(xp, window, oh, ow)
    rows_of_y = y.reshape(oh, ow, n * c)
    for rows in row_blocks(oh, 2 * ow * n * c):
        np.einsum("ijhwr,ijr->hwr", taps[:, :, rows], wide, out=rows_of_y[rows])
    return y


def convolve_depthwise_backward(
    dy: Array, saved: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_depthwise`: dx (H, W, N, C), dw (kh, kw, C) and db (C,); None for what is not wanted."""
    db = channel_sums(dy).astype(dy.dtype) if with_bias else None
    if banded(window):
        return *convolve_banded_backward(dy, saved, weights, window, with_dx=with_dx), db
    dx = _by_image(dy, saved.shape, weights, window) if with_dx else None
    return dx, _by_weights(dy, saved, window), db


def _by_weights(dy: Array, xp: Array, window: Window) -> Array:
    """dw (kh, kw, C): some pixels are added in dy's own type, and their sums in float64."""
    oh, ow, n, c = dy.shape
    taps, given = _taps(xp, window, oh, ow), dy.reshape(oh, ow, n * c)
    total = np.zeros((*window.kernel, c), np.float64)
    sums = empty((*window.kernel, n * c), dy.dtype)
    step = max(1, SUMMED // ow)
    for first in range(0, oh, step):
        rows = slice(first, first + step)
        np.einsum("ijhwr,hwr->ijr", taps[:, :, rows], given[rows], out=sums)
        total += np.add.reduce(sums.reshape(*window.kernel, n, c), axis=2, dtype=np.float64)
    return total.astype(dy.dtype)


@dataclass(frozen=True)
class _Phase:
    """Along one axis, the `count` pixels of x at `pixels`: every stride-th.

    Positions `taps` of the kernel meet them. The first position meets the first pixel in window `first`, and each
    further position in a window that is `step` before that.
    """

    pixels: slice
    count: int
    taps: slice
    first: int
    step: int


def _phases(size: int, before: int, kernel: int, stride: int, dilation: int) -> Iterator[_Phase]:
    """The phases of an axis of `size` pixels, with `before` zeros before it.

    The pixel q·stride + phase, counted from the first zero, meets position i of the kernel in window
    q - (i·dilation - phase)/stride, where that is a whole number.
    """
    for start in range(min(stride, size)):
        phase, q = (start + before) % stride, (start + before) // stride
        fitting = [i for i in range(kernel) if (i * dilation - phase) % stride == 0]
        if not fitting:
            continue
        apart = fitting[1] - fitting[0] if len(fitting) > 1 else kernel
        yield _Phase(
            slice(start, None, stride),
            len(range(start, size, stride)),
            slice(fitting[0], None, apart),
            q - (fitting[0] * dilation - phase) // stride,
            apart * dilation // stride,
        )


def _by_image(dy: Array, padded_shape: tuple[int, ...], weights: Array, window: Window) -> Array:
    """dx (H, W, N, C), of x that has `padded_shape` with its border."""
    oh, ow, n, c = dy.shape
    (top, bottom), (left, right) = window.pad
    h, w = padded_shape[0] - top - bottom, padded_shape[1] - left - right
    down = list(_phases(h, top, window.kernel[0], window.stride[0], window.dilation[0]))
    across = list(_phases(w, left, window.kernel[1], window.stride[1], window.dilation[1]))
    # zeros around dy, for positions that meet a pixel in a window that there is not
    (above, below), (west, east) = (
        (
            max([0, *(-(p.first - (len(range(k)[p.taps]) - 1) * p.step) for p in phases)]),
            max([0, *(p.first + p.count - size for p in phases)]),
        )
        for phases, k, size in ((down, window.kernel[0], oh), (across, window.kernel[1], ow))
    )
    around = padded(dy, ((above, below), (west, east)))
    row, column, _, number = around.strides
    wide = _wide(weights, n)
    whole = all(sum(p.count for p in phases) == size for phases, size in ((down, h), (across, w)))
    dx = (empty if whole else zeros)((h, w, n, c), dy.dtype)
    out = dx.reshape(h, w, n * c)
    for vertical in down:
        for horizontal in across:
            own = wide[vertical.taps, horizontal.taps]
            met = np.lib.stride_tricks.as_strided(
                around[above + vertical.first :, west + horizontal.first :],
                (*own.shape[:2], vertical.count, horizontal.count, n * c),
                (-vertical.step * row, -horizontal.step * column, row, column, number),
            )
            into = out[vertical.pixels, horizontal.pixels]
            for rows in row_blocks(vertical.count, 2 * horizontal.count * n * c):
                np.einsum("ijhwr,ijr->hwr", met[:, :, rows], own, out=into[rows])
    return dx
