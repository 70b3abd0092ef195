"""Layers without arithmetic: they rearrange values, add a border, or pass their input on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.flattening import flattened, unflattened
from tuicnn.kernels.windows import padded, unpadded
from tuicnn.vocabulary import Size, SizeKind, positional

from .base import Layer, LayerContext, Shape, ShapeError, layer
from .shapes import need_image, shape_text
from .windows import torch_border

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Flatten", "Identity", "Reshape", "ZeroPad"]


def flat(x: Array) -> Array:
    """(H, W, N, C) -> (N, C·H·W), the channels outermost as in PyTorch; a vector stays as it is."""
    return x if x.ndim == 2 else flattened(x)


def unflat(x: Array, shape: Shape) -> Array:
    """The inverse of `flat`: (N, V) -> (H, W, N, C) for a shape (C, H, W); a vector stays as it is."""
    return x if len(shape) == 1 else unflattened(x, *shape)


def shape_of(x: Array) -> Shape:
    """The shape of one of a batch, as a plan has it."""
    return x.shape[1:] if x.ndim == 2 else (x.shape[3], x.shape[0], x.shape[1])


@layer(
    "flatten",
    help="an image as one long vector, channel by channel",
    aliases=("flat", "view", "ravel"),
    shape="C x H x W -> C*H*W\nV -> V",
    formula="y[(c*H + i)*W + j] = x[c,i,j]",
)
@dataclass(frozen=True)
class Flatten(Layer):
    """(C, H, W) -> (C·H·W,); a vector stays as it is."""

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C·H·W,)."""
        return (math.prod(inputs[0]),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Flatten`."""
        return graph.op("Flatten", *inputs)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (N, C·H·W); outside training a view of images of one channel, which products read as fast."""
        x = inputs[0]
        if not context.training and x.ndim == 4 and x.shape[3] == 1:
            return x.reshape(-1, x.shape[2]).T, None
        return flat(x), shape_of(x)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Each value only moved, so its gradient moves back."""
        return (unflat(dy, saved),)


@layer(
    "reshape",
    help="the same values as another image",
    example="reshape 8x14x14",
    usage="reshape CxHxW",
    aliases=("unflatten",),
    shape="any shape of C*H*W values -> C x H x W",
    formula="y[c,i,j] = x[(c*H + i)*W + j]",
)
@dataclass(frozen=True)
class Reshape(Layer):
    """Values in C, H, W order, read as an image of another shape: the inverse of `flatten`."""

    shape: Size = positional(SizeKind(axes=3, square=False), help="channels x height x width")

    def output(self, *inputs: Shape) -> Shape:
        """Any shape of as many values -> (C, H, W)."""
        have, want = math.prod(inputs[0]), math.prod(self.shape)
        if have != want:
            given = f"{shape_text(inputs[0])} has {have}" if len(inputs[0]) == 3 else f"it receives {have}"
            rows = self.shape[1] * self.shape[2]
            raise ShapeError(
                f"{self.shape} has {want} values, but {given}",
                argument="shape",
                write=str(Size((have // rows, *self.shape[1:]))) if have % rows == 0 else "",
            )
        return tuple(self.shape)

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """By way of a vector."""
        return "Flatten()", f"Unflatten(1, {tuple(self.shape)})"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Reshape`; 0 stands for as many images as there are."""
        return graph.op("Reshape", *inputs, (0, *self.shape))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Of N images or vectors -> (H, W, N, C)."""
        return unflat(flat(inputs[0]), self.shape), shape_of(inputs[0])

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Each value only moved, so its gradient moves back."""
        return (unflat(flat(dy), saved),)


@layer(
    "zeropad",
    help="a border of zeros around the image",
    aliases=("pad", "padding", "zeropad2d", "zero_pad"),
    example="zeropad 1",
    usage="zeropad P",
    shape="C x H x W -> C x (H + 2*P) x (W + 2*P)",
    formula="y[c,i,j] = x[c,i-P,j-P], and 0 where that is outside the image",
)
@dataclass(frozen=True)
class ZeroPad(Layer):
    """Zeros above and below, and left and right, of each channel."""

    pad: Size = positional(SizeKind(at_least=0), help="rows above and below x columns left and right")

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, H + 2P, W + 2P)."""
        c, h, w = need_image(self, inputs[0])
        return c, h + 2 * self.pad[0], w + 2 * self.pad[1]

    @property
    def sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(before, after) of each axis."""
        return (self.pad[0], self.pad[0]), (self.pad[1], self.pad[1])

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """The last axis first."""
        return (f"ZeroPad2d({torch_border(self.sides)})",)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Pad`: where each of the four axes begins, then where each ends."""
        (top, bottom), (left, right) = self.sides
        return graph.op("Pad", *inputs, (0, 0, top, left, 0, 0, bottom, right))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (H + 2P, W + 2P, N, C)."""
        return padded(inputs[0], self.sides), None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """The border is constant: only the gradient inside it goes on."""
        return (unpadded(dy, self.sides),)


@layer(
    "identity",
    help="passes on what it receives; a branch that does nothing",
    aliases=("skip", "noop", "pass"),
    shape="any shape -> the same shape",
    formula="y = x",
)
@dataclass(frozen=True)
class Identity(Layer):
    """y = x."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """Nothing is done."""
        return inputs[0]

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, unchanged."""
        return inputs[0], None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dx = dy."""
        return (dy,)
