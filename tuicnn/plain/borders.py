"""A border around an image, so that windows reach its edges: zeros for convolution, minus infinity for a maximum."""

from __future__ import annotations

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import NO_PAD, Pad, floating, need_images

__all__ = ["bordered", "crop", "zero_pad"]


def bordered(x: Array, pad: Pad, value: float) -> Array:
    """(N, C, H, W) -> (N, C, top + H + bottom, left + W + right), with `value` wherever x has no pixel."""
    n, c, h, w = need_images(x)
    (top, bottom), (left, right) = pad
    y = np.full((n, c, top + h + bottom, left + w + right), value, floating(x))
    for image, channel, row, column in np.ndindex(n, c, h, w):
        y[image, channel, top + row, left + column] = x[image, channel, row, column]
    return y


def zero_pad(x: Array, pad: Pad = NO_PAD) -> Array:
    """y[p, q] = x[p - top, q - left], and 0 where that is outside the image: (N, C, H, W) with a border of zeros.

    `pad` is ((top, bottom), (left, right)). Source: Dumoulin and Visin, A guide to convolution arithmetic for deep
    learning (2016), section 2.2.
    """
    return bordered(x, pad, 0.0)


def crop(y: Array, pad: Pad = NO_PAD) -> Array:
    """x[i, j] = y[i + top, j + left]: takes a border of this size away.

    It is also the backward of `zero_pad`. Each pixel of x is copied to one place of y, so its gradient is that place's;
    the border is constant, and its gradient goes nowhere.
    """
    n, c, height, width = need_images(y)
    (top, bottom), (left, right) = pad
    x = np.zeros((n, c, height - top - bottom, width - left - right), floating(y))
    for image, channel, row, column in np.ndindex(*x.shape):
        x[image, channel, row, column] = y[image, channel, top + row, left + column]
    return x
