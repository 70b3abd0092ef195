"""Convolution from its definition: one window times one kernel, summed, at each place, for each filter."""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .borders import crop, zero_pad
from .shapes import NO_PAD, ONE, Pad, Pair, floating, need_images, need_like, out_shape
from .windows import put_back, window_of

__all__ = [
    "conv_single_step",
    "convolve",
    "convolve_backward",
    "convolve_transposed",
    "convolve_transposed_backward",
    "depthwise",
    "depthwise_backward",
    "products",
]


def products(window: Array, kernel: Array) -> Array:
    """One window (C, kh, kw) times one kernel of the same shape, value by value: all that one output is made of.

    products[c, i, j] = window[c, i, j] * kernel[c, i, j]
    """
    need_like("the kernel", kernel, window.shape)
    made = np.zeros(window.shape, floating(window, kernel))
    for place in np.ndindex(*window.shape):
        made[place] = window[place] * kernel[place]
    return made


def conv_single_step(window: Array, kernel: Array, bias: float = 0.0) -> float:
    """One value of a convolution: bias + the sum of `products(window, kernel)`, added in reading order."""
    total = float(bias)
    for product in products(window, kernel).reshape(-1):
        total += float(product)
    return total


def group_of(f: int, filters: int, c: int, groups: int) -> slice:
    """The c channels that filter f sees: those of its group. With one group, all of them."""
    group = f // (filters // groups)
    return slice(group * c, (group + 1) * c)


def check(x: Array, weights: Array, groups: int) -> None:
    """Raises `ValueError` where weights (F, C/groups, kh, kw) and images (N, C, H, W) do not go together."""
    channels = need_images(x)[1]
    if weights.ndim != 4:
        raise ValueError(f"weights must be an array of (F, C/groups, kh, kw), not {weights.shape}")
    if channels % groups or len(weights) % groups:
        raise ValueError(f"groups={groups} must divide the {channels} channels and the {len(weights)} filters")
    if weights.shape[1] != channels // groups:
        raise ValueError(f"each filter must have {channels // groups} channels, not {weights.shape[1]}")


def convolve(
    x: Array,
    weights: Array,
    bias: Array | None = None,
    stride: Pair = ONE,
    pad: Pad = NO_PAD,
    dilation: Pair = ONE,
    groups: int = 1,
) -> Array:
    """Images (N, C, H, W), weights (F, C/groups, kh, kw), bias (F,) -> (N, F, OH, OW), as torch.nn.functional.conv2d.

    y[n, f, row, column] = bias[f] + sum over c, i, j of weights[f, c, i, j] * x[n, c, p, q], where p = row * stride +
    i * dilation - top and q = column * stride + j * dilation - left, and x is 0 outside the image; with groups, c runs
    over the filter's own group. (Mathematics would turn the kernel round and call this a cross-correlation.)
    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), sections 9.1 and 9.5.
    """
    check(x, weights, groups)
    filters, c, kh, kw = weights.shape
    rows, columns = out_shape(x.shape[2], x.shape[3], (kh, kw), stride, pad, dilation)
    padded = zero_pad(x, pad)
    y = np.zeros((len(x), filters, rows, columns), floating(x, weights))
    for n, f, row, column in np.ndindex(*y.shape):
        seen = padded[n, group_of(f, filters, c, groups)]
        window = window_of(seen, row, column, (kh, kw), stride, dilation)
        y[n, f, row, column] = conv_single_step(window, weights[f], 0.0 if bias is None else float(bias[f]))
    return y


