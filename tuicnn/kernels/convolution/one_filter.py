"""Convolution with one filter over few channels: the sum of what a depthwise convolution makes of each channel.

A matrix with one column uses a sixteenth of a vector register, so its products, as of `columns`, take long.
"""

from __future__ import annotations

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, channel_sums, constant
from ..memory import empty
from ..windows import Window
from .depthwise import convolve_depthwise, convolve_depthwise_backward

__all__ = ["convolve_one_filter", "convolve_one_filter_backward"]


def convolve_one_filter(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Array]:
    """x (H, W, N, C), weights (kh, kw, C, 1) -> y (OH, OW, N, 1), and what the backward pass takes as `saved`."""
    each, saved = convolve_depthwise(x, weights[..., 0], window)
    *lead, c = each.shape
    y = np.matmul(each.reshape(-1, c), constant(1, c, x.dtype)).reshape(*lead, 1)
    if bias is not None:
        y += bias
    return y, saved


def convolve_one_filter_backward(
    dy: Array, saved: Array, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_one_filter`: dx, dw as weights and db (1,); None for what is not wanted."""
    each = empty((*dy.shape[:3], weights.shape[2]), dy.dtype)
    each[...] = dy
    dx, dw, _ = convolve_depthwise_backward(each, saved, weights[..., 0], window, with_dx=with_dx, with_bias=False)
    return dx, dw[..., None], (channel_sums(dy).astype(dy.dtype) if with_bias else None)
