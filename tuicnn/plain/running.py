"""Batch normalisation after training: with running statistics, which are constants, in the place of the batch's."""

from __future__ import annotations

import math

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .normalisation import check, mean_and_variance
from .shapes import floating, need_like

__all__ = ["batch_norm_inference", "batch_norm_inference_backward", "running_statistics"]


def running_statistics(x: Array, running_mean: Array, running_var: Array, momentum: float = 0.1) -> tuple[Array, Array]:
    """The running mean and variance (C,) after a training step with the batch x, from those before it.

    running = (1 - momentum) * running + momentum * (the batch's), where the batch's variance is the unbiased one: its
    sum of squares divided by m - 1, not by m. Source: PyTorch's documentation of torch.nn.BatchNorm2d.
    """
    mean, var = running_mean.copy(), running_var.copy()
    for channel in range(x.shape[1]):
        values = x[:, channel]
        batch_mean, variance = mean_and_variance(values)
        unbiased = variance * values.size / max(1, values.size - 1)
        mean[channel] = (1 - momentum) * mean[channel] + momentum * batch_mean
        var[channel] = (1 - momentum) * var[channel] + momentum * unbiased
    return mean, var


def batch_norm_inference(
    x: Array, weight: Array, bias: Array, running_mean: Array, running_var: Array, eps: float = 1e-5
) -> Array:
    """`batch_norm` after training: y = weight * (x - running_mean) / sqrt(running_var + eps) + bias.

    The statistics are constants (C,), so each value has its output by itself. Source: Ioffe and Szegedy, Batch
    Normalization (2015), section 3.1.
    """
    check(x, weight, x.shape[1:2])
    y = np.zeros(x.shape, floating(x, weight, bias))
    for place in np.ndindex(*x.shape):
        c = place[1]
        xhat = (x[place] - running_mean[c]) / math.sqrt(running_var[c] + eps)
        y[place] = weight[c] * xhat + bias[c]
    return y


def batch_norm_inference_backward(
    dy: Array, x: Array, weight: Array, running_mean: Array, running_var: Array, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `batch_norm_inference`: dx = dy * weight / sqrt(running_var + eps)."""
    check(x, weight, x.shape[1:2])
    need_like("dy", dy, x.shape)
    dtype = floating(dy, x, weight)
    dx, dweight, dbias = np.zeros(x.shape, dtype), np.zeros(weight.shape, dtype), np.zeros(weight.shape, dtype)
    for place in np.ndindex(*x.shape):
        c = place[1]
        inverse = 1 / math.sqrt(running_var[c] + eps)
        dx[place] = dy[place] * weight[c] * inverse
        dweight[c] += dy[place] * (x[place] - running_mean[c]) * inverse
        dbias[c] += dy[place]
    return dx, dweight, dbias
