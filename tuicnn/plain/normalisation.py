"""Normalisation from its definition: a set of values to mean 0 and variance 1, then a learnt scale and shift.

The three kinds differ in the set: batch normalisation takes one channel of all images, layer normalisation one whole
image, group normalisation a group of one image's channels. Values are images (N, C, H, W) or vectors (N, C).
"""

from __future__ import annotations

import math
from typing import Any

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import floating, need_like

__all__ = [
    "batch_norm",
    "batch_norm_backward",
    "channels_around",
    "group_norm",
    "group_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_channels",
    "layer_norm_channels_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "mean_and_variance",
    "standardise",
    "standardise_backward",
]

#: an index that takes one set of values out of an array
Set = Any


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


def standardise(x: Array, eps: float = 1e-5) -> Array:
    """xhat = (x - mean) / sqrt(variance + eps), for one set of values of any shape, with their mean and variance."""
    mean, variance = mean_and_variance(x)
    xhat = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        xhat[place] = (float(x[place]) - mean) / math.sqrt(variance + eps)
    return xhat


def standardise_backward(dxhat: Array, x: Array, eps: float = 1e-5) -> Array:
    """dx of one set of values, from the gradient by its xhat.

    x acts on xhat by itself, by way of the mean and by way of the variance. The three together are, for m values,

        dx = (dxhat - (sum of dxhat) / m - xhat * (sum of dxhat * xhat) / m) / sqrt(variance + eps)

    Source: Ioffe and Szegedy, Batch Normalization (2015), section 3, where the three stand one by one.
    """
    xhat, (_, variance) = standardise(x, eps), mean_and_variance(x)
    total = product = 0.0
    for place in np.ndindex(*x.shape):
        total += float(dxhat[place])
        product += float(dxhat[place] * xhat[place])
    dx = np.zeros(x.shape, floating(dxhat, x))
    for place in np.ndindex(*x.shape):
        centred = dxhat[place] - total / x.size - xhat[place] * product / x.size
        dx[place] = centred / math.sqrt(variance + eps)
    return dx


def check(x: Array, weight: Array, shape: tuple[int, ...]) -> None:
    """Raises `ValueError` where x is neither images nor vectors, or the scale has not the shape that it must have."""
    if x.ndim not in (2, 4):
        raise ValueError(f"values must be an array of (N, C, H, W) or (N, C), not {x.shape}")
    need_like("weight", weight, shape)


def normalise(x: Array, sets: list[Set], weight: Array, bias: Array, eps: float) -> Array:
    """y = weight * xhat + bias, each set made standard; weight and bias for each channel (C,) or value (C, H, W)."""
    y = np.zeros(x.shape, floating(x, weight, bias))
    for one in sets:
        y[one] = standardise(x[one], eps)
    for place in np.ndindex(*x.shape):
        own = place[1 : 1 + weight.ndim]
        y[place] = weight[own] * y[place] + bias[own]
    return y


def normalise_backward(dy: Array, x: Array, sets: list[Set], weight: Array, eps: float) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `normalise`.

    y = weight * xhat + bias gives dweight = sum of dy * xhat and dbias = sum of dy, over the places that share a
    weight, and dxhat = weight * dy; from there `standardise_backward` leads to dx, set by set.
    """
    need_like("dy", dy, x.shape)
    dtype = floating(dy, x, weight)
    xhat, dxhat, dx = (np.zeros(x.shape, dtype) for _ in range(3))
    dweight, dbias = np.zeros(weight.shape, dtype), np.zeros(weight.shape, dtype)
    for one in sets:
        xhat[one] = standardise(x[one], eps)
    for place in np.ndindex(*x.shape):
        own = place[1 : 1 + weight.ndim]
        dweight[own] += dy[place] * xhat[place]
        dbias[own] += dy[place]
        dxhat[place] = weight[own] * dy[place]
    for one in sets:
        dx[one] = standardise_backward(dxhat[one], x[one], eps)
    return dx, dweight, dbias


def channels_of_batch(x: Array) -> list[Set]:
    """The sets of batch normalisation: x[:, c], one for each channel c."""
    return [(slice(None), channel) for channel in range(x.shape[1])]


def groups_of_images(x: Array, groups: int) -> list[Set]:
    """The sets of group normalisation: C / groups neighbouring channels of one image. Raises `ValueError`."""
    channels = x.shape[1]
    if channels % groups:
        raise ValueError(f"groups={groups} must divide the {channels} channels")
    each = channels // groups
    return [(n, slice(first, first + each)) for n in range(len(x)) for first in range(0, channels, each)]


def batch_norm(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """(N, C, H, W) or (N, C) -> the same shape, weight and bias (C,): torch.nn.BatchNorm2d (1d) while it trains.

    y = weight * xhat + bias with xhat = (x - mean) / sqrt(variance + eps), mean and variance of each channel over all
    pixels of all images. Source: Ioffe and Szegedy, Batch Normalization (2015), algorithm 1.
    """
    check(x, weight, x.shape[1:2])
    return normalise(x, channels_of_batch(x), weight, bias, eps)


def batch_norm_backward(dy: Array, x: Array, weight: Array, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `batch_norm`: see `normalise_backward`."""
    check(x, weight, x.shape[1:2])
    return normalise_backward(dy, x, channels_of_batch(x), weight, eps)


