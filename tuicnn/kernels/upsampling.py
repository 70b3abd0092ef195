"""Images enlarged by whole factors along both axes: each pixel repeated, or values in between.

Both are linear and work along one axis at a time, so their gradients are the adjoints.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tuicnn.lazy_numpy import np

from .arrays import Array
from .memory import empty

__all__ = [
    "upsample_bilinear",
    "upsample_bilinear_backward",
    "upsample_nearest",
    "upsample_nearest_backward",
]

Pair = tuple[int, int]
#: rows of a matrix, the columns in which they are not all 0, and what stands there
Band = tuple[slice, slice, Array]

#: pixels of the smaller image that a band is for: products of a matrix with more zeros cost more than calls
ROWS = 8


def upsample_nearest(x: Array, factor: Pair) -> Array:
    """Each pixel as a block of factor pixels: (H, W, N, C) -> (H·fh, W·fw, N, C)."""
    (fh, fw), (h, w, n, c) = factor, x.shape
    y = empty((h * fh, w * fw, n, c), x.dtype)
    y.reshape(h, fh, w, fw, n * c)[...] = x.reshape(h, 1, w, 1, n * c)
    return y


def upsample_nearest_backward(dy: Array, factor: Pair) -> Array:
    """Each pixel receives the sum of its block: (H·fh, W·fw, N, C) -> (H, W, N, C)."""
    (fh, fw), (_, _, n, c) = factor, dy.shape
    h, w = dy.shape[0] // fh, dy.shape[1] // fw
    dx = empty((h, w, n, c), dy.dtype)
    np.add.reduce(dy.reshape(h, fh, w, fw, n * c), axis=(1, 3), out=dx.reshape(h, w, n * c))
    return dx


def between(factor: int) -> list[tuple[int, float]]:
    """Where the `factor` values lie that come of one pixel i along an axis: (k, share) for each of them.

    The value is (1 - share)·x[i + k] + share·x[i + k + 1], k being -1 or 0: pixels are squares, and the middle of each
    new one lies between the middles of two old ones.
    """
    places = [(2 * r + 1 - factor) / (2 * factor) for r in range(factor)]
    return [(-1, place + 1) if place < 0 else (0, place) for place in places]


@lru_cache(maxsize=64)
def interpolation(size: int, factor: int, dtype: np.dtype[Any], *, adjoint: bool) -> tuple[Band, ...]:
    """The matrix (size·factor, size) that takes the pixels along an axis to the values in between, or its adjoint.

    Beyond an edge lies the edge's own pixel again. Most of it is 0, so it comes in bands of a few rows.
    """
    matrix, pieces = np.zeros((size * factor, size), dtype), between(factor)
    for place in range(size * factor):
        pixel, (k, share) = place // factor, pieces[place % factor]
        matrix[place, max(pixel + k, 0)] += 1 - share
        matrix[place, min(pixel + k + 1, size - 1)] += share
    turned = matrix.T if adjoint else matrix
    high = ROWS if adjoint else ROWS * factor
    return tuple(_band(turned, slice(first, min(first + high, len(turned)))) for first in range(0, len(turned), high))


def _band(matrix: Array, rows: slice) -> Band:
    """Some rows of a matrix, without the columns at both sides that are 0 in them all."""
    used = np.flatnonzero(matrix[rows].any(axis=0))
    columns = slice(int(used[0]), int(used[-1]) + 1)
    return rows, columns, np.ascontiguousarray(matrix[rows, columns])


def along(bands: tuple[Band, ...], x: Array, axis: int) -> Array:
    """The matrix of these bands times x (H, W, N, C) along its columns of pixels (axis 0) or its rows (axis 1)."""
    h, w, n, c = x.shape
    size = bands[-1][0].stop
    shape = (size, w * n * c) if axis == 0 else (h, size, n * c)
    flat, y = x.reshape((h, w * n * c) if axis == 0 else (h, w, n * c)), empty(shape, x.dtype)
    for rows, columns, matrix in bands:
        np.matmul(matrix, flat[..., columns, :], out=y[..., rows, :])
    return y.reshape(*((size, w) if axis == 0 else (h, size)), n, c)


def upsample_bilinear(x: Array, factor: Pair) -> Array:
    """Values in between, as PyTorch's with align_corners=False: (H, W, N, C) -> (H·fh, W·fw, N, C).

    As products with a matrix for each axis: one pass over memory where sums of shifted images take four.
    """
    for axis in (1, 0):
        x = along(interpolation(x.shape[axis], factor[axis], x.dtype, adjoint=False), x, axis)
    return x


def upsample_bilinear_backward(dy: Array, factor: Pair) -> Array:
    """Each pixel receives dy from the values that it is part of, by its share: (H·fh, W·fw, N, C) -> (H, W, N, C)."""
    for axis in (0, 1):
        dy = along(interpolation(dy.shape[axis] // factor[axis], factor[axis], dy.dtype, adjoint=True), dy, axis)
    return dy
