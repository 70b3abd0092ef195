"""The slow twins: what a network computes, in plain loops from the definitions, to be read and to be checked against.

Images are (N, C, H, W), weights of a convolution (F, C/groups, kh, kw) and of a dense layer (outputs, inputs), as
PyTorch has them. Everything is made of steps for a single window, which can be looked at one by one:

    padded = zero_pad(images, ((1, 1), (1, 1)))
    window = window_of(padded[0], row=5, column=3, kernel=(3, 3))     # (C, 3, 3)
    products(window, weights[0])                                      # each product of one output value
    weighted_sum(window, weights[0], bias[0])                         # that value: convolve(...)[0, 0, 5, 3]

This is the only place where slow is right: a fast kernel is tested against its twin here.
"""

from __future__ import annotations

from .borders import crop, zero_pad
from .convolution import convolve, convolve_backward, depthwise, depthwise_backward, products, weighted_sum
from .dense import dense, dense_backward
from .loss import cross_entropy, cross_entropy_backward, softmax
from .normalisation import batch_norm, batch_norm_backward, mean_and_variance
from .pooling import (
    average,
    average_pool,
    average_pool_backward,
    largest_mask,
    max_pool,
    max_pool_backward,
    spread_average,
)
from .windows import col2im, im2col, pixel, put_back, window_of

__all__ = [
    "average",
    "average_pool",
    "average_pool_backward",
    "batch_norm",
    "batch_norm_backward",
    "col2im",
    "convolve",
    "convolve_backward",
    "crop",
    "cross_entropy",
    "cross_entropy_backward",
    "dense",
    "dense_backward",
    "depthwise",
    "depthwise_backward",
    "im2col",
    "largest_mask",
    "max_pool",
    "max_pool_backward",
    "mean_and_variance",
    "pixel",
    "products",
    "put_back",
    "softmax",
    "spread_average",
    "weighted_sum",
    "window_of",
    "zero_pad",
]
