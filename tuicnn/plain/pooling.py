"""Pooling from its definition: one number for each window of each channel, the largest or the mean."""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .borders import bordered, crop, zero_pad
from .shapes import NO_PAD, ONE, Pad, Pair, floating, need_images, need_like, out_shape
from .windows import put_back, window_of

__all__ = [
    "average",
    "average_pool",
    "average_pool_backward",
    "distribute_value",
    "global_average_pool",
    "global_average_pool_backward",
    "global_max_pool",
    "global_max_pool_backward",
    "mask_of_window",
    "max_pool",
    "max_pool_backward",
    "ties_of_window",
]

#: what a border holds for a maximum: less than any pixel, so that it never wins
NOTHING = float("-inf")


def ties_of_window(window: Array) -> list[Pair]:
    """The places (i, j) of a window (kh, kw) that hold its largest value, in reading order. Mostly there is one.

    A NaN is larger than any number; of several, the last is the first here, as in torch.nn.functional.max_pool2d.
    """
    if np.isnan(window).any():
        return [(int(i), int(j)) for i, j in np.argwhere(np.isnan(window))[::-1]]
    largest = max(float(value) for value in window.reshape(-1))
    return [(i, j) for i, j in np.ndindex(*window.shape) if window[i, j] == largest]


def mask_of_window(window: Array) -> Array:
    """Who won in max pooling: 1 at the largest value of a window (kh, kw), 0 elsewhere.

    The maximum is the sum of `mask * window`, so the mask holds its derivatives: 1 by the winner, 0 by the others. Of
    several equal values, `ties_of_window`, the first in reading order wins, as in torch.nn.functional.max_pool2d.
    """
    mask = np.zeros(window.shape, floating(window))
    mask[ties_of_window(window)[0]] = 1
    return mask


def average(window: Array) -> float:
    """The mean of a window (kh, kw): its sum, added in reading order, divided by the number of its values."""
    total = 0.0
    for value in window.reshape(-1):
        total += float(value)
    return total / window.size


def distribute_value(dy: float, kernel: Pair) -> Array:
    """The gradient of an average by each value of its window: y = (sum of K values) / K, so each receives dy / K."""
    share = np.zeros(kernel)
    for place in np.ndindex(*kernel):
        share[place] = dy / (kernel[0] * kernel[1])
    return share


def max_pool(x: Array, kernel: Pair, stride: Pair | None = None, pad: Pad = NO_PAD, dilation: Pair = ONE) -> Array:
    """(N, C, H, W) -> (N, C, OH, OW), as torch.nn.functional.max_pool2d; the stride is the kernel where left out.

    y[n, c, row, column] = the largest of x[n, c, p, q] over the window's pixels; what is outside the image never wins.
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.3.
    """
    n, c, h, w = need_images(x)
    step = kernel if stride is None else stride
    padded = bordered(x, pad, NOTHING)
    y = np.zeros((n, c, *out_shape(h, w, kernel, step, pad, dilation)), floating(x))
    for image, channel, row, column in np.ndindex(*y.shape):
        window = window_of(padded[image, channel : channel + 1], row, column, kernel, step, dilation)[0]
        y[image, channel, row, column] = window[mask_of_window(window) == 1][0]
    return y


def max_pool_backward(
    dy: Array, x: Array, kernel: Pair, stride: Pair | None = None, pad: Pad = NO_PAD, dilation: Pair = ONE
) -> Array:
    """dx (N, C, H, W) from dy (N, C, OH, OW): each window puts back `dy * mask_of_window(window)`.

    Where windows overlap, a pixel that is largest in several of them receives the sum. Ties go to the first in reading
    order, so that each dy is passed on exactly once.
    """
    n, c, h, w = need_images(x)
    step = kernel if stride is None else stride
    need_like("dy", dy, (n, c, *out_shape(h, w, kernel, step, pad, dilation)))
    padded = bordered(x, pad, NOTHING)
    dpadded = np.zeros(padded.shape, floating(dy, x))
    for image, channel, row, column in np.ndindex(*dy.shape):
        one = slice(channel, channel + 1)
        window = window_of(padded[image, one], row, column, kernel, step, dilation)
        share = dy[image, channel, row, column] * mask_of_window(window[0])
        put_back(dpadded[image, one], share[None], row, column, step, dilation)
    return crop(dpadded, pad)


def average_pool(x: Array, kernel: Pair, stride: Pair | None = None, pad: Pad = NO_PAD, dilation: Pair = ONE) -> Array:
    """(N, C, H, W) -> (N, C, OH, OW), as torch.nn.functional.avg_pool2d; the stride is the kernel where left out.

    y[n, c, row, column] = (sum of x[n, c, p, q] over the window's K pixels) / K, where x is 0 outside the image, and
    counts. Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.3.
    """
    n, c, h, w = need_images(x)
    step = kernel if stride is None else stride
    padded = zero_pad(x, pad)
    y = np.zeros((n, c, *out_shape(h, w, kernel, step, pad, dilation)), floating(x))
    for image, channel, row, column in np.ndindex(*y.shape):
        window = window_of(padded[image, channel : channel + 1], row, column, kernel, step, dilation)
        y[image, channel, row, column] = average(window[0])
    return y


def average_pool_backward(
    dy: Array, size: Pair, kernel: Pair, stride: Pair | None = None, pad: Pad = NO_PAD, dilation: Pair = ONE
) -> Array:
    """dx (N, C, H, W) for images of `size` (H, W), from dy (N, C, OH, OW).

    Each window puts back `distribute_value(dy)`. What the pixels were does not matter: an average is linear, so its
    gradient is the same everywhere.
    """
    n, c, _, _ = need_images(dy)
    step = kernel if stride is None else stride
    need_like("dy", dy, (n, c, *out_shape(*size, kernel, step, pad, dilation)))
    (top, bottom), (left, right) = pad
    dpadded = np.zeros((n, c, top + size[0] + bottom, left + size[1] + right), floating(dy))
    for image, channel, row, column in np.ndindex(*dy.shape):
        share = distribute_value(float(dy[image, channel, row, column]), kernel)
        put_back(dpadded[image, channel : channel + 1], share[None], row, column, step, dilation)
    return crop(dpadded, pad)


def global_average_pool(x: Array) -> Array:
    """(N, C, H, W) -> (N, C), as torch.nn.functional.adaptive_avg_pool2d(x, 1): y[n, c] = the mean of x[n, c].

    One window, as large as the image. Source: Lin, Chen and Yan, Network In Network (2014), section 3.2.
    """
    _, _, h, w = need_images(x)
    return average_pool(x, (h, w))[:, :, 0, 0]


def global_average_pool_backward(dy: Array, size: Pair) -> Array:
    """dx (N, C, H, W) for images of `size` (H, W), from dy (N, C): each pixel receives dy[n, c] / (H * W)."""
    return average_pool_backward(dy[:, :, None, None], size, size)


def global_max_pool(x: Array) -> Array:
    """(N, C, H, W) -> (N, C), as torch.nn.functional.adaptive_max_pool2d(x, 1): y[n, c] = the largest of x[n, c].

    One window, as large as the image. Source: Oquab and others, Is object localization for free? (2015).
    """
    _, _, h, w = need_images(x)
    return max_pool(x, (h, w))[:, :, 0, 0]


def global_max_pool_backward(dy: Array, x: Array) -> Array:
    """dx (N, C, H, W) from dy (N, C): the largest pixel of each channel receives dy[n, c], as in `mask_of_window`."""
    _, _, h, w = need_images(x)
    return max_pool_backward(dy[:, :, None, None], x, (h, w))
