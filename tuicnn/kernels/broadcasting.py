"""Products of images of unlike sizes: an axis of 1 in one of them stands for every place along that axis.

All have four axes, (H, W, N, C); as many images each.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuicnn.lazy_numpy import np

from .arrays import Array, constant, pixel_sums
from .memory import empty
from .statistics import pixel_product_sums

__all__ = ["broadcast_product", "broadcast_sum", "broadcast_sum_of_products"]


def broadcast_product(arrays: Sequence[Array]) -> Array:
    """The product of all, each repeated along its axes of 1: one pass over memory for each array but the first."""
    product = arrays[0]
    for x in arrays[1:]:
        shape = tuple(map(max, product.shape, x.shape))
        product = np.multiply(product, x, out=empty(shape, x.dtype))
    return product


def broadcast_sum(x: Array, shape: tuple[int, ...]) -> Array:
    """The adjoint of repeating an array of `shape` to x's: the sum along each axis that is 1 there."""
    if shape[3] < x.shape[3]:
        x = np.matmul(x, constant(1, x.shape[3], x.dtype))[..., None]
    over = tuple(axis for axis in (0, 1) if shape[axis] < x.shape[axis])
    if over == (0, 1):
        return pixel_sums(x).astype(x.dtype)[None, None]
    if over:
        sums: Array = np.add.reduce(x, axis=over, keepdims=True)
        return sums
    return x


def broadcast_sum_of_products(a: Array, b: Array, shape: tuple[int, ...]) -> Array:
    """`broadcast_sum` of a·b, for a that is as large as any: without the products in memory, where b is as large."""
    if a.shape == b.shape and shape[:2] == (1, 1) and a.shape[0] * a.shape[1] > 1 and shape[3] == a.shape[3]:
        return pixel_product_sums(a, b).astype(a.dtype)[None, None]
    if a.shape == b.shape and shape[3] == 1 < a.shape[3]:
        return broadcast_sum(np.einsum("hwnc,hwnc->hwn", a, b)[..., None], shape)
    return broadcast_sum(np.multiply(a, b, out=empty(a.shape, a.dtype)), shape)
