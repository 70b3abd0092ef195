"""Transposed convolution: the adjoint of a convolution by its images, as a map from small images to large ones.

A convolution takes images (H, W, N, C) to (OH, OW, N, F) and is linear in them. Its adjoint takes (OH, OW, N, F) to
(H, W, N, C): it adds each pixel, times the kernel, at the place of its window. At stride 1 that is a convolution with
the kernels turned round. With one, the pixels at each place in a block of `stride` pixels are such a convolution, and
all places are filters of one. Its own gradients are the convolution's. Source: Dumoulin and Visin, A guide to
convolution arithmetic for deep learning (2016), chapter 4.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, contiguous, pixels, spread
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window
from .dispatch import choose, convolve, convolve_backward, weights_of_group
from .patches import cut, transposed
from .planes import Planes, by_column, scatter
from .strips import convolve_strips, convolve_strips_backward
from .turned import turned_weights, turned_window

__all__ = ["convolve_transposed", "convolve_transposed_backward"]

#: the share of a kernel's rows that phases must not fill with zeros: 4x4 at stride 2 has 4 of 6, 3x3 only 3 of 6
DENSE = 0.6


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
        return _transposed(x, weights, window, shape, bias)
    y = empty((*size, n, c * groups), x.dtype)
    for g in range(groups):
        own, out = slice(g * f // groups, (g + 1) * f // groups), slice(g * c, (g + 1) * c)
        part = contiguous(x[..., own]), weights_of_group(weights, g, groups)
        shift = bias[out] if bias is not None else None
        pixels(y[..., out])[...] = pixels(_transposed(*part, window, shape, shift))
    return y


def convolve_transposed_backward(
    dy: Array, x: Array, weights: Array, window: Window, groups: int = 1
) -> tuple[Array, Array]:
    """dx and dw as x and weights. y is the adjoint of a convolution applied to x, so dx is the convolution of dy; and
    Σ y·dy = Σ x·dx, so dw is what the convolution's weights have where x is the gradient by its output."""
    if groups == 1:
        return _backward(dy, x, weights, window)
    c, f = weights.shape[2], x.shape[3]
    dx, dw = empty(x.shape, x.dtype), empty(weights.shape, x.dtype)
    for g in range(groups):
        own = slice(g * f // groups, (g + 1) * f // groups)
        part = contiguous(dy[..., g * c : (g + 1) * c]), contiguous(x[..., own])
        dx[..., own], dw[..., own] = _backward(*part, weights_of_group(weights, g, groups), window)
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


def _transposed(
    x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int], bias: Array | None
) -> Array:
    apart = choose(shape[0], shape[1], shape[3], weights.shape[3], window) in ("pointwise", "patches")
    turned = None if apart else turned_window(window)
    if turned is not None:
        return convolve(x, derived(weights, "turned", turned_weights), turned, bias=bias)[0]
    phases = None if apart else by_phases(x.shape[:2], weights, window, shape[:2])
    if phases is not None:
        return _by_phases(x, weights, window, phases, bias)
    y = (_separate if apart else _planes)(x, weights, window, shape)
    if bias is not None:
        y += spread(bias, y)
    return y


def by_phases(given: tuple[int, ...], weights: Array, window: Window, size: tuple[int, ...]) -> Window | None:
    """The window under which the pixels of y at one place in each block of `stride` pixels are a convolution of x, for
    all such places, or None where that is no way to compute it.

    Pixel q·stride + r meets position i of the kernel in pixel q + o of x, with i = r + pad - o·stride.
    """
    kernel, stride = window.kernel[0], window.stride[0]
    square = window.kernel == (kernel, kernel) and window.stride == (stride, stride) and window.dilation == (1, 1)
    if not square or size != (given[0] * stride, given[1] * stride):
        return None
    reach = [((kernel - 1 - before) // stride, (stride - 1 + before) // stride) for before, _ in window.pad]
    wide = 1 + sum(reach[0])
    if reach[0] != reach[1] or kernel < DENSE * wide * stride:
        return None
    phases = Window((wide, wide), (1, 1), (reach[0], reach[1]))
    method = choose(given[0], given[1], weights.shape[3], weights.shape[2] * stride**2, phases)
    return phases if method == "winograd" else None


def _by_phases(x: Array, weights: Array, window: Window, phases: Window, bias: Array | None) -> Array:
    """All places in a block as filters of one convolution, then each to its place."""
    (h, w, n, f), c, stride = x.shape, weights.shape[2], window.stride[0]
    (size, _), (before, _) = phases.kernel, phases.pad[0]

    def make(weights: Array) -> Array:
        filters = np.zeros((size, size, f, stride, stride, c), weights.dtype)
        down, across = (
            [
                (k, r, i)
                for k in range(size)
                for r in range(stride)
                if 0 <= (i := r + pad - stride * (k - before)) < window.kernel[0]
            ]
            for pad, _ in window.pad
        )
        for k, r, i in down:
            for m, q, j in across:
                filters[k, m, :, r, q] = weights[i, j].T
        return filters.reshape(size, size, f, -1)

    shift = np.tile(bias, stride**2) if bias is not None else None
    values, _ = convolve(x, derived(weights, "phases", make), phases, bias=shift)
    y = empty((h, stride, w, stride, n, c), x.dtype)
    pixels(y)[...] = pixels(values.reshape(h, w, n, stride, stride, c)).transpose(0, 3, 1, 4, 2)
    return y.reshape(h * stride, w * stride, n, c)


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
