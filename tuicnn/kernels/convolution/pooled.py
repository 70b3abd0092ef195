"""Convolution and max pooling in one, for images of few channels: what is convolved is pooled while it is in the cache.

As one product a row, as in `columns`, but nothing of im2col is copied more than kw times: with the padded image copied
once for each column j of the kernel, shifted by j, and with channels outside of pixels,

    X (H, kw, C, OW·N),   and of row r of the output   y_r (F, OW·N) = W (F, kh·kw·C) X[r : r + kh] (kh·kw·C, OW·N),

where the rows of two products overlap in memory. The columns of the output stand in X sorted by their place in a window
of the pooling, so that pooling along a row too is an operation on long runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuicnn.lazy_numpy import np

from ..arrays import Array, contiguous, row_blocks
from ..derived import derived
from ..memory import empty
from ..windows import Window

#: numbers between two rows of X: if they began a multiple of 4 KB apart, those that a product reads together would fall
#: into the same lines of the cache
GAP = 16

__all__ = ["convolve_pooled", "convolve_pooled_flat", "poolable"]


def poolable(pool: Window) -> bool:
    """Whether a pooling's windows touch and do not overlap, from the image's first pixel on."""
    return pool.kernel == pool.stride and pool.pad == ((0, 0), (0, 0)) and pool.dilation == (1, 1)


def convolve_pooled(x: Array, weights: Array, window: Window, pool: Window, ends: Sequence[np.ufunc]) -> list[Array]:
    """x (H, W, N, C) under weights (kh, kw, C, F), and of each window of `pool` (see `poolable`) the largest value, the
    smallest, or both: for each of `ends`, `maximum` or `minimum`, an array (PH, PW, N, F).

    `window` is not dilated.
    """
    f, matrix, cut = weights.shape[3], weights.reshape(-1, weights.shape[3]), _Cut(x, window, pool)
    found = [empty((cut.high, 1, cut.run * f), x.dtype) for _ in ends]
    for rows, values in cut.blocks(f):
        products = empty((len(values), cut.length, f), x.dtype)
        np.matmul(values.swapaxes(1, 2), matrix, out=products)
        _pool(products, pool, ends, [y[rows] for y in found])
    return [y.reshape(cut.high, cut.wide, x.shape[2], f) for y in found]


def convolve_pooled_flat(
    x: Array, weights: Array, window: Window, pool: Window, ends: Sequence[np.ufunc]
) -> list[Array]:
    """As `convolve_pooled` with the channels outermost, (F, PH, PW·N): with all axes but the images' made one it is, up
    to a transposition, what `flattened` makes of it.

    The other way about, so that no transposition is needed; and products of fewer than 16 filters are faster so.
    """
    f, cut = weights.shape[3], _Cut(x, window, pool)
    matrix = derived(weights, "filters first", lambda w: contiguous(w.reshape(-1, f).T))
    found = [empty((f, cut.high, cut.run), x.dtype) for _ in ends]
    for rows, values in cut.blocks(f):
        products = np.matmul(matrix, values, out=empty((len(values), f, cut.length), x.dtype))
        _pool(products, pool, ends, [y[:, rows].swapaxes(0, 1) for y in found])
    return found


def _pool(products: Array, pool: Window, ends: Sequence[np.ufunc], found: Sequence[Array]) -> None:
    """What is the largest or smallest of products (rows·ph, F, L) or (rows·ph, L, F), into (rows, F, L/pw) or (rows, 1,
    F·L/pw)."""
    (rows, lead, run), (ph, pw) = found[0].shape, pool.kernel
    places = products.reshape(rows, ph, lead, pw, run)
    each_row = empty((rows, lead, pw, run), products.dtype)
    for end, y in zip(ends, found, strict=True):
        _reduce(end, [places[:, i] for i in range(ph)], each_row)
        _reduce(end, [each_row[:, :, j] for j in range(pw)], y)


def _reduce(end: np.ufunc, parts: Sequence[Array], out: Array) -> None:
    """The largest or smallest of each number of several arrays."""
    end(parts[0], parts[1 if len(parts) > 1 else 0], out=out)
    for part in parts[2:]:
        end(out, part, out=out)


class _Cut:
    """X of images, and the rows that are pooled together."""

    def __init__(self, x: Array, window: Window, pool: Window) -> None:
        (self.ph, pw), (oh, ow) = pool.kernel, window.out(x.shape[0], x.shape[1])
        self.high, self.wide = oh // self.ph, ow // pw
        #: a row of the pooled images, and one of those before that, as far as it counts
        self.run = self.wide * x.shape[2]
        self.length = pw * self.run
        shifted = _shifted(x, window, self.high * self.ph, self.wide, pw)
        #: of each row of the output the matrix that is multiplied by the weights, (kh·kw·C, L)
        self.matrices = np.lib.stride_tricks.as_strided(
            shifted,
            (self.high * self.ph, window.kernel[0] * window.kernel[1] * x.shape[3], self.length),
            (window.stride[0] * shifted.strides[0], (self.length + GAP) * x.itemsize, x.itemsize),
        )

    def blocks(self, filters: int) -> Iterator[tuple[slice, Array]]:
        """Some rows of pooled images after another, and the matrices for them."""
        for rows in row_blocks(self.high, 2 * self.ph * filters * self.length):
            yield rows, self.matrices[rows.start * self.ph : rows.stop * self.ph]


def _shifted(x: Array, window: Window, rows: int, wide: int, places: int) -> Array:
    """X for the first `rows` rows of the output, (rows of the padded image, kw, C, places, wide, N).

    Column q·places + p of the output stands at [p, q].
    """
    (h, w, n, c), (kh, kw) = x.shape, window.kernel
    (down, across), (top, left) = window.stride, (window.pad[0][0], window.pad[1][0])
    planes = x[:, :, None, :, 0] if c == 1 else contiguous(x.transpose(0, 3, 1, 2)).swapaxes(1, 2)
    high = (rows - 1) * down + kh
    inside = slice(top, max(top, min(high, top + h)))
    apart = empty((high, kw, c, places * wide * n + GAP), x.dtype)[..., :-GAP]
    shifted: Array = apart.reshape(high, kw, c, places, wide, n)
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
