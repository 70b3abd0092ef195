"""Softmax over the last axis. Sums and products that concern a whole row are made by `matmul` and `einsum`: NumPy's own
reductions of a short last axis take ten times as long."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuicnn.lazy_numpy import np

from .arrays import Array, constant
from .memory import empty

__all__ = ["softmax", "softmax_backward"]

#: values that are worked on at once: 128 KB in float32
PART = 2**15
#: the least sum of a row's exponentials that still has all of its digits that count
LEAST = 1e-12


def _parts(*arrays: Array) -> Iterator[list[Array]]:
    """The same places of each array (..., V), as (places, V): as many as stay in the cache."""
    rows = [array.reshape(-1, array.shape[-1]) for array in arrays]
    step = max(1, PART // max(1, rows[0].shape[1]))
    for first in range(0, len(rows[0]), step):
        yield [array[first : first + step] for array in rows]


def softmax(x: Array) -> Array:
    """exp(x_i) / Σ_j exp(x_j) over the last axis.

    The largest x is taken off first: it changes nothing, and no exp can overflow. It is that of many rows, and each
    row's own only where a row is so far below that its sum would be too small: that takes longer.
    """
    y = empty(x.shape, x.dtype)
    for given, out in _parts(x, y):
        total = _exponentials(given, given.max(), out)
        if not total.min() > LEAST:
            total = _exponentials(given, given.max(axis=1, keepdims=True), out)
        np.einsum("pv,p->pv", out, np.reciprocal(total, out=total), out=out)
    return y


def _exponentials(x: Array, largest: Array, out: Array) -> Array:
    """exp(x - largest) into `out`, and its sum over each row. NumPy's exp2 takes half the time of its exp."""
    np.subtract(x, largest, out=out)
    out *= math.log2(math.e)
    np.exp2(out, out=out)
    total: Array = np.matmul(out, constant(1, x.shape[1], x.dtype))
    return total


def softmax_backward(dy: Array, y: Array) -> Array:
    """∂y_i/∂x_j = y_i([i = j] - y_j), so dx_j = Σ_i dy_i ∂y_i/∂x_j = y_j·dy_j - y_j·Σ_i dy_i·y_i."""
    dx = empty(dy.shape, dy.dtype)
    for given, made, out in _parts(dy, y, dx):
        np.multiply(given, made, out=out)
        total = np.matmul(out, constant(1, out.shape[1], out.dtype))
        out -= np.einsum("pv,p->pv", made, total, out=empty(out.shape, out.dtype))
    return dx
