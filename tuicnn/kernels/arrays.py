"""What all kernels share: the type of an array, views of rows and bits, sums over all axes but the channels.

Images are (H, W, N, C): one pixel of all images is N·C adjacent numbers, one row of all images W·N·C. An image may be a
view of a larger one: its rows may lie apart, but each row is contiguous.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from tuicnn.lazy_numpy import np

from .memory import empty

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LONG_RUN",
    "Array",
    "Gradients",
    "Saved",
    "across",
    "as_rows",
    "bits",
    "channel_sums",
    "constant",
    "contiguous",
    "image_sums",
    "long_runs",
    "pixel_groups",
    "pixel_sums",
    "pixels",
    "row_blocks",
    "spread",
]

#: float32 where a network trains, float64 where it is checked; a kernel gives back what it was given
Array: TypeAlias = "NDArray[np.floating[Any]]"
#: of a convolution: dx and db, None where they are not wanted, around dw
Gradients: TypeAlias = "tuple[Array | None, Array, Array | None]"
#: what a convolution keeps of x for its gradients, and x's shape
Saved: TypeAlias = "tuple[Array, tuple[int, ...]]"

#: elements that one block of work may touch: 1 MB in float32, a usual second-level cache
BLOCK = 2**18
#: elements from which NumPy works on a run in place, within `long_runs`; it copies shorter ones that are not adjacent,
#: or are used several times, into a buffer of this size before each operation, which costs as much as the operation
LONG_RUN = 1024
_constants: dict[tuple[float, np.dtype[Any]], NDArray[Any]] = {}
#: pixels that may be summed in x's own type before the sum goes on in float64
SUMMED = 128


@contextmanager
def long_runs() -> Iterator[None]:
    """Inside the `with`, NumPy's buffer has `LONG_RUN` elements in place of its own 8192, and long runs are not copied.

    Measured: an addition to runs of 1024 numbers takes half the time, and nothing takes longer.
    """
    before = np.setbufsize(LONG_RUN)
    try:
        yield
    finally:
        np.setbufsize(before)


def row_blocks(rows: int, row_cost: int) -> tuple[slice, ...]:
    """Blocks of rows of about equal size that fit a core's cache, given the elements that one row touches.

    They depend on sizes alone, so sums over blocks are the same for any number of processes.
    """
    return _row_blocks(rows, row_cost, BLOCK)


@lru_cache(maxsize=1024)
def _row_blocks(rows: int, row_cost: int, block: int) -> tuple[slice, ...]:
    most = max(1, block // max(1, row_cost))
    step = -(-rows // -(-rows // most)) if rows else 1
    return tuple(slice(first, min(rows, first + step)) for first in range(0, rows, step))


def as_rows(x: Array) -> Array:
    """An image (H, W, N, C) as its rows (H, W·N·C), a view; a vector (N, V) as it is."""
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def bits(x: Array) -> NDArray[Any]:
    """A view of the numbers' bits as unsigned integers of the same size.

    Of numbers that are not negative, integers order as they do and 0 is 0; multiplied by 0 or 1, any number becomes
    0 or stays, even one that is infinite.
    """
    return x.view(np.uint32 if x.dtype == np.float32 else np.uint64)


def pixels(x: Array) -> NDArray[Any]:
    """A view of the last axis as one item, so that NumPy moves its C numbers at once: (..., C) -> (...).

    The last axis must be contiguous. For copies only: NumPy's loop over C numbers costs as much as a hundred.
    """
    c = x.shape[-1]
    view: NDArray[Any] = x.view(np.dtype((np.void, c * x.dtype.itemsize)))
    return view.reshape(x.shape[:-1]) if view.flags.c_contiguous else view[..., 0]


def constant(value: float, size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """`size` numbers of one value, read only, and one array for all sizes: NumPy's `maximum` and `minimum` by a single
    number take four times as long as by an array."""
    known = _constants.get((value, dtype))
    if known is None or known.size < size:
        known = np.full(size, value, dtype)
        known.setflags(write=False)
        _constants[value, dtype] = known
    return known[:size]


def spread(values: Array, x: Array) -> Array:
    """One value a channel, (..., C), repeated as far as it takes for x and it to share long runs.

    To (..., N, C), or to (..., W, N, C) where that is short; for a vector it stays (..., V). NumPy loops over the last
    axis alone otherwise, and a loop over 8 channels costs more than its 8 operations.
    """
    if x.ndim == 2:
        return values
    _, w, n, c = x.shape
    lead = values.shape[:-1]
    if n * c >= LONG_RUN:
        w = 1
    repeated = empty((*lead, w, n, c), values.dtype)
    repeated[..., 0, :, :] = values[..., None, :]
    if w == 1:
        return repeated[..., 0, :, :]
    runs = repeated.reshape(*lead, w, n * c)
    runs[..., 1:, :] = runs[..., :1, :]
    return repeated


@lru_cache(maxsize=256)
def summed_rows(height: int, width: int) -> int:
    """How many rows to sum at once: as many as make at most `SUMMED` pixels, and divide the image evenly."""
    most = max(1, min(height, SUMMED // max(1, width)))
    return next(rows for rows in range(most, 0, -1) if height % rows == 0)


def pixel_groups(x: Array) -> Array:
    """(H, W, N, C) as (K, P, N·C): K groups of P pixels each, that are to be summed in x's own type.

    A copy where rows lie apart, so that the order of additions, and so the bits of a sum, do not depend on the strides.
    """
    h, w, n, c = x.shape
    rows = summed_rows(h, w)
    return (x if x.flags.c_contiguous else contiguous(x)).reshape(h // rows, rows * w, n * c)


def pixel_sums(x: Array) -> NDArray[np.float64]:
    """The sum over all pixels, (H, W, N, C) -> (N, C): some pixels at once in x's own type, then in float64, so that
    the error does not grow with the image.

    As products with ones: they take half the time of NumPy's own sum over a first axis.
    """
    groups = pixel_groups(x)
    sums: NDArray[np.float64] = np.add.reduce(
        np.matmul(constant(1, groups.shape[1], x.dtype), groups), axis=0, dtype=np.float64
    )
    return sums.reshape(x.shape[2:])


def contiguous(x: Array) -> Array:
    """A copy in one piece."""
    copy = empty(x.shape, x.dtype)
    copy[...] = x
    return copy


def across(x: Array) -> Array:
    """(..., V) -> (V, ...) as a contiguous matrix: row v has value v of all places. NumPy reduces a short last axis 45
    times as slowly as a first one."""
    v = x.shape[-1]
    t = empty((v, x.size // max(1, v)), x.dtype)
    t[...] = x.reshape(-1, v).T
    return t


def image_sums(x: Array) -> Array:
    """The sum over each image's positions, (H, W, N, C) or (N, V) -> (N, C) or (N, V), in x's own type."""
    return x if x.ndim == 2 else pixel_sums(x).astype(x.dtype)


def channel_sums(x: Array) -> NDArray[np.float64]:
    """The sum over all but the last axis, (H, W, N, C) or (N, V) -> (C,) or (V,), in float64, so that the error does
    not grow with the image or the batch."""
    sums: NDArray[np.float64] = np.add.reduce(x if x.ndim == 2 else pixel_sums(x), axis=0, dtype=np.float64)
    return sums
