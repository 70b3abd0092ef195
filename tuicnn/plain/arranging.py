"""What moves values and computes nothing or next to it: flatten, the joins of branches, dropout."""

from __future__ import annotations

from collections.abc import Sequence

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import floating, need_images, need_like

__all__ = [
    "add",
    "add_backward",
    "concat",
    "concat_backward",
    "drop_path",
    "drop_path_backward",
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "flatten",
    "flatten_backward",
    "multiply",
    "multiply_backward",
    "transpose",
    "transpose_backward",
]


def flatten(x: Array) -> Array:
    """Images (N, C, H, W) -> vectors (N, C*H*W), as torch.flatten(x, 1): y[n, (c*H + i)*W + j] = x[n, c, i, j]."""
    n, c, h, w = need_images(x)
    y = np.zeros((n, c * h * w), floating(x))
    for image, channel, i, j in np.ndindex(*x.shape):
        y[image, (channel * h + i) * w + j] = x[image, channel, i, j]
    return y


def flatten_backward(dy: Array, size: tuple[int, int, int]) -> Array:
    """dx (N, C, H, W) for images of `size` (C, H, W), from dy (N, C*H*W): each value moves back to its place.

    It is the layer `reshape` too, which reads a vector as an image.
    """
    c, h, w = size
    need_like("dy", dy, (len(dy), c * h * w))
    dx = np.zeros((len(dy), *size), floating(dy))
    for image, channel, i, j in np.ndindex(*dx.shape):
        dx[image, channel, i, j] = dy[image, (channel * h + i) * w + j]
    return dx


def transpose(x: Array) -> Array:
    """Images (N, C, H, W) -> (N, H*W, C, 1): y[n, i*W + j, c, 0] = x[n, c, i, j].

    Source: Tolstikhin and others, MLP-Mixer (2021), section 2.
    """
    n, c, h, w = need_images(x)
    y = np.zeros((n, h * w, c, 1), floating(x))
    for image, channel, i, j in np.ndindex(*x.shape):
        y[image, i * w + j, channel, 0] = x[image, channel, i, j]
    return y


def transpose_backward(dy: Array, x: Array) -> Array:
    """dx as x, from dy (N, H*W, C, 1): each value moves back to its place."""
    n, c, h, w = need_images(x)
    need_like("dy", dy, (n, h * w, c, 1))
    dx = np.zeros(x.shape, floating(dy))
    for image, channel, i, j in np.ndindex(*x.shape):
        dx[image, channel, i, j] = dy[image, i * w + j, channel, 0]
    return dx


def add(branches: Sequence[Array]) -> Array:
    """y = x1 + x2 + ..., of branches of one shape, value by value.

    Source: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2016).
    """
    y = np.zeros(branches[0].shape, floating(*branches))
    for x in branches:
        need_like("each branch", x, y.shape)
        for place in np.ndindex(*y.shape):
            y[place] += x[place]
    return y


def add_backward(dy: Array, branches: int) -> list[Array]:
    """The gradient by each of the branches: dy, as each of them has the derivative 1."""
    return [dy.copy() for _ in range(branches)]


