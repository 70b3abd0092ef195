"""Arrays in, arrays out: convolution, pooling and sums, in float32 or float64. Images are (N, H, W, C)."""

from __future__ import annotations

from .arrays import Array, channel_sums, image_sums, spread
from .convolution import convolve, convolve_backward
from .depthwise import convolve_depthwise, convolve_depthwise_backward
from .erf import erf
from .pooling import average_pool, average_pool_backward, max_pool, max_pool_backward
from .windows import Window, out_size

__all__ = [
    "Array",
    "Window",
    "average_pool",
    "average_pool_backward",
    "channel_sums",
    "convolve",
    "convolve_backward",
    "convolve_depthwise",
    "convolve_depthwise_backward",
    "erf",
    "image_sums",
    "max_pool",
    "max_pool_backward",
    "out_size",
    "spread",
]
