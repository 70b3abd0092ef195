"""Each place's channels to mean 0 and variance 1: rows of C numbers, which lie together in an image (H, W, N, C)."""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, channel_sums, constant, row_blocks
from .memory import empty

__all__ = ["normalise_channels", "normalise_channels_backward"]


def _rows(x: Array) -> Array:
    """One row for each place of each image: (..., C) -> (P, C)."""
    return x.reshape(-1, x.shape[-1])


def normalise_channels(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, tuple[Array, Array]]:
    """y = weight·x̂ + bias with x̂ = (x - mean)/√(variance + eps) of each place's C channels, and (x̂, 1/√…).

    x is (H, W, N, C) or (N, C), weight and bias (C,). By blocks of rows that stay in the cache; means are products with
    ones, as NumPy's own sums over a short last axis take several times as long.
    """
    c = x.shape[-1]
    share = constant(1 / c, c, x.dtype)
    xhat, y = empty(x.shape, x.dtype), empty(x.shape, x.dtype)
    rows, normal, out = _rows(x), _rows(xhat), _rows(y)
    inverse = empty((len(rows),), x.dtype)
    for block in row_blocks(len(rows), 3 * c):
        part, scale = normal[block], inverse[block]
        np.subtract(rows[block], np.matmul(rows[block], share)[:, None], out=part)
        np.einsum("pc,pc->p", part, part, out=scale)
        scale *= 1 / c
        scale += eps
        np.sqrt(scale, out=scale)
        np.reciprocal(scale, out=scale)
        part *= scale[:, None]
        np.multiply(part, weight, out=out[block])
        out[block] += bias
    return y, (xhat, inverse)


def normalise_channels_backward(dy: Array, saved: tuple[Array, Array], weight: Array) -> tuple[Array, Array, Array]:
    """dx, dweight = Σ dy·x̂ and dbias = Σ dy, from dy and what `normalise_channels` kept.

    With dx̂ = weight·dy, dx = (dx̂ - mean(dx̂) - x̂·mean(dx̂·x̂))/√(variance + eps), means over a place's channels.
    """
    xhat, inverse = saved
    c = dy.shape[-1]
    share = weight * np.asarray(1 / c, dy.dtype)
    dx, products = empty(dy.shape, dy.dtype), empty(dy.shape, dy.dtype)
    rows, normal, out, by_xhat = _rows(dy), _rows(xhat), _rows(dx), _rows(products)
    for block in row_blocks(len(rows), 4 * c):
        part, error, scale = out[block], rows[block], inverse[block]
        np.multiply(error, normal[block], out=by_xhat[block])
        through = np.multiply(normal[block], np.matmul(by_xhat[block], share)[:, None], out=empty(part.shape, dy.dtype))
        np.multiply(error, weight, out=part)
        part -= through
        part -= np.matmul(error, share)[:, None]
        part *= scale[:, None]
    return dx, channel_sums(products).astype(dy.dtype), channel_sums(dy).astype(dy.dtype)