def convolve_backward(
    dy: Array,
    x: Array,
    weights: Array,
    stride: Pair = ONE,
    pad: Pad = NO_PAD,
    dilation: Pair = ONE,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """The gradients (dx, dw, db) by images, weights and bias, from dy (N, F, OH, OW), the gradient by the output.

    One value of y is the bias and a sum of products weight * pixel. The derivative of a product by one factor is the
    other one, so each product sends dy * pixel to its weight and dy * weight to its pixel; and dy itself to the bias:

        dw[f, c, i, j] = sum over n, row, column of dy[n, f, row, column] * x[n, c, p, q]
        dx[n, c, p, q] = sum over all f, row, column, i, j that meet in pixel (p, q)
                         of dy[n, f, row, column] * weights[f, c, i, j]
        db[f]          = sum over n, row, column of dy[n, f, row, column]

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5.
    """
    check(x, weights, groups)
    filters, c, kh, kw = weights.shape
    rows, columns = out_shape(x.shape[2], x.shape[3], (kh, kw), stride, pad, dilation)
    need_like("dy", dy, (len(x), filters, rows, columns))
    padded = zero_pad(x, pad)
    dtype = floating(dy, x, weights)
    dpadded, dw, db = np.zeros(padded.shape, dtype), np.zeros(weights.shape, dtype), np.zeros(filters, dtype)
    for n, f, row, column in np.ndindex(*dy.shape):
        channels = group_of(f, filters, c, groups)
        window = window_of(padded[n, channels], row, column, (kh, kw), stride, dilation)
        slope = dy[n, f, row, column]
        dw[f] += slope * window
        put_back(dpadded[n, channels], slope * weights[f], row, column, stride, dilation)
        db[f] += slope
    return crop(dpadded, pad), dw, db


def depthwise(
    x: Array,
    weights: Array,
    bias: Array | None = None,
    stride: Pair = ONE,
    pad: Pad = NO_PAD,
    dilation: Pair = ONE,
) -> Array:
    """Each channel with a kernel of its own: images (N, C, H, W), weights (C, 1, kh, kw), bias (C,) -> (N, C, OH, OW).

    It is `convolve` with a group for each channel. Source: Chollet, Xception: Deep Learning with Depthwise Separable
    Convolutions (2017).
    """
    return convolve(x, weights, bias, stride, pad, dilation, groups=need_images(x)[1])


def depthwise_backward(
    dy: Array, x: Array, weights: Array, stride: Pair = ONE, pad: Pad = NO_PAD, dilation: Pair = ONE
) -> tuple[Array, Array, Array]:
    """The gradients (dx, dw, db) of `depthwise`: those of `convolve` with a group for each channel."""
    return convolve_backward(dy, x, weights, stride, pad, dilation, groups=need_images(x)[1])


def convolve_transposed(
    x: Array,
    weights: Array,
    size: Pair,
    bias: Array | None = None,
    stride: Pair = ONE,
    pad: Pad = NO_PAD,
    dilation: Pair = ONE,
    groups: int = 1,
) -> Array:
    """Images (N, C, H, W), weights (C, F/groups, kh, kw), bias (F,) -> (N, F, OH, OW) with OH, OW of `size`.

    As torch.nn.functional.conv_transpose2d. Each pixel x[n, c, p, q] puts its value times the kernels weights[c] down
    at row p * stride - top and column q * stride - left, and what overlaps is added; what lies outside of the new image
    is lost. It is what `convolve_backward` does with dy. Source: Dumoulin and Visin, A guide to convolution arithmetic
    for deep learning (2016), chapter 4.
    """
    n, channels, h, w = need_images(x)
    f, kh, kw = weights.shape[1:]
    need_like("x", x, (n, channels, *out_shape(*size, (kh, kw), stride, pad, dilation)))
    padded = zero_pad(np.zeros((n, f * groups, *size), floating(x, weights)), pad)
    for image, c, p, q in np.ndindex(n, channels, h, w):
        own = padded[image, group_of(c, channels, f, groups)]
        put_back(own, x[image, c, p, q] * weights[c], p, q, stride, dilation)
    y = crop(padded, pad)
    if bias is not None:
        for image, channel, i, j in np.ndindex(*y.shape):
            y[image, channel, i, j] += bias[channel]
    return y


def convolve_transposed_backward(
    dy: Array,
    x: Array,
    weights: Array,
    stride: Pair = ONE,
    pad: Pad = NO_PAD,
    dilation: Pair = ONE,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """The gradients (dx, dw, db) by images, weights and bias, from dy (N, F, OH, OW).

    Each pixel went into the window of y that its kernel was put down on, times a weight for each place: so it receives
    the sum of dy * weight over that window, which is `convolve(dy, weights)`; and each weight the sum of dy * pixel.
    """
    n, channels, h, w = need_images(x)
    f, kh, kw = weights.shape[1:]
    dx = convolve(dy, weights, None, stride, pad, dilation, groups)
    need_like("dy", dx, x.shape)
    padded, dw = zero_pad(dy, pad), np.zeros(weights.shape, floating(dy, x, weights))
    for image, c, p, q in np.ndindex(n, channels, h, w):
        seen = padded[image, group_of(c, channels, f, groups)]
        dw[c] += x[image, c, p, q] * window_of(seen, p, q, (kh, kw), stride, dilation)
    db = np.zeros(dy.shape[1], dw.dtype)
    for image, channel, i, j in np.ndindex(*dy.shape):
        db[channel] += dy[image, channel, i, j]
    return dx, dw, db
