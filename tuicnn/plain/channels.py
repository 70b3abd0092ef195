"""Across the channels of each place, from the definitions: their mean, their largest, their order, a weight for each.

Images are (N, C, H, W).
"""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import floating, need_images, need_like

__all__ = [
    "channel_avg_pool",
    "channel_avg_pool_backward",
    "channel_max_pool",
    "channel_max_pool_backward",
    "channel_shuffle",
    "channel_shuffle_backward",
    "scale",
    "scale_backward",
]


def channel_avg_pool(x: Array) -> Array:
    """(N, C, H, W) -> (N, 1, H, W), as torch.mean(x, 1, keepdim=True): the mean of each place's channels.

    Source: Woo, Park, Lee and Kweon, CBAM: Convolutional Block Attention Module (2018), section 3.2.
    """
    n, c, h, w = need_images(x)
    y = np.zeros((n, 1, h, w), floating(x))
    for image, channel, i, j in np.ndindex(*x.shape):
        y[image, 0, i, j] += x[image, channel, i, j] / c
    return y


def channel_avg_pool_backward(dy: Array, x: Array) -> Array:
    """dx[n, c, i, j] = dy[n, 0, i, j] / C: each channel counts as much in the mean."""
    n, c, h, w = need_images(x)
    need_like("dy", dy, (n, 1, h, w))
    dx = np.zeros(x.shape, floating(dy, x))
    for image, channel, i, j in np.ndindex(*x.shape):
        dx[image, channel, i, j] = dy[image, 0, i, j] / c
    return dx


def channel_max_pool(x: Array) -> Array:
    """(N, C, H, W) -> (N, 1, H, W), as torch.max(x, 1, keepdim=True).values: the largest of each place's channels.

    Source: Woo, Park, Lee and Kweon, CBAM: Convolutional Block Attention Module (2018), section 3.2.
    """
    n, _, h, w = need_images(x)
    y = np.zeros((n, 1, h, w), floating(x))
    for image, i, j in np.ndindex(n, h, w):
        y[image, 0, i, j] = max(float(value) for value in x[image, :, i, j])
    return y


def channel_max_pool_backward(dy: Array, x: Array) -> Array:
    """dy goes to the channel that is the largest of its place; of equal ones to the first."""
    n, _, h, w = need_images(x)
    need_like("dy", dy, (n, 1, h, w))
    dx = np.zeros(x.shape, floating(dy, x))
    for image, i, j in np.ndindex(n, h, w):
        values = [float(value) for value in x[image, :, i, j]]
        dx[image, values.index(max(values)), i, j] = dy[image, 0, i, j]
    return dx


def channel_shuffle(x: Array, groups: int) -> Array:
    """The channels as a table of `groups` rows, read down its columns, as torch.nn.ChannelShuffle.

    y[n, k*groups + g] = x[n, g*(C/groups) + k]. Source: Zhang, Zhou, Lin and Sun, ShuffleNet (2018), section 3.1.
    """
    _, c, _, _ = need_images(x)
    each, y = c // groups, np.zeros(x.shape, floating(x))
    for g, k in np.ndindex(groups, each):
        y[:, k * groups + g] = x[:, g * each + k]
    return y


def channel_shuffle_backward(dy: Array, groups: int) -> Array:
    """Each channel of dy moves back to the place that its values came from: the shuffle of the turned table."""
    return channel_shuffle(dy, dy.shape[1] // groups)


def scale(x: Array, weight: Array) -> Array:
    """y[n, c, i, j] = weight[c, 0, 0, 0] * x[n, c, i, j]: a depthwise convolution of 1x1 without bias.

    Vectors (N, C) likewise. Source: Touvron and others, Going deeper with Image Transformers (2021), section 2.1.
    """
    y = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        y[place] = weight[place[1], 0, 0, 0] * x[place]
    return y


def scale_backward(dy: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """dx and dweight: dx = weight * dy, and dweight of a channel is the sum of dy * x over all images and places."""
    need_like("dy", dy, x.shape)
    dx, dweight = np.zeros(x.shape, floating(dy, x)), np.zeros(weight.shape, floating(dy, x))
    for place in np.ndindex(*x.shape):
        dx[place] = weight[place[1], 0, 0, 0] * dy[place]
        dweight[place[1], 0, 0, 0] += dy[place] * x[place]
    return dx, dweight
