"""Larger images from their definition: where each new pixel lies in the old image, and which pixels are next to it."""

from __future__ import annotations

import math

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np

from .shapes import Pair, floating, need_images, need_like

__all__ = ["upsample", "upsample_backward", "upsample_shares"]


def upsample_shares(place: int, size: int, factor: int, mode: str = "nearest") -> dict[int, float]:
    """Along one axis of `size` pixels: the pixels that the new one at `place` is made of, each with its share.

    `nearest` takes the pixel that the new one lies in. For `bilinear` the middle of the new pixel, (place + 0.5) /
    factor - 0.5, lies between the middles p and p + 1 of two pixels, and the nearer one has the larger share; beyond an
    edge the edge's own pixel goes on.
    """
    if mode == "nearest":
        return {place // factor: 1.0}
    middle = (place + 0.5) / factor - 0.5
    before = math.floor(middle)
    shares: dict[int, float] = {}
    for pixel, share in ((before, 1 - (middle - before)), (before + 1, middle - before)):
        inside = min(max(pixel, 0), size - 1)
        shares[inside] = shares.get(inside, 0.0) + share
    return {pixel: share for pixel, share in shares.items() if share}


def upsample(x: Array, factor: Pair, mode: str = "nearest") -> Array:
    """Images (N, C, H, W) -> (N, C, H*fh, W*fw), as torch.nn.functional.interpolate with align_corners=False.

    y[n, c, i, j] = sum over p, q of a[p] * b[q] * x[n, c, p, q], with the shares a of row i and b of column j.
    Source: Long, Shelhamer and Darrell, Fully Convolutional Networks for Semantic Segmentation (2015), section 3.3.
    """
    n, c, h, w = need_images(x)
    y = np.zeros((n, c, h * factor[0], w * factor[1]), floating(x))
    for image, channel, i, j in np.ndindex(*y.shape):
        for p, down in upsample_shares(i, h, factor[0], mode).items():
            for q, across in upsample_shares(j, w, factor[1], mode).items():
                y[image, channel, i, j] += down * across * x[image, channel, p, q]
    return y


def upsample_backward(dy: Array, size: Pair, factor: Pair, mode: str = "nearest") -> Array:
    """dx for images of `size` (H, W): each pixel receives dy of every value that it is part of, by its share."""
    n, c = dy.shape[:2]
    need_like("dy", dy, (n, c, size[0] * factor[0], size[1] * factor[1]))
    dx = np.zeros((n, c, *size), floating(dy))
    for image, channel, i, j in np.ndindex(*dy.shape):
        for p, down in upsample_shares(i, size[0], factor[0], mode).items():
            for q, across in upsample_shares(j, size[1], factor[1], mode).items():
                dx[image, channel, p, q] += down * across * dy[image, channel, i, j]
    return dx
