"""Convolution where no two windows share a pixel: a dense layer for each window.

Windows that touch, or a single one, cut the image into patches of kh·kw·C values. So with P (OH·OW·N, kh·kw·C), the
image with its axes in another order, and W the weights as they are,

    Y = P W,     dW = PT dY,     dP = dY WT

and each pixel is copied once each way. LeNet's last convolution, whose window is all of the image, is of this kind
(LeCun, Bottou, Bengio and Haffner 1998), and so is the first layer of a vision transformer (Dosovitskiy and others
2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from ..arrays import Array, Gradients, Saved, channel_sums, contiguous, pixels
from ..derived import derived
from ..memory import empty, zeros
from ..windows import Window
from .pointwise import summed_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["convolve_patches", "convolve_patches_backward", "separate"]


def separate(window: Window, height: int, width: int) -> bool:
    """Whether the windows are such patches, from the image's first pixel on."""
    plain = window.pad == ((0, 0), (0, 0)) and window.dilation == (1, 1)
    axes = zip(window.kernel, window.stride, window.out(height, width), strict=True)
    return plain and all(kernel == stride or out == 1 for kernel, stride, out in axes)


def cut(x: Array, window: Window) -> NDArray[Any]:
    """A view of an image's pixels, C values in one, as patches: (OH, OW, N, kh, kw)."""
    (kh, kw), (h, w, n, _) = window.kernel, x.shape
    oh, ow = window.out(h, w)
    return pixels(x)[: oh * kh, : ow * kw].reshape(oh, kh, ow, kw, n).transpose(0, 2, 4, 1, 3)


def as_matrix(weights: Array) -> Array:
    """(kh, kw, C, F) -> (kh·kw·C, F)."""
    return weights.reshape(-1, weights.shape[3])


def transposed(weights: Array) -> Array:
    """(kh, kw, C, F) -> (F, kh·kw·C), in its own memory."""
    return contiguous(as_matrix(weights).T)


def convolve_patches(x: Array, weights: Array, window: Window, bias: Array | None = None) -> tuple[Array, Saved]:
    """x (H, W, N, C), weights (kh, kw, C, F) -> y (OH, OW, N, F), and x's patches (OH, OW, N, kh, kw, C) and shape."""
    h, w, n, c = x.shape
    oh, ow = window.out(h, w)
    f = weights.shape[3]
    patches = empty((oh, ow, n, *window.kernel, c), x.dtype)
    pixels(patches)[...] = cut(x, window)
    y = empty((oh, ow, n, f), x.dtype)
    np.matmul(patches.reshape(oh, ow * n, -1), as_matrix(weights), out=y.reshape(oh, ow * n, f))
    if bias is not None:
        y += bias
    return y, (patches, x.shape)


def convolve_patches_backward(
    dy: Array, saved: Saved, weights: Array, window: Window, *, with_dx: bool = True, with_bias: bool = True
) -> Gradients:
    """The adjoint of `convolve_patches`: dx, dw and db; None for what is not wanted."""
    patches, shape = saved
    oh, ow, n, f = dy.shape
    errors, values = dy.reshape(oh, ow * n, f), patches.reshape(oh, ow * n, -1)
    dw = summed_products(values, errors).reshape(weights.shape)
    db = channel_sums(dy).astype(dy.dtype) if with_bias else None
    if not with_dx:
        return None, dw, db
    covered = (oh * window.kernel[0], ow * window.kernel[1]) == shape[:2]
    dx = (empty if covered else zeros)(shape, dy.dtype)
    back = empty(values.shape, dy.dtype)
    np.matmul(errors, derived(weights, "transposed", transposed), out=back)
    cut(dx, window)[...] = pixels(back.reshape(patches.shape))
    return dx, dw, db
