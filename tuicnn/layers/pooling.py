"""Pooling: one value for each window, or for each channel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tuicnn.kernels import (
    Window,
    average_pool,
    average_pool_backward,
    image_sums,
    largest,
    largest_backward,
    largest_place,
    max_pool,
    max_pool_backward,
    max_pool_winners,
)
from tuicnn.kernels.memory import empty
from tuicnn.vocabulary import Boolean, Padding, Size, SizeKind, info, option, positional

from .base import Layer, LayerContext, Shape, ShapeError, layer
from .shapes import need_image
from .torch_text import module, square
from .windows import ZERO, onnx_window, resolved, torch_padding, windowed_shape

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["AvgPool", "GlobalAvgPool", "GlobalMaxPool", "MaxPool"]

POOLED = (
    "C x H x W -> C x OH x OW\n"
    "OH = (H + 2*pad - K) // stride + 1, and OW likewise\n"
    "with pad=same, OH = (H - 1) // stride + 1\n"
    "stride is K where it is left out; pad is at most K // 2"
)


@dataclass(frozen=True)
class Pool(Layer):
    """What maxpool and avgpool share: their window. `border` is what lies around the image."""

    border: ClassVar[float] = 0.0

    kernel: Size = positional(SizeKind(), help="size of the window, HxW")
    stride: Size | None = option(SizeKind(), default=None, help="pixels from one window to the next; else its size")
    pad: str | Size = option(Padding(), default=ZERO, help="border around the image, at most half the window")

    @cached_property
    def window(self) -> Window:
        """The window's geometry, padding in pixels."""
        return resolved(self.kernel, self.kernel if self.stride is None else self.stride, self.pad)

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, OH, OW); what is left over at the end is ignored."""
        need_image(self, inputs[0])
        if not isinstance(self.pad, str) and any(2 * p > k for p, k in zip(self.pad, self.kernel, strict=True)):
            most = [k // 2 for k in self.kernel]
            text = str(most[0]) if most[0] == most[1] else str(Size(most))
            raise ShapeError(
                f"{info(self).name} may pad at most half its window: {text} for {self.kernel}, not {self.pad}",
                argument="pad",
                write=f"pad={text}",
            )
        return windowed_shape(self, inputs[0], self.window)

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """An uneven border is a layer of its own before it, of what counts for nothing."""
        pad, before = torch_padding(self.window, self.border)
        name, window = f"{type(self).__name__}2d", self.window
        stride = (square(window.stride), square(window.kernel))
        return *before, module(name, square(window.kernel), stride=stride, padding=(square(pad), 0))


@layer(
    "maxpool",
    help="the largest value of each window",
    aliases=("pool", "max_pool", "maxpool2d", "maxpooling", "max"),
    example="maxpool 2",
    usage="maxpool K",
    shape=POOLED,
    formula=(
        "y[c,i,j] = max over u,v of x[c,p,q]\n"
        "p = i*stride + u - pad, q = j*stride + v - pad\n"
        "what lies outside the image never wins"
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.3",
)
@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest value of each window; padding never wins."""

    border = -math.inf

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`MaxPool`, whose border never wins either."""
        return graph.op("MaxPool", *inputs, **onnx_window(self.window))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, C)."""
        if not context.training:
            return max_pool(inputs[0], self.window), None
        return max_pool_winners(inputs[0], self.window)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y = x_k for the k of the largest value, so ∂y/∂x_k = 1 and 0 elsewhere: dy goes back to where y came from.

        Of equal values the first in reading order takes all of it (see `max_pool_winners`).
        """
        return (max_pool_backward(dy, saved),)


@layer(
    "avgpool",
    help="the mean of each window",
    aliases=("avg_pool", "avgpool2d", "averagepool", "averagepooling", "meanpool", "avg"),
    example="avgpool 2",
    usage="avgpool K",
    shape=POOLED,
    formula=(
        "y[c,i,j] = sum over u,v of x[c,p,q] / (K*K)\n"
        "p = i*stride + u - pad, q = j*stride + v - pad\n"
        "x is 0 outside the image, and counts"
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.3",
)
@dataclass(frozen=True)
class AvgPool(Pool):
    """The mean of each window; padding counts as zeros."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`AveragePool`, its border counted."""
        return graph.op("AveragePool", *inputs, **onnx_window(self.window), count_include_pad=1)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, C)."""
        return average_pool(inputs[0], self.window), inputs[0].shape

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y = Σ_k x_k / K over a window of K pixels, so each of them receives dy / K (see `average_pool_backward`)."""
        return (average_pool_backward(dy, saved, self.window),)


KEPT = "C x H x W -> C\nwith keep=true, C x H x W -> C x 1 x 1"


@dataclass(frozen=True)
class GlobalPool(Layer):
    """What globalavgpool and globalmaxpool share: their window is the image."""

    keep: bool = option(Boolean(), default=False, help="whether it stays an image, of one pixel")

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C,), or (C, 1, 1)."""
        c, _, _ = need_image(self, inputs[0])
        return (c, 1, 1) if self.keep else (c,)

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """One place, flattened."""
        pooled = f"{type(self).__name__.replace('Global', 'Adaptive')}2d(1)"
        return (pooled,) if self.keep else (pooled, "Flatten()")

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """One place, flattened."""
        pooled = graph.op(type(self).__name__.replace("Avg", "Average"), *inputs)
        return pooled if self.keep else graph.op("Flatten", pooled)

    def kept(self, y: Array) -> Array:
        """(N, C) as it is given out: (1, 1, N, C), where it stays an image."""
        return y[None, None] if self.keep else y

    def vectors(self, dy: Array) -> Array:
        """The inverse of `kept`."""
        return dy[0, 0] if self.keep else dy


@layer(
    "globalavgpool",
    help="the mean of each channel: an image becomes a vector",
    aliases=("gap", "global_avg_pool", "globalaveragepool", "globalaveragepooling2d", "adaptiveavgpool"),
    shape=KEPT,
    formula="y[c] = sum over i,j of x[c,i,j] / (H*W)",
    source="Lin, Chen and Yan, Network In Network (2014), section 3.2",
)
@dataclass(frozen=True)
class GlobalAvgPool(GlobalPool):
    """(C, H, W) -> (C,)."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (N, C), or (1, 1, N, C)."""
        x = inputs[0]
        return self.kept(image_sums(x) * (1 / (x.shape[0] * x.shape[1]))), x.shape

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y = Σ x / (H·W), so each pixel receives dy / (H·W)."""
        h, w, n, c = saved
        dx = empty(saved, dy.dtype)
        dx.reshape(h * w, n * c)[...] = (self.vectors(dy) * (1 / (h * w))).reshape(-1)
        return (dx,)


@layer(
    "globalmaxpool",
    help="the largest value of each channel: an image becomes a vector",
    aliases=("gmp", "global_max_pool", "globalmaxpooling2d", "adaptivemaxpool"),
    shape=KEPT,
    formula="y[c] = max over i,j of x[c,i,j]",
    source="Oquab, Bottou, Laptev and Sivic, Is object localization for free? (2015)",
)
@dataclass(frozen=True)
class GlobalMaxPool(GlobalPool):
    """(C, H, W) -> (C,)."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (N, C), or (1, 1, N, C)."""
        x = inputs[0]
        y = largest(x)
        return self.kept(y), ((largest_place(x, y), x.shape) if context.training else None)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dy goes back to the pixel that y came from, the first of several equal ones."""
        return (largest_backward(self.vectors(dy), *saved),)
