"""From the engine's order of axes to PyTorch's, and back: a matrix (H·W, N·C) transposed to (N·C, H·W).

NumPy reads such a copy down the columns. Where a row's bytes are a multiple of a large power of two, all values of a
column fall into the same few cache lines and evict each other. So the rows are first copied with a gap between them,
which makes the whole two to six times as fast.
"""

from __future__ import annotations

from .arrays import Array, pixels
from .memory import empty

__all__ = ["flattened", "places_as_channels", "unflattened"]

#: rows whose bytes are a multiple of this evict each other
BAD = 512
#: values between two rows that are copied with a gap: one cache line
GAP = 16


def transposed_into(out: Array, matrix: Array) -> None:
    """Write a matrix (R, K), whose rows may lie apart, transposed into `out` (K, R)."""
    r, k = matrix.shape
    if matrix.strides[0] % BAD == 0:
        apart = empty((r, k + GAP), matrix.dtype)[:, :k]
        apart[...] = matrix
        matrix = apart
    out[...] = matrix.T


def flattened(x: Array) -> Array:
    """(H, W, N, C) -> (N, C·H·W), the channels outermost, as PyTorch has them."""
    h, w, n, c = x.shape
    y = empty((n, c * h * w), x.dtype)
    transposed_into(y.reshape(n * c, h * w), x.reshape(h * w, n * c))
    return y


def unflattened(y: Array, channels: int, height: int, width: int) -> Array:
    """The inverse of `flattened`: (N, C·H·W) -> (H, W, N, C)."""
    n = len(y)
    x = empty((height, width, n, channels), y.dtype)
    transposed_into(x.reshape(height * width, n * channels), y.reshape(n * channels, height * width))
    return x


def places_as_channels(x: Array, height: int, width: int) -> Array:
    """The places as channels, and the channels as places: (H, W, N, C) -> (height, width, N, H·W) for C = height·width.

    By way of `flattened`, so that then runs of H·W numbers are copied.
    """
    h, w, n, c = x.shape
    y = empty((height, width, n, h * w), x.dtype)
    pixels(y.reshape(c, n, h * w))[...] = pixels(flattened(x).reshape(n, c, h * w)).T
    return y
