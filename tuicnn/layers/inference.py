"""What is computed as one outside training: the results are the same but for rounding, and nothing is kept.

A batch normalisation, whose statistics are fixed then, goes into the weights of the layer before it.

What comes before a max pooling is done after it, when there is less to do by the size of a window. The largest of
f(x_1) … f(x_k) is f of the largest x for an f that rises everywhere; for one that falls and then rises, as GELU does,
it is the larger of f(smallest) and f(largest). A group normalisation is a scale and a shift of each image's channels,
which takes the smallest and the largest to the smallest and the largest, or the other way about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import convolve_pooled, convolve_pooled_flat, max_pool, min_pool, poolable, spread
from tuicnn.kernels.arrays import contiguous
from tuicnn.kernels.statistics import scale_and_shift as scaled_and_shifted
from tuicnn.kernels.windows import Window
from tuicnn.lazy_numpy import np

from .activations import ELU, GELU, Activation, Mish, ReLU, Sigmoid, SiLU, Tanh
from .arrange import Flatten, flat
from .base import Layer, LayerContext, Shape
from .batchnorm import BatchNorm
from .clipped import Hardsigmoid, Hardswish, ReLU6
from .conv import Conv
from .fusion import fuse
from .norm import GroupNorm, spread_images
from .pooling import GlobalMaxPool, MaxPool

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays

__all__ = ["PooledFirst", "fuse_for_inference"]

#: channels from which minimal filtering, pooled afterwards, takes less time than convolving and pooling in one
FEW = 8
#: functions that nowhere fall
RISING = (ReLU, ReLU6, ELU, Sigmoid, Hardsigmoid, Tanh)
#: functions that fall up to some place, and rise from there on
FALLING_FIRST = (GELU, SiLU, Mish, Hardswish)


@dataclass(frozen=True)
class PooledFirst(Layer):
    """A convolution or a group normalisation, an activation, a max pooling and flatten, as far as they are there."""

    pool: MaxPool | GlobalMaxPool
    activation: Activation | None = None
    norm: GroupNorm | None = None
    conv: Conv | None = None
    flatten: bool = False

    owns_output = True

    def output(self, *inputs: Shape) -> Shape:
        """As for all of them, one after the other."""
        convolved = inputs[0] if self.conv is None else self.conv.output(*inputs)
        shape = self.pool.output(convolved)
        return Flatten().output(shape) if self.flatten else shape

    def working_set(self, *inputs: Shape) -> int:
        """Where it goes row by row, kw times what comes in, and what comes out; else what is convolved as well."""
        if self.conv is None:
            return super().working_set(*inputs)
        if _few_channels(self.conv, self.pool, inputs[0]):
            return self.conv.kernel[1] * math.prod(inputs[0]) + math.prod(self.output(*inputs))
        return super().working_set(*inputs) + math.prod(self.conv.output(*inputs))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, F), or vectors (N, V)."""
        x = inputs[0]
        if self.conv is not None and _few_channels(self.conv, self.pool, (x.shape[3], *x.shape[:2])):
            return self._in_one(x, weights), None
        if self.conv is not None:
            x, _ = self.conv.forward(inputs, weights, context)
        window = self.pool.window if isinstance(self.pool, MaxPool) else Window(x.shape[:2], x.shape[:2])
        ends = [max_pool(x, window), min_pool(x, window)] if self._falls else [max_pool(x, window)]
        ends = [contiguous(end) if end is x else end for end in ends]  # where a window is one pixel
        if self.norm is not None:
            scale_and_shift, _, _ = self.norm.scale_and_shift(x, weights)
            ends = [scaled_and_shifted(end, *spread_images(scale_and_shift, end), out=end) for end in ends]
        y = self._activated(ends)
        if isinstance(self.pool, GlobalMaxPool):
            y = self.pool.kept(y[0, 0])
        return flat(y) if self.flatten else y, None

    @property
    def _falls(self) -> bool:
        """Whether what is between the convolution and the pooling falls somewhere."""
        return self.norm is not None or isinstance(self.activation, FALLING_FIRST)

    def _in_one(self, x: Array, weights: Arrays) -> Array:
        """By the kernel that convolves and pools."""
        assert self.conv is not None
        assert isinstance(self.pool, MaxPool)
        which = (np.maximum, np.minimum) if self._falls else (np.maximum,)
        convolve = convolve_pooled_flat if self.flatten else convolve_pooled
        ends = convolve(x, weights["weight"], self.conv.window, self.pool.window, which)
        for end in ends if "bias" in weights else ():
            end += weights["bias"][:, None, None] if self.flatten else spread(weights["bias"], end)
        y = self._activated(ends)
        return y.reshape(-1, x.shape[2]).T if self.flatten else y

    def _activated(self, ends: Sequence[Array]) -> Array:
        """The activation of the largest values, and of the smallest where there are any; the larger of both."""
        if self.activation is not None:
            context = LayerContext(training=False, in_place=True)
            ends = [self.activation.forward([end], {}, context)[0] for end in ends]
        return ends[0] if len(ends) == 1 else np.maximum(ends[0], ends[1], out=ends[0])


def _few_channels(conv: Conv, pool: MaxPool | GlobalMaxPool, image: Shape) -> bool:
    """Whether one kernel convolves and pools."""
    if not isinstance(pool, MaxPool) or not poolable(pool.window):
        return False
    overlapping = conv.method(image) not in ("pointwise", "patches")
    return image[0] < FEW and overlapping and conv.window.dilation == (1, 1) and conv.groups == 1


def fuse_for_inference(first: Layer, second: Layer) -> Layer | None:
    """As `fuse`, outside training; `first` itself where `second` goes into its weights (see `BatchNorm.folded`)."""
    match first, second:
        case Layer(is_affine=True), BatchNorm():
            return first
        case Activation(), MaxPool() | GlobalMaxPool() if isinstance(first, RISING + FALLING_FIRST):
            return PooledFirst(second, first)
        case GroupNorm(), PooledFirst(norm=None, conv=None, flatten=False):
            return replace(second, norm=first)
        case Conv(), MaxPool():
            return PooledFirst(second, conv=first)
        case Conv(), PooledFirst(norm=None, conv=None):
            return replace(second, conv=first)
        case PooledFirst(flatten=False), Flatten():
            return replace(first, flatten=True)
    return fuse(first, second)
