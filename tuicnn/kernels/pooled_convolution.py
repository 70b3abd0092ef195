"""Convolution and max pooling in one, for images of few channels: what is convolved is pooled while it is in the cache.

As one product a row, as in `columns`, but nothing of im2col is copied more than kw times: with the padded image copied
once for each column j of the kernel, shifted by j, and with channels outside of pixels,

    X (H, kw, C, OW·N),   and of row r of the output   y_r (F, OW·N) = W (F, kh·kw·C) X[r : r + kh] (kh·kw·C, OW·N),

where the rows of two products overlap in memory. The columns of the output stand in X sorted by their place in a window
of the pooling, so that pooling along a row too is an operation on long runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

from .arrays import Array, contiguous, row_blocks
from .derived import derived
from .memory import empty
from .windows import Window

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

#: numbers between two rows: a cache line
GAP = 16

__all__ = ["convolve_pooled", "poolable"]


def poolable(pool: Window) -> bool:
    """Whether a pooling's windows touch and do not overlap, from the image's first pixel on."""
    return pool.kernel == pool.stride and pool.pad == ((0, 0), (0, 0)) and pool.dilation == (1, 1)


def convolve_pooled(x: Array, weights: Array, window: Window, pool: Window, ends: Sequence[np.ufunc]) -> list[Array]:
    """x (H, W, N, C) under weights (kh, kw, C, F), and of each window of `pool` (see `poolable`) the largest value, the
    smallest, or both: for each of `ends`, `maximum` or `minimum`, an array (F, PH, PW, N).

    `window` is not dilated.
    """
    (kh, kw), f, n = window.kernel, weights.shape[3], x.shape[2]
    (ph, pw), (oh, ow) = pool.kernel, window.out(x.shape[0], x.shape[1])
    high, wide = oh // ph, ow // pw
    shifted = _shifted(x, window, high * ph, wide, pw)
    length = pw * wide * n
    matrices = np.lib.stride_tricks.as_strided(
        shifted,
        (high * ph, kh * kw * x.shape[3], length),
        (window.stride[0] * shifted.strides[0], (length + GAP) * x.itemsize, x.itemsize),
    )
    filters_first = derived(weights, "filters first", lambda w: contiguous(w.reshape(-1, f).T))
    found = [empty((f, high, wide * n), x.dtype) for _ in ends]
    for rows in row_blocks(high, 2 * ph * f * length):
        count = rows.stop - rows.start
        products = _apart((count * ph, f), length, x.dtype)
        np.matmul(filters_first, matrices[rows.start * ph : rows.stop * ph], out=products)
        places = products.reshape(count, ph, f, pw, wide * n)
        for end, y in zip(ends, found, strict=True):
            each_row = empty((count, f, pw, wide * n), x.dtype)
            _reduced(end, [places[:, i] for i in range(ph)], each_row)
            _reduced(end, [each_row[:, :, j] for j in range(pw)], y[:, rows].swapaxes(0, 1))
    return [y.reshape(f, high, wide, n) for y in found]


def _apart(shape: tuple[int, ...], length: int, dtype: DTypeLike) -> Array:
    """An array (*shape, length) with a gap after each row: rows that begin a multiple of 4 KB apart, of which a product
    reads many at once, would fall into the same lines of the cache."""
    view: Array = empty((*shape, length + GAP), dtype)[..., :length]
    return view


def _reduced(end: np.ufunc, parts: Sequence[Array], out: Array) -> None:
    """The largest or smallest of each number of several arrays."""
    end(parts[0], parts[1 if len(parts) > 1 else 0], out=out)
    for part in parts[2:]:
        end(out, part, out=out)


def _shifted(x: Array, window: Window, rows: int, wide: int, places: int) -> Array:
    """X for the first `rows` rows of the output, (rows of the padded image, kw, C, places, wide, N).

    Column q·places + p of the output stands at [p, q].
    """
    (h, w, n, c), (kh, kw) = x.shape, window.kernel
    (down, across), (top, left) = window.stride, (window.pad[0][0], window.pad[1][0])
    planes = x[:, :, None, :, 0] if c == 1 else contiguous(x.transpose(0, 3, 1, 2)).swapaxes(1, 2)
    high = (rows - 1) * down + kh
    inside = slice(top, max(top, min(high, top + h)))
    shifted = _apart((high, kw, c), places * wide * n, x.dtype).reshape(high, kw, c, places, wide, n)
    shifted[:top] = shifted[inside.stop :] = 0
    step = places * across
    for j in range(kw):
        for place in range(places):
            part = shifted[inside, j, :, place]
            start = place * across + j - left
            first = min(wide, max(0, -(start // step)))
            end = max(first, min(wide, (w - 1 - start) // step + 1))
            part[:, :, :first] = part[:, :, end:] = 0
            if end > first:
                met = planes[: inside.stop - top, start + first * step : start + (end - 1) * step + 1 : step]
                part[:, :, first:end] = met.swapaxes(1, 2)
    return shifted
