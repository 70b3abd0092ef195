"""Average pooling in two stages, along the rows and then along the columns: a window's mean is that of its rows'."""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array
from .axes import Axis, axes, reduced
from .memory import empty, zeros
from .windows import Window

__all__ = ["average_pool", "average_pool_backward"]


def average_pool(x: Array, window: Window) -> Array:
    """The mean of each window: (H, W, N, C) -> (OH, OW, N, C). Padding counts as zeros."""
    vertical, horizontal = axes(window, x.shape[0], x.shape[1])
    sums = reduced(reduced(x, vertical, np.add, 0), horizontal, np.add, 0)
    y: Array = np.multiply(sums, 1 / (window.kernel[0] * window.kernel[1]), out=empty(sums.shape, x.dtype))
    return y


def spread_over(dy: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """The adjoint of a sum along one axis: each window's dy to all its places."""
    if axis.trivial:
        return dy
    dx = (empty if axis.exact else zeros)(shape, dy.dtype)
    for windows, places in axis.taps:
        if axis.overlaps:
            part = dx[places]
            part += dy[windows]
        else:
            dx[places] = dy[windows]
    return dx


def average_pool_backward(dy: Array, shape: tuple[int, ...], window: Window) -> Array:
    """dy (OH, OW, N, C) -> dx of `shape` (H, W, N, C).

    Each value of a window counts 1/(kh·kw) in its mean, so each pixel receives that share of dy from every window
    that it lies in.
    """
    vertical, horizontal = axes(window, shape[0], shape[1])
    share = np.multiply(dy, 1 / (window.kernel[0] * window.kernel[1]), out=empty(dy.shape, dy.dtype))
    return spread_over(spread_over(share, (shape[0], *dy.shape[1:]), vertical), shape, horizontal)
