"""Batch normalisation from its definition, one channel after the other."""

from __future__ import annotations

import math

from tuicnn.kernels.arrays import Array
from tuicnn.later import np

from .shapes import floating, need_images, need_like

__all__ = ["batch_norm", "batch_norm_backward", "mean_and_variance"]


def mean_and_variance(values: Array) -> tuple[float, float]:
    """mean = (sum of x) / m and variance = (sum of (x - mean)**2) / m, of m values of any shape."""
    total = 0.0
    for x in values.reshape(-1):
        total += float(x)
    mean = total / values.size
    squares = 0.0
    for x in values.reshape(-1):
        squares += (float(x) - mean) ** 2
    return mean, squares / values.size


def batch_norm(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """(N, C, H, W) -> the same shape, weight and bias (C,): what torch.nn.BatchNorm2d gives while it trains.

    y = weight * xhat + bias with xhat = (x - mean) / sqrt(variance + eps), mean and variance of each channel over all
    pixels of all images. Source: Ioffe and Szegedy, Batch Normalization (2015), algorithm 1.
    """
    n, c, h, w = need_images(x)
    y = np.zeros(x.shape, floating(x, weight))
    for channel in range(c):
        mean, variance = mean_and_variance(x[:, channel])
        for image, row, column in np.ndindex(n, h, w):
            xhat = (float(x[image, channel, row, column]) - mean) / math.sqrt(variance + eps)
            y[image, channel, row, column] = weight[channel] * xhat + bias[channel]
    return y


def batch_norm_backward(dy: Array, x: Array, weight: Array, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias), from dy (N, C, H, W).

    y = weight * xhat + bias gives dweight = sum of dy * xhat and dbias = sum of dy, over the channel's m pixels. x acts
    on y by itself, by way of the mean and by way of the variance; the three together are

        dx = weight / sqrt(variance + eps) * (dy - (sum of dy) / m - xhat * (sum of dy * xhat) / m)

    Source: Ioffe and Szegedy, Batch Normalization (2015), section 3, where the three stand one by one.
    """
    n, c, h, w = need_images(x)
    need_like("dy", dy, x.shape)
    dtype = floating(dy, x, weight)
    dx, dweight, dbias = np.zeros(x.shape, dtype), np.zeros(c, dtype), np.zeros(c, dtype)
    for channel in range(c):
        mean, variance = mean_and_variance(x[:, channel])
        inverse = 1 / math.sqrt(variance + eps)
        m = n * h * w
        for image, row, column in np.ndindex(n, h, w):
            slope = dy[image, channel, row, column]
            dweight[channel] += slope * (x[image, channel, row, column] - mean) * inverse
            dbias[channel] += slope
        for image, row, column in np.ndindex(n, h, w):
            xhat = (x[image, channel, row, column] - mean) * inverse
            apart = dy[image, channel, row, column] - dbias[channel] / m - xhat * dweight[channel] / m
            dx[image, channel, row, column] = weight[channel] * inverse * apart
    return dx, dweight, dbias
