"""ReLU, forward and backward, without a branch: two passes over memory at most."""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from .arrays import Array, as_rows, bits, constant, row_blocks
from .memory import empty

__all__ = ["rectify", "rectify_backward"]


def rectify(x: Array, out: Array | None = None) -> Array:
    """max(x, 0) for an image (H, W, N, C) or vectors (N, V), into `out`, which may be x. It never gives -0."""
    y = empty(x.shape, x.dtype) if out is None else out
    given = as_rows(x)
    np.maximum(given, constant(0, given.shape[1], x.dtype), out=as_rows(y))
    return y


def rectify_backward(dy: Array, y: Array, out: Array | None = None) -> Array:
    """dy where y > 0, else 0, for y = `rectify(x)`, into `out`, which may be y.

    y is not negative, so the bits of y, read as a whole number, are 0 where y is 0 and at least 1 elsewhere. Their
    minimum with 1 is the mask, and the bits of dy multiplied by it are those of dy or of 0: two passes, where a
    comparison, its cast to numbers and a product take three.
    """
    dx = empty(dy.shape, dy.dtype) if out is None else out
    top, back, into = as_rows(bits(y)), as_rows(bits(dy)), as_rows(bits(dx))
    ones = constant(1, top.shape[1], top.dtype)
    for block in row_blocks(*top.shape):
        part = into[block]
        np.minimum(top[block], ones, out=part)
        part *= back[block]
    return dx
