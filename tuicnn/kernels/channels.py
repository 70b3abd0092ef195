"""What is done across the channels of each place: their mean, their largest, their order.

A place's C channels are adjacent. NumPy loops over a last axis alone, so a loop over a few channels costs more than its
operations: what follows are products, gathers and copies of runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuicnn.lazy_numpy import np

from .arrays import Array, constant, row_blocks
from .memory import empty, zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["channel_max", "channel_max_backward", "channel_mean", "channel_mean_backward", "shuffled"]


def channel_mean(x: Array) -> Array:
    """The mean of each place's channels: (H, W, N, C) -> (H, W, N, 1)."""
    y: Array = np.matmul(x, constant(1, x.shape[3], x.dtype))[..., None]
    y *= 1 / x.shape[3]
    return y


def channel_mean_backward(dy: Array, channels: int) -> Array:
    """Each channel counts 1/C in the mean: (H, W, N, 1) -> (H, W, N, C)."""
    dx = empty((*dy.shape[:3], channels), dy.dtype)
    dx[...] = dy * (1 / channels)
    return dx


def channel_max(x: Array) -> tuple[Array, NDArray[np.intp]]:
    """The largest of each place's channels, (H, W, N, C) -> (H, W, N, 1); and where it stands among all values of x.

    Of equal ones it is the first.
    """
    flat = x.reshape(-1)
    winners = x.reshape(-1, x.shape[3]).argmax(axis=1)
    winners += np.arange(0, flat.size, x.shape[3])
    return flat[winners].reshape(*x.shape[:3], 1), winners


def channel_max_backward(dy: Array, winners: NDArray[np.intp], channels: int) -> Array:
    """dy to the channel that was the largest: (H, W, N, 1) -> (H, W, N, C)."""
    dx = zeros((*dy.shape[:3], channels), dy.dtype)
    dx.reshape(-1)[winners] = dy.reshape(-1)
    return dx


def shuffled(x: Array, groups: int) -> Array:
    """The channels as a table of `groups` rows, read down its columns: y[k·groups + g] = x[g·C/groups + k].

    Its inverse is the same with C/groups groups. As runs from or to every so manyth channel, as few as there are.
    """
    c = x.shape[-1]
    each = c // groups
    y = empty(x.shape, x.dtype)
    for block in row_blocks(len(x), 2 * x.size // max(1, len(x))):
        own, part = x[block], y[block]
        if groups <= each:
            for g in range(groups):
                part[..., g::groups] = own[..., g * each : (g + 1) * each]
        else:
            for k in range(each):
                part[..., k * groups : (k + 1) * groups] = own[..., k::each]
    return y