def layer_norm(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """(N, C, H, W) or (N, C) -> the same shape, as torch.nn.LayerNorm([C, H, W]): weight and bias for each value.

    y = weight * xhat + bias, mean and variance over all values of one image. Source: Ba, Kiros and Hinton, Layer
    Normalization (2016).
    """
    check(x, weight, x.shape[1:])
    return normalise(x, groups_of_images(x, 1), weight, bias, eps)


def layer_norm_backward(dy: Array, x: Array, weight: Array, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `layer_norm`: see `normalise_backward`."""
    check(x, weight, x.shape[1:])
    return normalise_backward(dy, x, groups_of_images(x, 1), weight, eps)


def places_of_images(x: Array) -> list[Set]:
    """The sets of layer normalisation over channels: x[n, :, i, j], one for each place of each image."""
    return [(place[0], slice(None), *place[1:]) for place in np.ndindex(len(x), *x.shape[2:])]


def layer_norm_channels(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """(N, C, H, W) or (N, C) -> the same shape, weight and bias (C,): torch.nn.LayerNorm(C) of channels as a last axis.

    y = weight * xhat + bias, mean and variance over the channels of one place. Source: Liu and others, A ConvNet for
    the 2020s (2022).
    """
    check(x, weight, x.shape[1:2])
    return normalise(x, places_of_images(x), weight, bias, eps)


def layer_norm_channels_backward(dy: Array, x: Array, weight: Array, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `layer_norm_channels`: see `normalise_backward`."""
    check(x, weight, x.shape[1:2])
    return normalise_backward(dy, x, places_of_images(x), weight, eps)


def group_norm(x: Array, groups: int, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """(N, C, H, W) or (N, C) -> the same shape, weight and bias (C,), as torch.nn.functional.group_norm.

    y = weight * xhat + bias, mean and variance over the C / groups channels of a group of one image. Source: Wu and He,
    Group Normalization (2018).
    """
    check(x, weight, x.shape[1:2])
    return normalise(x, groups_of_images(x, groups), weight, bias, eps)


def group_norm_backward(
    dy: Array, x: Array, groups: int, weight: Array, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """The gradients (dx, dweight, dbias) of `group_norm`: see `normalise_backward`."""
    check(x, weight, x.shape[1:2])
    return normalise_backward(dy, x, groups_of_images(x, groups), weight, eps)


def channels_around(channel: int, channels: int, size: int) -> range:
    """The `size` channels around one, those that there are."""
    return range(max(0, channel - size // 2), min(channels, channel + size // 2 + 1))


def local_response_norm(x: Array, channels: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """Images (N, C, H, W) -> the same shape, as torch.nn.functional.local_response_norm of an odd number of channels.

    y[c] = x[c] * base[c]**-beta with base[c] = k + alpha / channels * the sum of x[d]**2 over the channels d around c,
    at each place. Source: Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs (2012), section 3.3.
    """
    y = np.zeros(x.shape, floating(x))
    for n, c, i, j in np.ndindex(*x.shape):
        y[n, c, i, j] = x[n, c, i, j] * response_base(x[n, :, i, j], c, channels, alpha, k) ** -beta
    return y


def response_base(values: Array, c: int, channels: int, alpha: float, k: float) -> float:
    """What the value of channel c is divided by a power of: k + alpha / channels * the sum of squares around it."""
    total = 0.0
    for d in channels_around(c, len(values), channels):
        total += float(values[d]) ** 2
    return k + alpha / channels * total


def local_response_norm_backward(
    dy: Array, x: Array, channels: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """dx[d] = the sum over the channels c around d of dy[c] * dy[c]/dx[d].

    The derivative of y[c] = x[c] * base[c]**-beta by x[d] is base[c]**-beta where c = d, and in each case less
    2 * alpha * beta / channels * x[c] * x[d] * base[c]**(-beta - 1), by the chain rule through the base.
    """
    need_like("dy", dy, x.shape)
    dx = np.zeros(x.shape, floating(dy, x))
    for n, c, i, j in np.ndindex(*x.shape):
        base = response_base(x[n, :, i, j], c, channels, alpha, k)
        dx[n, c, i, j] += dy[n, c, i, j] * base**-beta
        for d in channels_around(c, x.shape[1], channels):
            through = 2 * alpha * beta / channels * x[n, c, i, j] * x[n, d, i, j] * base ** (-beta - 1)
            dx[n, d, i, j] -= dy[n, c, i, j] * through
    return dx
