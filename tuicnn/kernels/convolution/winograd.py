"""Winograd's convolution: `filtering` along both axes, so that 3x3 windows take 36 products for 16 outputs, not 144.

Minimal filtering computes a few outputs of a filter g from a tile d of the signal as y = AT [(G g) * (BT d)], with
constant matrices. Nested over both axes of an image:

    y = AT [ (G g GT) * (BT d B) ] A                                                      (* value by value)

Sums over channels may be taken before the last transform. So for each of the P x P positions the sum over channels is
one matrix product: with U = G g GT as (P·P, C, F) and V = BT d B as (P·P, tiles x images, C), M = V U is (P·P, tiles x
images, F). Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016).

The gradients are the adjoint of each step, in the opposite order, and cost as little:

    dM = A dy AT,   dU = VT dM,   dV = dM UT,   dg = GT dU G,   dd = B dV BT, summed where tiles overlap

The bias: AT has a column of ones (that of the point 1), so what is added to that position of M, in both axes, is added
to every output; and that position of dM is the sum of the tile's dy.

Rounding: in float32 the error is 2e-6 to 9e-6 of the largest value (see `filtering.POINTS`), that of direct sums 5e-7.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, contiguous, row_blocks
from ..derived import derived
from ..memory import empty
from ..windows import Window
from .products import multiply_rows
from .tiles import tiling
from .transforms import Transforms

__all__ = ["convolve_winograd", "convolve_winograd_backward", "transformed", "transformed_backward"]


def both_axes(m: Array, square: Array) -> Array:
    """m S mT for each of the last axis: m (a, b) and S (b, b, R) -> (a, a, R), in memory used before."""
    high, wide = m.shape
    count = square.shape[2]
    result: Array = empty((high, high, count), square.dtype)
    blocks = row_blocks(count, wide * (wide + high))
    along: Array = empty((high, wide, blocks[0].stop), square.dtype)
    for block in blocks:
        part = along[:, :, : block.stop - block.start]
        multiply_rows(m, square[:, :, block].swapaxes(0, 1), out=part.swapaxes(0, 1))
        multiply_rows(m, part, out=result[:, :, block])
    return result


def transformed(weights: Array, g: Array) -> Array:
    """U = G g GT: (k, k, C, F) -> (P·P, C, F)."""
    k, _, c, f = weights.shape
    return both_axes(g, weights.reshape(k, k, -1)).reshape(-1, c, f)


def transformed_transposed(weights: Array, g: Array) -> Array:
    """UT, (P·P, F, C), contiguous: BLAS takes two to three times as long to multiply by a transposed view of U.

    Computed from the transposed weights, which are fewer than U's values: a quarter for U of 6x6 and weights of 3x3.
    """
    return transformed(contiguous(weights.transpose(0, 1, 3, 2)), g)


def transformed_backward(du: Array, gt: Array) -> Array:
    """dg = GT dU G: (P·P, C, F) -> (k, k, C, F)."""
    _, c, f = du.shape
    k, size = gt.shape
    return both_axes(gt, du.reshape(size, size, -1)).reshape(k, k, c, f)


def convolve_winograd(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """x (H, W, N, C), weights (k, k, C, F) -> y (OH, OW, N, F), and x.

    For square kernels, the same stride along both axes, shorter than the kernel, any padding, and no dilation.
    """
    h, _, n, c = x.shape
    f = weights.shape[3]
    cut = tiling(x.shape, f, window, x.dtype.char)
    used, transforms = cut.filtering, Transforms(cut, x.dtype.char)
    positions, one = used.pixels**2, used.one * (used.pixels + 1)
    u = derived(weights, f"winograd {used.outputs} {window.stride[0]}", lambda w: transformed(w, used.g))
    y = empty((*cut.out, n, f), x.dtype)
    v = empty((positions * cut.most.count * n * c,), x.dtype)
    m = empty((positions * cut.most.count * n * f,), x.dtype)
    rows_in, rows_out = x.reshape(h, -1), y.reshape(len(y), -1)
    for block in cut.blocks:
        rows = block.count * n
        values = v[: positions * rows * c].reshape(positions, rows, c)
        products = m[: positions * rows * f].reshape(positions, rows, f)
        transforms.pixels(rows_in, block, values)
        np.matmul(values, u, out=products)
        if bias is not None:
            products[one] += bias
        transforms.outputs(products, block, rows_out)
    return y, x


def convolve_winograd_backward(
    dy: Array, x: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_winograd`: dx as x, dw as weights, and db (F,), the sum of dy over all but the filters;
    None for what is not wanted."""
    h, _, n, c = x.shape
    f = weights.shape[3]
    cut = tiling(x.shape, f, window, x.dtype.char)
    used, transforms = cut.filtering, Transforms(cut, x.dtype.char)
    positions, one = used.pixels**2, used.one * (used.pixels + 1)
    v = empty((positions * cut.most.count * n * c,), x.dtype)
    m = empty((positions * cut.most.count * n * f,), x.dtype)
    du, part = empty((positions, c, f), x.dtype), empty((positions, c, f), x.dtype)
    db, ones = (np.zeros(f, x.dtype), np.ones(cut.most.count * n, x.dtype)) if with_bias else (None, None)
    dx = ut = None
    if with_dx:
        dx = empty(x.shape, x.dtype)
        dx[cut.covered[0] :] = 0
        dx[:, cut.covered[1] :] = 0
        name = f"winograd transposed {used.outputs} {window.stride[0]}"
        ut = derived(weights, name, lambda w: transformed_transposed(w, used.g))
    carry = empty((used.pixels, used.overlap * n * c), x.dtype)
    rows_in, rows_out = x.reshape(h, -1), dy.reshape(len(dy), -1)
    rows_dx = dx.reshape(h, -1) if dx is not None else None
    for block in cut.blocks:
        rows = block.count * n
        values = v[: positions * rows * c].reshape(positions, rows, c)
        products = m[: positions * rows * f].reshape(positions, rows, f)
        transforms.outputs_backward(rows_out, block, products)
        if db is not None and ones is not None:
            db += np.matmul(ones[:rows], products[one])
        transforms.pixels(rows_in, block, values)
        if block is cut.blocks[0]:
            np.matmul(values.transpose(0, 2, 1), products, out=du)
        else:
            np.matmul(values.transpose(0, 2, 1), products, out=part)
            du += part
        if rows_dx is not None and ut is not None:
            transforms.products_backward(products, ut, block, values)
            transforms.pixels_backward(values, block, rows_dx, carry)
    return dx, transformed_backward(du, used.gt), db
