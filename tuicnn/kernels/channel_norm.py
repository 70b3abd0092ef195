"""Each place's channels to mean 0 and variance 1: rows of C numbers, which lie together in an image (H, W, N, C).

By blocks of rows that stay in the cache. Means are products with ones, and rows are scaled by `einsum`: NumPy's own
loops over a short last axis take several times as long. Weights are repeated for a block once, so that they make one
long run.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, constant, row_blocks
from .memory import empty

__all__ = ["normalise_channels", "normalise_channels_backward"]


def _rows(x: Array) -> Array:
    """One row for each place of each image: (..., C) -> (P, C)."""
    return x.reshape(-1, x.shape[-1])


def _repeated(values: Array, rows: int) -> Array:
    """(C,) -> (rows, C)."""
    repeated = empty((rows, values.size), values.dtype)
    repeated[...] = values
    return repeated


def normalise_channels(
    x: Array, weight: Array, bias: Array, eps: float, out: Array | None = None
) -> tuple[Array, tuple[Array, Array]]:
    """y = weight·x̂ + bias with x̂ = (x - mean)/√(variance + eps) of each place's C channels, and (x̂, 1/√…).

    x is (H, W, N, C) or (N, C), weight and bias (C,). x̂ goes into `out`, which may be x, where it is given.
    """
    c = x.shape[-1]
    share = constant(1 / c, c, x.dtype)
    xhat, y = empty(x.shape, x.dtype) if out is None else out, empty(x.shape, x.dtype)
    rows, normal, made = _rows(x), _rows(xhat), _rows(y)
    inverse = empty((len(rows),), x.dtype)
    blocks = row_blocks(len(rows), 8 * c)
    most = blocks[0].stop if blocks else 0
    weights, biases = _repeated(weight, most), _repeated(bias, most)
    for block in blocks:
        part, scale, into = normal[block], inverse[block], made[block]
        np.subtract(rows[block], np.matmul(rows[block], share)[:, None], out=part)
        np.einsum("pc,pc->p", part, part, out=scale)
        scale *= 1 / c
        scale += eps
        np.sqrt(scale, out=scale)
        np.reciprocal(scale, out=scale)
        np.einsum("pc,p->pc", part, scale, out=part)
        np.multiply(part, weights[: len(part)], out=into)
        into += biases[: len(part)]
    return y, (xhat, inverse)


def normalise_channels_backward(dy: Array, saved: tuple[Array, Array], weight: Array) -> tuple[Array, Array, Array]:
    """dx, dweight = Σ dy·x̂ and dbias = Σ dy, from dy and what `normalise_channels` kept; dx is written over x̂.

    With dx̂ = weight·dy, dx = (dx̂ - mean(dx̂) - x̂·mean(dx̂·x̂))/√(variance + eps), means over a place's channels.
    """
    xhat, inverse = saved
    c = dy.shape[-1]
    share = weight * np.asarray(1 / c, dy.dtype)
    rows, normal = _rows(dy), _rows(xhat)
    blocks = row_blocks(len(rows), 8 * c)
    weights = _repeated(weight, blocks[0].stop if blocks else 0)
    sums = np.zeros((2, c))
    for block in blocks:
        error, part, scale = rows[block], normal[block], inverse[block]
        through = np.multiply(error, part, out=empty(part.shape, dy.dtype))
        ones = constant(1, len(part), dy.dtype)
        sums += np.matmul(ones, through), np.matmul(ones, error)
        np.einsum("pc,p->pc", part, np.matmul(through, share), out=part)
        np.multiply(error, weights[: len(part)], out=through)
        through -= np.matmul(error, share)[:, None]
        through -= part
        np.einsum("pc,p->pc", through, scale, out=part)
    return xhat, sums[0].astype(dy.dtype), sums[1].astype(dy.dtype)
