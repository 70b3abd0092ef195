"""The slow twins: each kernel in plain loops, written from its definition. The only place where slow is right.

The tests hold the fast kernels against these, and a reader may hold these against the textbook.
"""

from __future__ import annotations

from tuicnn.later import np

from .arrays import Array
from .windows import Window

__all__ = [
    "average_pool",
    "average_pool_backward",
    "convolve",
    "convolve_backward",
    "max_pool",
    "max_pool_backward",
]


def pixel(window: Window, row: int, column: int, i: int, j: int) -> tuple[int, int]:
    """The pixel that kernel position (i, j) meets in the window at (row, column); it may lie in the padding."""
    return (
        row * window.stride[0] + i * window.dilation[0] - window.pad[0][0],
        column * window.stride[1] + j * window.dilation[1] - window.pad[1][0],
    )


def inside(x: Array, row: int, column: int) -> bool:
    """Whether a pixel lies in the image rather than in the padding."""
    height, width = x.shape[1:3]
    return bool(0 <= row < height and 0 <= column < width)


def convolve(x: Array, weights: Array, window: Window, groups: int = 1) -> Array:
    """x (N, H, W, C), weights (kh, kw, C/groups, F) -> y (N, OH, OW, F): one window times one kernel at a time."""
    kh, kw, c, filters = weights.shape
    y = np.zeros((len(x), *window.out(x.shape[1], x.shape[2]), filters), x.dtype)
    for n, row, column, f in np.ndindex(*y.shape):
        first = f // (filters // groups) * c
        for i, j, channel in np.ndindex(kh, kw, c):
            h, w = pixel(window, row, column, i, j)
            if inside(x, h, w):
                y[n, row, column, f] += x[n, h, w, first + channel] * weights[i, j, channel, f]
    return y


def convolve_backward(dy: Array, x: Array, weights: Array, window: Window, groups: int = 1) -> tuple[Array, Array]:
    """dx and dw: each product of `convolve` sends dy to either factor, times the other one."""
    kh, kw, c, filters = weights.shape
    dx, dw = np.zeros_like(x), np.zeros_like(weights)
    for n, row, column, f in np.ndindex(*dy.shape):
        first = f // (filters // groups) * c
        for i, j, channel in np.ndindex(kh, kw, c):
            h, w = pixel(window, row, column, i, j)
            if inside(x, h, w):
                dx[n, h, w, first + channel] += dy[n, row, column, f] * weights[i, j, channel, f]
                dw[i, j, channel, f] += dy[n, row, column, f] * x[n, h, w, first + channel]
    return dx, dw


def largest(x: Array, window: Window, n: int, row: int, column: int, c: int) -> tuple[int, int]:
    """Where in the image the first of a window's largest values stands, in reading order."""
    best: tuple[int, int] | None = None
    for i, j in np.ndindex(*window.kernel):
        h, w = pixel(window, row, column, i, j)
        if inside(x, h, w) and (best is None or x[n, h, w, c] > x[n, best[0], best[1], c]):
            best = (h, w)
    if best is None:
        raise ValueError("a window lies in the padding alone")
    return best


def max_pool(x: Array, window: Window) -> Array:
    """(N, H, W, C) -> (N, OH, OW, C): the largest value of each window."""
    y = np.zeros((len(x), *window.out(x.shape[1], x.shape[2]), x.shape[3]), x.dtype)
    for n, row, column, c in np.ndindex(*y.shape):
        y[n, row, column, c] = x[n, *largest(x, window, n, row, column, c), c]
    return y


def max_pool_backward(dy: Array, x: Array, window: Window) -> Array:
    """dy goes to where each window's first largest value stands."""
    dx = np.zeros_like(x)
    for n, row, column, c in np.ndindex(*dy.shape):
        dx[n, *largest(x, window, n, row, column, c), c] += dy[n, row, column, c]
    return dx


def average_pool(x: Array, window: Window) -> Array:
    """(N, H, W, C) -> (N, OH, OW, C): the mean of each window, padding counted as zeros."""
    y = np.zeros((len(x), *window.out(x.shape[1], x.shape[2]), x.shape[3]), x.dtype)
    for n, row, column, c in np.ndindex(*y.shape):
        for i, j in np.ndindex(*window.kernel):
            h, w = pixel(window, row, column, i, j)
            if inside(x, h, w):
                y[n, row, column, c] += x[n, h, w, c] / (window.kernel[0] * window.kernel[1])
    return y


def average_pool_backward(dy: Array, x: Array, window: Window) -> Array:
    """dy spreads evenly over its window."""
    dx = np.zeros_like(x)
    for n, row, column, c in np.ndindex(*dy.shape):
        for i, j in np.ndindex(*window.kernel):
            h, w = pixel(window, row, column, i, j)
            if inside(x, h, w):
                dx[n, h, w, c] += dy[n, row, column, c] / (window.kernel[0] * window.kernel[1])
    return dx