def repeated(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The place in an array of `shape` of the value that counts at a place of a larger one: 0 along an axis of 1.

    A vector's values stand for images of one pixel: their place has no row and column.
    """
    return tuple(0 if size == 1 else index for index, size in zip(place, shape, strict=False))


def multiply(branches: Sequence[Array]) -> Array:
    """y = x1 * x2 * ..., value by value; along an axis where a branch has size 1, its value counts for every place.

    Vectors (N, C) beside images (N, C, H, W) count as images of one pixel. Source: Hu, Shen and Sun,
    Squeeze-and-Excitation Networks (2018).
    """
    rank = max(x.ndim for x in branches)
    shapes = [(*x.shape, 1, 1)[:rank] for x in branches]
    y = np.ones([max(sizes) for sizes in zip(*shapes, strict=True)], floating(*branches))
    for x in branches:
        for place in np.ndindex(*y.shape):
            y[place] *= x[repeated(place, x.shape)]
    return y


def multiply_backward(dy: Array, branches: Sequence[Array]) -> list[Array]:
    """The gradient by each branch: dy times the product of the others, summed over the places that a value counts at.

    By the product rule, the derivative of x1 * x2 * x3 by x1 is x2 * x3.
    """
    gradients = []
    for k, x in enumerate(branches):
        dx = np.zeros(x.shape, floating(dy, *branches))
        for place in np.ndindex(*dy.shape):
            slope = dy[place]
            for j, other in enumerate(branches):
                if j != k:
                    slope = slope * other[repeated(place, other.shape)]
            dx[repeated(place, x.shape)] += slope
        gradients.append(dx)
    return gradients


def concat(branches: Sequence[Array]) -> Array:
    """Channels one after the other, as torch.cat(branches, 1).

    (N, C1, H, W), (N, C2, H, W), ... -> (N, C1 + C2 + ..., H, W); vectors (N, V1), (N, V2), ... -> (N, V1 + V2 + ...).
    Source: Szegedy and others, Going Deeper with Convolutions
    (2015).
    """
    first = branches[0]
    channels = sum(x.shape[1] for x in branches)
    y = np.zeros((len(first), channels, *first.shape[2:]), floating(*branches))
    begin = 0
    for x in branches:
        need_like("each branch", x, (len(first), x.shape[1], *first.shape[2:]))
        for channel in range(x.shape[1]):
            y[:, begin + channel] = x[:, channel]
        begin += x.shape[1]
    return y


def concat_backward(dy: Array, channels: Sequence[int]) -> list[Array]:
    """The gradient by each branch, of which `channels` has the number of channels: its own channels of dy."""
    need_like("dy", dy, (len(dy), sum(channels), *dy.shape[2:]))
    parts, begin = [], 0
    for count in channels:
        parts.append(dy[:, begin : begin + count].copy())
        begin += count
    return parts


def dropout_mask(shape: tuple[int, ...], p: float, random: np.random.Generator) -> Array:
    """0 with probability p, else 1, drawn for each place by itself: 0 where a uniform number of [0, 1) is below p."""
    mask = np.zeros(shape)
    for place in np.ndindex(*shape):
        mask[place] = 0 if random.random() < p else 1
    return mask


def dropout(x: Array, mask: Array, p: float) -> Array:
    """y = x * mask / (1 - p) while a network trains, as torch.nn.functional.dropout; afterwards y = x.

    The division keeps the mean: a value stays in a share 1 - p of the steps. Source: Srivastava, Hinton, Krizhevsky,
    Sutskever and Salakhutdinov, Dropout (2014), section 10.
    """
    need_like("the mask", mask, x.shape)
    y = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        y[place] = x[place] * mask[place] / (1 - p)
    return y


def dropout_backward(dy: Array, mask: Array, p: float) -> Array:
    """dx = dy * mask / (1 - p): y is x times a number that does not depend on x, so dx is dy times that number."""
    return dropout(dy, mask, p)


def drop_path(x: Array, mask: Array, p: float) -> Array:
    """y[n] = x[n] * mask[n] / (1 - p) while a network trains, for a mask of 0 and 1 for each image; afterwards y = x.

    Source: Huang, Sun, Liu, Sedra and Weinberger, Deep Networks with Stochastic Depth (2016); divided as in `dropout`.
    """
    need_like("the mask", mask, (len(x),))
    y = np.zeros(x.shape, floating(x))
    for place in np.ndindex(*x.shape):
        y[place] = x[place] * mask[place[0]] / (1 - p)
    return y


def drop_path_backward(dy: Array, mask: Array, p: float) -> Array:
    """dx = dy * mask / (1 - p), image by image."""
    return drop_path(dy, mask, p)
