"""Arrays in, arrays out: convolution, pooling and sums, in float32 or float64. Images are (H, W, N, C)."""

from __future__ import annotations

from .arrays import Array, channel_sums, image_sums, long_runs, spread
from .convolution import choose, convolve, convolve_backward
from .depthwise import convolve_depthwise, convolve_depthwise_backward
from .derived import unchanged_weights
from .erf import erf
from .max_pooling import Winners, max_pool, max_pool_backward, max_pool_winners
from .pooling import average_pool, average_pool_backward
from .rectify import rectify, rectify_backward
from .softmax import softmax, softmax_backward
from .statistics import moments, product_sums, scale_and_shift, scaled_sum, sums
from .windows import Window, out_size

__all__ = [
    "Array",
    "Window",
    "Winners",
    "average_pool",
    "average_pool_backward",
    "channel_sums",
    "choose",
    "convolve",
    "convolve_backward",
    "convolve_depthwise",
    "convolve_depthwise_backward",
    "erf",
    "image_sums",
    "long_runs",
    "max_pool",
    "max_pool_backward",
    "max_pool_winners",
    "moments",
    "out_size",
    "product_sums",
    "rectify",
    "rectify_backward",
    "scale_and_shift",
    "scaled_sum",
    "softmax",
    "softmax_backward",
    "spread",
    "sums",
    "unchanged_weights",
]
