"""The passes over memory of batch normalisation: sums of each channel, and a scale and a shift for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

from .arrays import Array, as_rows, constant, pixel_groups, row_blocks, spread
from .memory import empty

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FAR", "mean_and_squares", "pixel_product_sums", "scale_and_shift", "scaled_sum", "sums"]

#: how far a mean may be from 0, in standard deviations, before squares are taken around it
FAR = 4.0


def mean_and_squares(x: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each channel of (H, W, N, C) or (N, V): the mean, and the sum of the squared distances from it, in float64.

    Σ (x - mean)² = Σ x² - n·mean², which costs one pass less than the squares around the mean, but loses digits where
    the mean is far from 0: its error is about 1e-7·(1 + (mean/deviation)²). Where that of some channel is more than
    `FAR` deviations, all are taken again around the mean as rounded, m: with a = Σ (x - m), the mean is m + a/n and the
    sum Σ (x - m)² - a²/n. Source: Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance (1983).
    """
    count = x.size // x.shape[-1]
    mean, squares = sums(x, x)
    mean /= count
    off = mean * mean
    off *= count
    squares -= off
    if (off > FAR * FAR * squares).any():
        middle = mean.astype(x.dtype)
        apart = np.subtract(x, spread(middle, x), out=empty(x.shape, x.dtype))
        off, around = sums(apart, apart)
        mean = middle.astype(np.float64) + off / count
        squares = np.maximum(around - off * off / count, 0.0)
    return mean, squares


def sums(a: Array, b: Array) -> NDArray[np.float64]:
    """Σ a and Σ a·b over all but the channels, in float64: (2, C), with what both have in common done once.

    Each as in `channel_sums` and `pixel_product_sums`.
    """
    both: NDArray[np.float64]
    if a.ndim == 2:
        both = np.empty((2, a.shape[1]))
        np.add.reduce(a, axis=0, dtype=np.float64, out=both[0])
        np.add.reduce(pixel_product_sums(a, b), axis=0, out=both[1])
        return both
    groups = pixel_groups(a)
    others = groups if b is a else pixel_groups(b)
    by_groups = empty((2, groups.shape[0], groups.shape[2]), a.dtype)
    np.matmul(constant(1, groups.shape[1], a.dtype), groups, out=by_groups[0])
    np.einsum("kpx,kpx->kx", groups, others, out=by_groups[1])
    by_values = np.add.reduce(by_groups, axis=1, dtype=np.float64)
    both = np.add.reduce(by_values.reshape(2, *a.shape[2:]), axis=1)
    return both


def pixel_product_sums(a: Array, b: Array) -> NDArray[np.float64]:
    """Σ a·b over all pixels, (H, W, N, C) -> (N, C), in float64: some pixels at once in their own type, in one pass,
    which is what `einsum` does. Vectors (N, V) have one place: a·b."""
    if a.ndim == 2:
        products: NDArray[np.float64] = np.multiply(a, b, dtype=np.float64)
        return products
    by_groups = np.einsum("kpx,kpx->kx", pixel_groups(a), pixel_groups(b))
    sums: NDArray[np.float64] = np.add.reduce(by_groups, axis=0, dtype=np.float64)
    return sums.reshape(a.shape[2:])


def scale_and_shift(
    x: Array, scale: Array, shift: Array, *, rectified: bool = False, out: Array | None = None
) -> Array:
    """x·scale + shift, or where `rectified` max(x·scale + shift, 0), into `out`, which may be x.

    `scale` and `shift` have one value a channel, and are best repeated by `spread`.
    """
    y = empty(x.shape, x.dtype) if out is None else out
    for block in row_blocks(len(x), x.size // max(1, len(x))):
        part = y[block]
        np.multiply(x[block], scale, out=part)
        part += shift
        if rectified:
            flat = as_rows(part)
            np.maximum(flat, constant(0, flat.shape[1], x.dtype), out=flat)
    return y


def scaled_sum(a: Array, x: Array, b: Array, y: Array, c: Array, out: Array | None = None) -> Array:
    """a·x + b·y + c with one a, b and c a channel, best repeated by `spread`; into `out`, which may be x or y, where it
    is given."""
    into = empty(x.shape, x.dtype) if out is None else out
    for block in row_blocks(len(x), 4 * x.size // max(1, len(x))):
        part, other = into[block], np.multiply(y[block], b, out=empty(y[block].shape, y.dtype))
        np.multiply(x[block], a, out=part)
        part += other
        part += c
    return into
