"""What all kernels share: the type of an array, and sums over everything but the channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Array", "blocks", "channel_sums", "image_sums", "spread"]

#: float32 where a network trains, float64 where it is checked; a kernel gives back what it was given
Array: TypeAlias = "NDArray[np.floating[Any]]"

#: elements that one block of work may touch: 512 KB in float32, half of a usual second-level cache
BLOCK = 2**17


def blocks(images: int, rows: int, row_cost: int) -> Iterator[tuple[slice, slice]]:
    """Cut (images, rows) into blocks that stay in a core's cache, given the elements that one row touches.

    A block is several whole images, or some rows of one image, so that it is one piece of memory in an array
    (N, H, W, C). The cut depends on shapes alone, so sums over blocks are the same however many threads run.
    """
    at_once = max(1, BLOCK // max(1, row_cost))
    if at_once >= rows:
        step = at_once // max(1, rows)
        for first in range(0, images, step):
            yield slice(first, min(images, first + step)), slice(0, rows)
    else:
        for image in range(images):
            for first in range(0, rows, at_once):
                yield slice(image, image + 1), slice(first, min(rows, first + at_once))


def image_sums(x: Array) -> Array:
    """The sum over each image's positions, (N, H, W, C) or (N, V) -> (N, C) or (N, V), in x's own type.

    As a product with ones: NumPy's own reduction over the first of two axes has an inner loop of only C elements.
    """
    if x.ndim == 2:
        return x
    n, h, w, c = x.shape
    sums: Array = np.matmul(np.ones(h * w, x.dtype), x.reshape(n, h * w, c))
    return sums


def channel_sums(x: Array) -> NDArray[np.float64]:
    """The sum over all but the last axis, (N, H, W, C) or (N, V) -> (C,) or (V,): in x's type for each image, in
    float64 over the images, so that the error does not grow with the batch."""
    return np.asarray(image_sums(x).sum(axis=0, dtype=np.float64))


def spread(values: Array, x: Array) -> Array:
    """One value a channel, (C,), repeated to (W, C) where x is an image: x and it then share runs of W·C elements.

    NumPy loops over the last axis alone otherwise, and a loop over 8 channels costs more than its 8 operations.
    """
    if x.ndim == 2:
        return values
    return np.tile(values, x.shape[2]).reshape(x.shape[2], -1)
