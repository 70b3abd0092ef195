"""Pooling: the largest value of each window, or the mean, one kernel position at a time over all windows at once."""

from __future__ import annotations

from tuicnn.later import np

from .arrays import Array, blocks
from .windows import Window, padded, tap, unpadded

__all__ = ["average_pool", "average_pool_backward", "max_pool", "max_pool_backward"]


def max_pool(x: Array, window: Window) -> Array:
    """The largest value of each window: (N, H, W, C) -> (N, OH, OW, C). Padding never wins."""
    xp = padded(x, window.pad, -np.inf)
    n, c = x.shape[0], x.shape[3]
    oh, ow = window.out_padded(xp)
    y = np.empty((n, oh, ow, c), x.dtype)
    for images, rows in blocks(n, oh, ow * c):
        part = y[images, rows]
        part[...] = tap(xp, window, 0, 0, images, rows)
        for i in range(window.kernel[0]):
            for j in range(window.kernel[1]):
                if i or j:
                    np.maximum(part, tap(xp, window, i, j, images, rows), out=part)
    return y


def max_pool_backward(dy: Array, x: Array, y: Array, window: Window) -> Array:
    """dy (N, OH, OW, C) -> dx (N, H, W, C).

    y is one of its window's values, so dy goes to the pixel that it came from. Where several are equal it goes to the
    first of them in reading order and to no other: what goes in comes out once. Windows that overlap add up.
    """
    xp = padded(x, window.pad, -np.inf)
    n, oh, ow, c = dy.shape
    dxp = np.zeros_like(xp)
    for images, rows in blocks(n, oh, 4 * ow * c):
        part, top = dy[images, rows], y[images, rows]
        share = np.empty_like(part)
        free = np.ones(part.shape, np.bool_)
        hit = np.empty(part.shape, np.bool_)
        for i in range(window.kernel[0]):
            for j in range(window.kernel[1]):
                np.equal(tap(xp, window, i, j, images, rows), top, out=hit)
                hit &= free
                free ^= hit
                place = tap(dxp, window, i, j, images, rows)
                if window.overlaps:
                    np.multiply(part, hit, out=share)
                    place += share
                else:
                    np.multiply(part, hit, out=place)
    return unpadded(dxp, window.pad)


def average_pool(x: Array, window: Window) -> Array:
    """The mean of each window: (N, H, W, C) -> (N, OH, OW, C). Padding counts as zeros."""
    xp = padded(x, window.pad)
    n, c = x.shape[0], x.shape[3]
    oh, ow = window.out_padded(xp)
    kh, kw = window.kernel
    y = np.empty((n, oh, ow, c), x.dtype)
    for images, rows in blocks(n, oh, ow * c):
        part = y[images, rows]
        part[...] = tap(xp, window, 0, 0, images, rows)
        for i in range(kh):
            for j in range(kw):
                if i or j:
                    part += tap(xp, window, i, j, images, rows)
        part *= 1 / (kh * kw)
    return y


def average_pool_backward(dy: Array, shape: tuple[int, ...], window: Window) -> Array:
    """dy (N, OH, OW, C) -> dx of `shape` (N, H, W, C).

    Each value of a window counts 1/(kh·kw) in its mean, so each pixel receives that share of dy from every window
    that it lies in.
    """
    n, h, w, c = shape
    (top, bottom), (left, right) = window.pad
    kh, kw = window.kernel
    oh, ow = dy.shape[1:3]
    dxp = np.zeros((n, h + top + bottom, w + left + right, c), dy.dtype)
    for images, rows in blocks(n, oh, 2 * ow * c):
        share = dy[images, rows] * (1 / (kh * kw))
        for i in range(kh):
            for j in range(kw):
                place = tap(dxp, window, i, j, images, rows)
                if window.overlaps:
                    place += share
                else:
                    place[...] = share
    return unpadded(dxp, window.pad)
