"""Activations made of straight lines, cheap where an exponential is dear: relu6, hardsigmoid, hardswish, rescale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option, positional

from .activations import Activation, activation
from .base import LayerContext, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Hardsigmoid", "Hardswish", "ReLU6", "Rescale"]


def between(y: Array, low: float, high: float) -> NDArray[np.bool_]:
    """Where y is not clipped: low < y < high."""
    inside: NDArray[np.bool_] = np.less(y, high)
    inside &= np.greater(y, low)
    return inside


def hard_sigmoid(x: Array) -> Array:
    """min(max(x/6 + 1/2, 0), 1)."""
    y: Array = np.multiply(x, 1 / 6, out=empty_like(x))
    y += 0.5
    return np.clip(y, 0.0, 1.0, out=y)


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

    def f(self, x: Array) -> tuple[Array, Any]:
        y = np.clip(x, 0.0, 6.0, out=empty_like(x))
        return y, y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) is 1 where 0 < x < 6 and 0 elsewhere (at 0 and 6 too, as in PyTorch)."""
        return (np.multiply(dy, between(saved, 0.0, 6.0), out=empty_like(dy)),)


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

    def f(self, x: Array) -> tuple[Array, Any]:
        y = hard_sigmoid(x)
        return y, y

    def f_prime(self, saved: Any) -> Array:
        """1/6 where the line rises, 0 elsewhere."""
        slope: Array = np.multiply(between(saved, 0.0, 1.0), 1 / 6, out=empty_like(saved))
        return slope


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

    def f(self, x: Array) -> tuple[Array, Any]:
        share = hard_sigmoid(x)
        return np.multiply(x, share, out=empty_like(x)), (x, share)

    def f_prime(self, saved: Any) -> Array:
        """By the product rule h(x) + x·h'(x), with h' = 1/6 where 0 < h < 1 and 0 elsewhere."""
        x, share = saved
        slope: Array = np.multiply(x, between(share, 0.0, 1.0), out=empty_like(x))
        slope *= 1 / 6
        slope += share
        return slope


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

    def f(self, x: Array) -> tuple[Array, Any]:
        y: Array = np.multiply(x, self.scale, out=empty_like(x))
        if self.offset:
            y += self.offset
        return y, None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) = scale."""
        return (np.multiply(dy, self.scale, out=empty_like(dy)),)
