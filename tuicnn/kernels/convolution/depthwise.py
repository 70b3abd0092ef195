"""Depthwise convolution: each channel with its own kernel.

y = Σ_ij x_ij w_ij, with x_ij the pixels that position (i, j) of the kernel meets. So dw_ij = Σ x_ij dy over images and
windows, and dx is a sum of dy with the kernel turned round.

Without a stride it is products with banded matrices, where `banded` says that they pay: for few images or small kernels
they do not. Else `einsum` multiplies and adds shifted images in one pass over memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tuicnn.lazy_numpy import np

from ..arrays import SUMMED, Array, Gradients, channel_sums, contiguous, row_blocks
from ..memory import empty, zeros
from ..windows import Window, out_size, padded
from .banded import banded, convolve_banded, convolve_banded_backward

__all__ = ["convolve_depthwise", "convolve_depthwise_backward"]


def _wide(weights: Array, n: int) -> Array:
    """(kh, kw, C) -> (kh, kw, N·C): the weights of a pixel of all images, which is one run."""
    kh, kw, c = weights.shape
    wide = empty((kh, kw, n, c), weights.dtype)
    wide[...] = weights[:, :, None]
    return wide.reshape(kh, kw, n * c)


class _Span(NamedTuple):
    """Along one axis, windows `out` whose positions `taps` lie inside the image and no others; the first of these meets
    pixel `first` in the first of them."""

    out: slice
    taps: slice
    first: int


@lru_cache(maxsize=256)
def _spans(size: int, kernel: int, stride: int, pad: tuple[int, int], dilation: int) -> tuple[_Span, ...]:
    """All windows of an axis of `size` pixels: most have all positions inside, those at the border fewer."""
    spans: list[_Span] = []
    for window in range(out_size(size, kernel, stride, *pad, dilation)):
        start = window * stride - pad[0]
        first = max(0, -(start // dilation))
        end = max(first, min(kernel, (size - 1 - start) // dilation + 1))
        inside = start + first * dilation if first < end else 0
        if spans and spans[-1].taps == slice(first, end):
            last = spans.pop()
            spans.append(last._replace(out=slice(last.out.start, window + 1)))
        else:
            spans.append(_Span(slice(window, window + 1), slice(first, end), inside))
    return tuple(spans)


def _shifts(x: Array, window: Window) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice], Array]]:
    """Windows, by rows and columns, that have the same positions of the kernel inside the image; these positions; and
    the view (taps down, taps across, windows down, windows across, N·C) of the pixels of x (H, W, N, C) that they meet.

    An image with a border would be a copy, which takes as long as three multiply-adds of each value.
    """
    x = x if x.flags.c_contiguous else contiguous(x)
    row, column, _, number = x.strides
    (sh, sw), (dh, dw) = window.stride, window.dilation
    down, across = (
        _spans(size, kernel, stride, pad, dilation)
        for size, kernel, stride, pad, dilation in zip(
            x.shape, window.kernel, window.stride, window.pad, window.dilation, strict=False
        )
    )
    strides = (dh * row, dw * column, sh * row, sw * column, number)
    for vertical in down:
        for horizontal in across:
            out, taps = (vertical.out, horizontal.out), (vertical.taps, horizontal.taps)
            shape = (*(part.stop - part.start for part in (*taps, *out)), x.shape[2] * x.shape[3])
            offset = vertical.first * row + horizontal.first * column
            yield out, taps, np.ndarray(shape, x.dtype, x, offset, strides)


def convolve_depthwise(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """Cross-correlate each channel of x (H, W, N, C) with its own kernel of weights (kh, kw, C), and add bias (C,).

    Returns y (OH, OW, N, C) and x, which the backward pass takes.
    """
    return (convolve_banded if banded(window, *x.shape[2:]) else _by_shifts)(x, weights, window, bias), x


def _by_shifts(x: Array, weights: Array, window: Window, bias: Array | None) -> Array:
    """y as the sum of shifted images."""
    h, w, n, c = x.shape
    y, wide = empty((*window.out(h, w), n * c), x.dtype), _wide(weights, n)
    each = _wide(bias[None, None], n)[0, 0] if bias is not None else None
    for (down, across), taps, met in _shifts(x, window):
        own, part = wide[taps], y[down, across]
        for rows in row_blocks(len(part), 2 * part[:1].size):
            np.einsum("ijhwr,ijr->hwr", met[:, :, rows], own, out=part[rows])
            if each is not None:
                part[rows] += each
    return y.reshape(*y.shape[:2], n, c)


def convolve_depthwise_backward(
    dy: Array, x: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_depthwise`: dx (H, W, N, C), dw (kh, kw, C) and db (C,); None for what is not wanted."""
    db = channel_sums(dy).astype(dy.dtype) if with_bias else None
    if banded(window, *x.shape[2:]):
        return *convolve_banded_backward(dy, x, weights, window, with_dx=with_dx), db
    dx = _by_image(dy, x.shape, weights, window) if with_dx else None
    return dx, _by_weights(dy, x, window), db


