"""Activations made of straight lines, cheap where an exponential is dear: relu6, hardsigmoid, hardswish, rescale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import clipped_line, clipped_line_backward, hard_swish, hard_swish_backward
from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option, positional

from .activations import Activation, activation
from .base import LayerContext, Shape

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Hardsigmoid", "Hardswish", "ReLU6", "Rescale"]


@activation(
    "relu6",
    help="x, but at least 0 and at most 6",
    aliases=("relu_6", "clippedrelu"),
    formula="y = min(max(x, 0), 6)",
    source="Sandler and others, MobileNetV2: Inverted Residuals and Linear Bottlenecks (2018)",
)
@dataclass(frozen=True)
class ReLU6(Activation):
    """y = min(max(x, 0), 6)."""

    can_die = True
    limits = "from 0 to 6"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Clip", *inputs, 0.0, 6.0)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x), which is all that backward needs."""
        y = clipped_line(inputs[0], 1.0, 0.0, 6.0)
        return y, y if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) is 1 where 0 < x < 6 and 0 elsewhere (at 0 and 6 too, as in PyTorch)."""
        return (clipped_line_backward(dy, saved, 1.0, 6.0, out=saved),)


@activation(
    "hardsigmoid",
    help="sigmoid as three straight lines: 0, then rising from -3 to 3, then 1",
    aliases=("hsigmoid", "h_sigmoid", "hard_sigmoid"),
    formula="y = min(max(x + 3, 0), 6)/6",
    source="Howard and others, Searching for MobileNetV3 (2019), section 5.2",
)
@dataclass(frozen=True)
class Hardsigmoid(Activation):
    """y = min(max(x + 3, 0), 6)/6."""

    can_die = True
    limits = "from 0 to 1"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("HardSigmoid", *inputs, alpha=1 / 6, beta=0.5)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x), which is all that backward needs."""
        y = clipped_line(inputs[0], 1 / 6, 0.5, 1.0)
        return y, y if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) is 1/6 where the line rises, 0 elsewhere."""
        return (clipped_line_backward(dy, saved, 1 / 6, 1.0, out=saved),)


@activation(
    "hardswish",
    help="x*hardsigmoid(x): silu without an exponential",
    aliases=("hswish", "h_swish", "hard_swish", "hardsilu", "hard_silu"),
    formula="y = x*min(max(x + 3, 0), 6)/6",
    source="Howard and others, Searching for MobileNetV3 (2019), section 5.2",
)
@dataclass(frozen=True)
class Hardswish(Activation):
    """y = x·h(x), h(x) = min(max(x + 3, 0), 6)/6."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("HardSwish", *inputs)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x); x is kept, and whether nothing else reads it."""
        return hard_swish(inputs[0]), (inputs[0], context.in_place) if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """By the product rule f' = h + x·h' = x/3 + 1/2 where the line h rises, 0 below and 1 above."""
        x, owns_x = saved
        return (hard_swish_backward(dy, x, out=x if owns_x else None),)


@activation(
    "rescale",
    help="a fixed number times x, plus another: `rescale -1 offset=1` is 1 - x",
    aliases=("rescaling", "complement", "one_minus", "negate"),
    example="rescale -1 offset=1",
    usage="rescale A",
    formula="y = scale*x + offset",
    source="Srivastava, Greff and Schmidhuber, Highway Networks (2015), for 1 - x",
)
@dataclass(frozen=True)
class Rescale(Activation):
    """y = scale·x + offset; nothing of it is learnt."""

    scale: float = positional(Number(), help="what x is multiplied by")
    offset: float = option(Number(), default=0.0, help="what is added then")

    def torch_expression(self, *inputs: Shape) -> str:
        """The same arithmetic."""
        return f"{self.scale!r} * x0" + (f" + {self.offset!r}" if self.offset else "")

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Mul` and `Add`."""
        scaled = graph.op("Mul", *inputs, self.scale)
        return graph.op("Add", scaled, self.offset) if self.offset else scaled

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = scale·x + offset."""
        y: Array = np.multiply(inputs[0], self.scale, out=empty_like(inputs[0]))
        if self.offset:
            y += self.offset
        return y, None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) = scale."""
        return (np.multiply(dy, self.scale, out=empty_like(dy)),)
