"""Lines that are clipped at their ends, forward and backward, without a branch: block by block, in the cache.

Inside of its ends a clipped line has a slope, outside none. For a value t on [0, 1], ⌈t⌉ - ⌊t⌋ is 1 inside and 0 at
either end: two passes that are as fast as an addition, where comparisons and what is made of them take several times as
long.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, row_blocks
from .memory import empty

__all__ = ["clipped_line", "clipped_line_backward", "hard_swish", "hard_swish_backward"]


def blocks(x: Array) -> tuple[slice, ...]:
    """Blocks of rows for what touches four arrays."""
    return row_blocks(len(x), 4 * x.size // max(1, len(x)))


def clipped_line(x: Array, slope: float, middle: float, top: float) -> Array:
    """min(max(slope·x + middle, 0), top)."""
    y = empty(x.shape, x.dtype)
    if (slope, middle) == (1, 0):
        return np.clip(x, 0.0, top, out=y)
    for block in blocks(x):
        part = y[block]
        np.multiply(x[block], slope, out=part)
        part += middle
        np.clip(part, 0.0, top, out=part)
    return y


def clipped_line_backward(dy: Array, y: Array, slope: float, top: float, out: Array) -> Array:
    """slope·dy where 0 < y < top, else 0, for y = `clipped_line(x, slope, …, top)`, into `out`, which may be y."""
    for block in blocks(dy):
        part, own = out[block], y[block]
        share = np.multiply(own, 1 / top, out=empty(own.shape, own.dtype))
        np.ceil(share, out=part)
        part -= np.floor(share, out=share)
        part *= dy[block]
        if slope != 1:
            part *= slope
    return out


def hard_swish(x: Array) -> Array:
    """x·h(x), h(x) = min(max(x/6 + 1/2, 0), 1)."""
    y = empty(x.shape, x.dtype)
    for block in blocks(x):
        part, own = y[block], x[block]
        np.multiply(own, 1 / 6, out=part)
        part += 0.5
        np.clip(part, 0.0, 1.0, out=part)
        part *= own
    return y


def hard_swish_backward(dy: Array, x: Array, out: Array | None = None) -> Array:
    """dy times x/3 + 1/2 between -3 and 3, times 0 below and 1 above, into `out`, which may be x.

    With v = x/3 clipped to [-1, 1] that is v + 1/2 inside, and at the ends 1/2 nearer to the middle: v + 1/2 less half
    of v's whole part.
    """
    dx = empty(dy.shape, dy.dtype) if out is None else out
    for block in blocks(dy):
        part, own = dx[block], x[block]
        np.multiply(own, 1 / 3, out=part)
        np.clip(part, -1.0, 1.0, out=part)
        whole = np.trunc(part, out=empty(own.shape, own.dtype))
        whole *= 0.5
        part -= whole
        part += 0.5
        part *= dy[block]
    return dx
