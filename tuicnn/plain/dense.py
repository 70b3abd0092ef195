"""The fully connected layer from its definition: every output is a weighted sum of every input."""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import floating, need_like

__all__ = ["dense", "dense_backward"]


def check(x: Array, weights: Array) -> None:
    """Raises `ValueError` where vectors (N, V) and weights (M, V) do not go together."""
    if x.ndim != 2:
        raise ValueError(f"vectors must be an array of (N, V), not {x.shape}; write x.reshape(len(x), -1) for images")
    if weights.ndim != 2 or weights.shape[1] != x.shape[1]:
        raise ValueError(f"weights must be an array of (outputs, {x.shape[1]}), not {weights.shape}")


def dense(x: Array, weights: Array, bias: Array | None = None) -> Array:
    """Vectors (N, V), weights (M, V), bias (M,) -> (N, M), as torch.nn.functional.linear.

    y[n, m] = bias[m] + sum over v of weights[m, v] * x[n, v]. Source: Goodfellow, Bengio and Courville, Deep Learning
    (2016), chapter 6.
    """
    check(x, weights)
    y = np.zeros((len(x), len(weights)), floating(x, weights))
    for n, m in np.ndindex(*y.shape):
        total = 0.0 if bias is None else float(bias[m])
        for v in range(x.shape[1]):
            total += float(weights[m, v] * x[n, v])
        y[n, m] = total
    return y


def dense_backward(dy: Array, x: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The gradients (dx, dw, db) by vectors, weights and bias, from dy (N, M).

    Each product weights[m, v] * x[n, v] sends dy[n, m] to either factor, times the other one:

        dx[n, v] = sum over m of dy[n, m] * weights[m, v]
        dw[m, v] = sum over n of dy[n, m] * x[n, v]
        db[m]    = sum over n of dy[n, m]

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.5.
    """
    check(x, weights)
    need_like("dy", dy, (len(x), len(weights)))
    dtype = floating(dy, x, weights)
    dx, dw, db = np.zeros(x.shape, dtype), np.zeros(weights.shape, dtype), np.zeros(len(weights), dtype)
    for n, m in np.ndindex(*dy.shape):
        for v in range(x.shape[1]):
            dx[n, v] += dy[n, m] * weights[m, v]
            dw[m, v] += dy[n, m] * x[n, v]
        db[m] += dy[n, m]
    return dx, dw, db
