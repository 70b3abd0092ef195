"""Transposed convolution: the adjoint of a convolution by its images, as a map from small images to large ones.

A convolution takes images (H, W, N, C) to (OH, OW, N, F) and is linear in them. Its adjoint takes (OH, OW, N, F) to
(H, W, N, C): it adds each pixel, times the kernel, at the place of its window. At stride 1 that is a convolution with
the kernels turned round. Its own gradients are the convolution's. Source: Dumoulin and Visin, A guide to convolution
arithmetic for deep learning (2016), chapter 4.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, contiguous, pixels, spread
from .convolution import choose, convolve, convolve_backward
from .derived import derived
from .memory import empty, zeros
from .patches import cut, transposed
from .planes import Planes, by_column, scatter
from .strips import convolve_strips, convolve_strips_backward
from .turned import turned_weights, turned_window
from .windows import Window

__all__ = ["convolve_transposed", "convolve_transposed_backward"]


def convolve_transposed(
    x: Array, weights: Array, window: Window, size: tuple[int, int], groups: int = 1, bias: Array | None = None
) -> Array:
    """x (OH, OW, N, F) -> y of `size` (H, W, N, C), for weights (kh, kw, C/groups, F) and bias (C,).

    `window` is that of the convolution from y to x.
    """
    n, f = x.shape[2:]
    c = weights.shape[2]
    shape = *size, n, c
    if not n:
        return empty((*size, 0, c * groups), x.dtype)
    if groups == 1:
        y = _transposed(x, weights, window, shape)
    else:
        y = empty((*size, n, c * groups), x.dtype)
        for g in range(groups):
            own = slice(g * f // groups, (g + 1) * f // groups)
            part = contiguous(x[..., own]), contiguous(weights[..., own])
            pixels(y[..., g * c : (g + 1) * c])[...] = pixels(_transposed(*part, window, shape))
    if bias is not None:
        y += spread(bias, y)
    return y


def convolve_transposed_backward(
    dy: Array, x: Array, weights: Array, window: Window, groups: int = 1
) -> tuple[Array, Array]:
    """dx and dw as x and weights. y is the adjoint of a convolution applied to x, so dx is the convolution of dy; and
    Σ y·dy = Σ x·dx, so dw is what the convolution's weights have where x is the gradient by its output."""
    if groups == 1 or not len(x):
        return _backward(dy, x, weights, window)
    c, f = weights.shape[2], x.shape[3]
    dx, dw = empty(x.shape, x.dtype), empty(weights.shape, x.dtype)
    for g in range(groups):
        own = slice(g * f // groups, (g + 1) * f // groups)
        part = contiguous(dy[..., g * c : (g + 1) * c]), contiguous(x[..., own]), contiguous(weights[..., own])
        dx[..., own], dw[..., own] = _backward(*part, window)
    return dx, dw


def _backward(dy: Array, x: Array, weights: Array, window: Window) -> tuple[Array, Array]:
    if x.shape[2] and _by_strips(dy.shape, weights.shape[3], window):
        dx, kept = convolve_strips(dy, weights, window)
        return dx, convolve_strips_backward(x, kept, weights, window, with_dx=False, with_bias=False)[1]
    dx, saved = convolve(dy, weights, window)
    return dx, convolve_backward(x, saved, weights, window, with_dx=False, with_bias=False)[1]


def _by_strips(shape: tuple[int, ...], filters: int, window: Window) -> bool:
    """Whether strips take the place of minimal filtering: with a stride, they take half its time without dx."""
    return window.stride != (1, 1) and choose(shape[0], shape[1], shape[3], filters, window) == "winograd"


def _transposed(x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int]) -> Array:
    if choose(shape[0], shape[1], shape[3], weights.shape[3], window) in ("pointwise", "patches"):
        return _separate(x, weights, window, shape)
    turned = turned_window(window)
    if turned is not None:
        return convolve(x, derived(weights, "turned", turned_weights), turned)[0]
    return _planes(x, weights, window, shape)


def _separate(x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int]) -> Array:
    """Where no two windows share a pixel: each pixel of x makes its own patch."""
    (oh, ow, n, f), (kh, kw), (sh, sw) = x.shape, window.kernel, window.stride
    values = empty((oh, ow, n, kh, kw, shape[3]), x.dtype)
    back = derived(weights, "transposed", transposed)
    np.matmul(x.reshape(oh, ow * n, f), back, out=values.reshape(oh, ow * n, -1))
    covered = (kh, kw) == (sh, sw) and (oh * kh, ow * kw) == shape[:2]
    y = (empty if covered else zeros)(shape, x.dtype)
    if (kh, kw) == (1, 1):
        pixels(y)[::sh, ::sw] = pixels(values.reshape(oh, ow, n, -1))
    else:
        cut(y, window)[...] = pixels(values)
    return y


def _planes(x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int]) -> Array:
    """One product for all of the kernel, which is added up column by column: see `planes` and `strips`."""
    sizes = Planes.under(window, shape)
    matrix = derived(weights, "by column in one", lambda w: by_column(w).reshape(-1, w.shape[3]))
    row_windows, f = sizes.out[1] * sizes.n, x.shape[3]
    high = window.kernel[0] * sizes.c
    planes = zeros(sizes.shape, x.dtype)
    columns = sizes.columns(planes)
    for rows in sizes.blocks(row_windows * (len(matrix) + f) // 2):
        part = x[rows].reshape(-1, row_windows, f)
        values = empty((len(part), len(matrix), row_windows), x.dtype)
        np.matmul(matrix, part.transpose(0, 2, 1), out=values)
        for j in range(window.kernel[1]):
            scatter(columns, j, rows, values[:, j * high : (j + 1) * high])
    return sizes.images(planes)
