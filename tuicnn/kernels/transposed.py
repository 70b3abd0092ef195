"""Transposed convolution: the adjoint of a convolution by its images, as a map from small images to large ones.

A convolution takes images (H, W, N, C) to (OH, OW, N, F) and is linear in them. Its adjoint takes (OH, OW, N, F) to
(H, W, N, C): it adds each pixel, times the kernel, at the place of its window. It is computed as the gradient by the
images is, by the kernel that the convolution would take; its own gradients are the convolution's. Source: Dumoulin and
Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, contiguous, pixels, spread
from .convolution import choose, convolve, convolve_backward
from .derived import derived
from .memory import empty, zeros
from .patches import cut, transposed
from .planes import Planes, by_column, scatter
from .tiles import tiling
from .transforms import Transforms
from .turned import turned_weights, turned_window
from .windows import Window
from .winograd import transformed_transposed

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
    dx, saved = convolve(dy, weights, window, groups)
    _, dw, _ = convolve_backward(x, saved, weights, window, groups, with_dx=False, with_bias=False)
    return dx, dw


def _transposed(x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int]) -> Array:
    kernel = choose(shape[0], shape[1], shape[3], weights.shape[3], window)
    if kernel == "winograd":
        return _winograd(x, weights, window, shape)
    if kernel in ("pointwise", "patches"):
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


def _winograd(x: Array, weights: Array, window: Window, shape: tuple[int, int, int, int]) -> Array:
    """By the adjoint of minimal filtering: see `winograd`."""
    (h, _, n, c), f = shape, x.shape[3]
    tiles = tiling(shape, f, window, x.dtype.char)
    used, transforms = tiles.filtering, Transforms(tiles, x.dtype.char)
    name = f"winograd transposed {used.outputs} {window.stride[0]}"
    ut = derived(weights, name, lambda w: transformed_transposed(w, used.g))
    positions = used.pixels**2
    v = empty((positions * tiles.most.count * n * c,), x.dtype)
    m = empty((positions * tiles.most.count * n * f,), x.dtype)
    y = empty(shape, x.dtype)
    y[tiles.covered[0] :] = 0
    y[:, tiles.covered[1] :] = 0
    carry = empty((used.pixels, used.overlap * n * c), x.dtype)
    for block in tiles.blocks:
        count = block.count * n
        values = v[: positions * count * c].reshape(positions, count, c)
        products = m[: positions * count * f].reshape(positions, count, f)
        transforms.outputs_backward(x.reshape(len(x), -1), block, products)
        transforms.products_backward(products, ut, block, values)
        transforms.pixels_backward(values, block, y.reshape(h, -1), carry)
    return y