def _by_weights(dy: Array, x: Array, window: Window) -> Array:
    """dw (kh, kw, C): some pixels are added in dy's own type, and their sums in float64."""
    oh, ow, n, c = dy.shape
    given = dy.reshape(oh, ow, n * c)
    total, sums, summed = np.zeros((*window.kernel, c), np.float64), zeros((*window.kernel, n * c), dy.dtype), 0
    for (down, across), taps, met in _shifts(x, window):
        part, own = given[down, across], sums[taps]
        step = max(1, SUMMED // part.shape[1])
        for first in range(0, len(part), step):
            rows = slice(first, first + step)
            own += np.einsum("ijhwr,hwr->ijr", met[:, :, rows], part[rows], out=empty(own.shape, dy.dtype))
            summed += len(part[rows]) * part.shape[1]
            if summed >= SUMMED:
                total += np.add.reduce(sums.reshape(*window.kernel, n, c), axis=2, dtype=np.float64)
                sums[...], summed = 0, 0
    total += np.add.reduce(sums.reshape(*window.kernel, n, c), axis=2, dtype=np.float64)
    return total.astype(dy.dtype)


@dataclass(frozen=True)
class _Phase:
    """Along one axis, the `count` pixels of x at `pixels`: every stride-th.

    Positions `taps` of the kernel meet them. The first position meets the first pixel in window `first`, and each
    further position in a window that is `step` before that.
    """

    pixels: slice
    count: int
    taps: slice
    first: int
    step: int


class _Phases(NamedTuple):
    """All phases of an axis, how many zeros before and after dy they need, for positions that meet a pixel in a window
    that there is not, and whether every pixel is in a phase."""

    all: tuple[_Phase, ...]
    border: tuple[int, int]
    whole: bool


@lru_cache(maxsize=256)
def _phases(size: int, out: int, before: int, kernel: int, stride: int, dilation: int) -> _Phases:
    """The phases of an axis of `size` pixels, with `before` zeros before it, and `out` windows.

    The pixel q·stride + phase, counted from the first zero, meets position i of the kernel in window
    q - (i·dilation - phase)/stride, where that is a whole number.
    """
    phases, above, below = [], 0, 0
    for start in range(min(stride, size)):
        phase, q = (start + before) % stride, (start + before) // stride
        fitting = [i for i in range(kernel) if (i * dilation - phase) % stride == 0]
        if not fitting:
            continue
        apart = fitting[1] - fitting[0] if len(fitting) > 1 else kernel
        first, step = q - (fitting[0] * dilation - phase) // stride, apart * dilation // stride
        count = len(range(start, size, stride))
        phases.append(_Phase(slice(start, None, stride), count, slice(fitting[0], None, apart), first, step))
        above, below = max(above, (len(fitting) - 1) * step - first), max(below, first + count - out)
    return _Phases(tuple(phases), (above, below), sum(phase.count for phase in phases) == size)


def _by_image(dy: Array, shape: tuple[int, ...], weights: Array, window: Window) -> Array:
    """dx of this shape, (H, W, N, C)."""
    h, w, n, c = shape
    down, across = (
        _phases(size, out, pad[0], kernel, stride, dilation)
        for size, out, pad, kernel, stride, dilation in zip(
            (h, w), dy.shape[:2], window.pad, window.kernel, window.stride, window.dilation, strict=True
        )
    )
    (above, _), (west, _) = borders = down.border, across.border
    around = padded(dy, borders)
    row, column, _, number = around.strides
    wide = _wide(weights, n)
    dx = (empty if down.whole and across.whole else zeros)((h, w, n, c), dy.dtype)
    out = dx.reshape(h, w, n * c)
    for vertical in down.all:
        for horizontal in across.all:
            own = wide[vertical.taps, horizontal.taps]
            met = np.lib.stride_tricks.as_strided(
                around[above + vertical.first :, west + horizontal.first :],
                (*own.shape[:2], vertical.count, horizontal.count, n * c),
                (-vertical.step * row, -horizontal.step * column, row, column, number),
            )
            into = out[vertical.pixels, horizontal.pixels]
            for rows in row_blocks(vertical.count, 2 * horizontal.count * n * c):
                np.einsum("ijhwr,ijr->hwr", met[:, :, rows], own, out=into[rows])
    return dx
