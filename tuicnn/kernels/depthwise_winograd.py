"""Depthwise convolution by minimal filtering: as `winograd`, with each channel by itself, so that M = V * U.

    V = BT d B,   M = V * U,   y = AT M A;     dM = A dy AT,   dU = Σ V * dM,   dV = dM * U,   dd = B dV BT

With U = G g GT as (P·P, C). For 3x3 windows NumPy then multiplies 36 times for 16 outputs, where kernel position after
kernel position it multiplies and adds 144 times each.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, Gradients
from .derived import derived
from .memory import empty, zeros
from .tiles import Tiling, tiling
from .transforms import Transforms
from .windows import Window
from .winograd import transformed, transformed_backward

__all__ = ["convolve_depthwise_winograd", "convolve_depthwise_winograd_backward"]


def _wide(weights: Array, cut: Tiling, window: Window, n: int) -> Array:
    """U for a pixel of all images, (P·P, 1, N·C), so that it shares long runs with V."""
    name = f"depthwise {cut.filtering.outputs} {window.stride[0]}"
    u = derived(weights, name, lambda w: transformed(w[:, :, None], cut.filtering.g))
    wide = empty((len(u), n, u.shape[2]), u.dtype)
    wide[...] = u
    return wide.reshape(len(u), 1, -1)


def convolve_depthwise_winograd(
    x: Array, weights: Array, window: Window, bias: Array | None = None
) -> tuple[Array, Array]:
    """x (H, W, N, C), weights (k, k, C) -> y (OH, OW, N, C), for windows that `winograd` takes; and x."""
    h, _, n, c = x.shape
    cut = tiling(x.shape, c, window, x.dtype.char)
    used, transforms = cut.filtering, Transforms(cut, x.dtype.char)
    positions, one = used.pixels**2, used.one * (used.pixels + 1)
    u = _wide(weights, cut, window, n)
    y = empty((*cut.out, n, c), x.dtype)
    v = empty((positions * cut.most.count * cut.pixel_size,), x.dtype)
    for block in cut.blocks:
        values = v[: positions * block.count * cut.pixel_size].reshape(positions, block.count, cut.pixel_size)
        transforms.pixels(x.reshape(h, -1), block, values)
        values *= u
        if bias is not None:
            by_channel = values[one].reshape(-1, c)
            by_channel += bias
        transforms.outputs(values, block, y.reshape(len(y), -1))
    return y, x


def convolve_depthwise_winograd_backward(
    dy: Array, x: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_depthwise_winograd`: dx, dw (k, k, C) and db (C,); None for what is not wanted."""
    h, _, n, c = x.shape
    cut = tiling(x.shape, c, window, x.dtype.char)
    used, transforms = cut.filtering, Transforms(cut, x.dtype.char)
    positions, one = used.pixels**2, used.one * (used.pixels + 1)
    u = _wide(weights, cut, window, n)
    v = empty((positions * cut.most.count * cut.pixel_size,), x.dtype)
    m = empty((positions * cut.most.count * cut.pixel_size,), x.dtype)
    ones = np.ones((1, cut.most.count * n), x.dtype)
    du = zeros((positions, 1, c), x.dtype)
    db = np.zeros(c, x.dtype) if with_bias else None
    dx = empty(x.shape, x.dtype) if with_dx else None
    if dx is not None:
        dx[cut.covered[0] :] = 0
        dx[:, cut.covered[1] :] = 0
    carry = empty((used.pixels, used.overlap * cut.pixel_size), x.dtype)
    for block in cut.blocks:
        values = v[: positions * block.count * cut.pixel_size].reshape(positions, block.count, cut.pixel_size)
        products = m[: positions * block.count * cut.pixel_size].reshape(positions, block.count, cut.pixel_size)
        transforms.outputs_backward(dy.reshape(len(dy), -1), block, products)
        transforms.pixels(x.reshape(h, -1), block, values)
        values *= products
        part = ones[:, : block.count * n]
        du += np.matmul(part, values.reshape(positions, -1, c))
        if db is not None:
            db += np.matmul(part[0], products[one].reshape(-1, c))
        if dx is not None:
            products *= u
            transforms.pixels_backward(products, block, dx.reshape(h, -1), carry, by_band=False)
    return dx, transformed_backward(du, used.gt)[:, :, 0], db
