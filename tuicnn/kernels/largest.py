"""The largest value of each image's channels, and where it stands: pooling whose window is the image.

One pass finds the largest values, one which pixels are as large, and one the first of those: by the largest of numbers
that fall from pixel to pixel, a byte each where the image is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .arrays import Array
from .memory import empty, zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["largest", "largest_backward", "largest_place"]


def largest(x: Array) -> Array:
    """(H, W, N, C) -> (N, C)."""
    h, w, n, c = x.shape
    y: Array = np.maximum.reduce(x.reshape(h * w, n * c), axis=0)
    return y.reshape(n, c)


def largest_place(x: Array, y: Array) -> NDArray[np.intp]:
    """The pixel of x (H, W, N, C) in which each of the largest values y (N, C) stands, (N·C,); of equal ones the first
    in reading order. A pixel for a value that is no number, too."""
    count = x.shape[0] * x.shape[1]
    kind: Any = np.min_scalar_type(count)
    found = empty((count, y.size), np.bool_)
    np.equal(x, y, out=found.reshape(x.shape))
    falling = np.arange(count, 0, -1, dtype=kind)[:, None]
    marks = np.multiply(found.view(np.uint8), falling, out=empty(found.shape, kind))
    places: NDArray[np.intp] = count - np.maximum.reduce(marks, axis=0).astype(np.intp)
    np.minimum(places, count - 1, out=places)
    return places


def largest_backward(dy: Array, places: NDArray[np.intp], shape: tuple[int, ...]) -> Array:
    """dy (N, C) at those pixels, and 0 elsewhere: (H, W, N, C)."""
    dx = zeros(shape, dy.dtype)
    dx.reshape(shape[0] * shape[1], dy.size)[places, np.arange(dy.size)] = dy.reshape(-1)
    return dx
