"""Activations: a function of each value alone (softmax: of each place's), so that layers are more than one product.

Without branches, in as few passes over memory as possible: `np.where` and boolean masks cost ten times a multiply, and
so does the first use of fresh memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import erf, rectify, rectify_backward, softmax, softmax_backward
from tuicnn.kernels.arrays import as_rows, constant, contiguous
from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, option

from .base import Layer, LayerContext, Shape, layer

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["ELU", "GELU", "Activation", "LeakyReLU", "Mish", "ReLU", "SiLU", "Sigmoid", "Softmax", "Tanh"]

#: values of which up to eight arrays are in the cache at once
PART = 2**15

activation = partial(layer, shape="any shape -> the same shape")


def negative_part(x: Array) -> Array:
    """min(x, 0)."""
    y, given = empty_like(x), as_rows(x)
    np.minimum(given, constant(0, given.shape[1], x.dtype), out=as_rows(y))
    return y


def heaviside(x: Array) -> Array:
    """1 where x > 0, else 0."""
    above: Array = np.greater(x, 0, out=empty_like(x))
    return above


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)); where exp(-x) overflows, 1 / infinity is the 0 that it should be."""
    y = np.negative(x, out=empty_like(x))
    with np.errstate(over="ignore"):
        np.exp(y, out=y)
    y += 1.0
    return np.reciprocal(y, out=y)


class Activation(Layer):
    """A function f of each value alone: a subclass is its formula and its derivative's."""

    def f(self, x: Array) -> tuple[Array, Any]:
        """f(x), and what `f_prime` needs."""
        raise NotImplementedError

    def f_prime(self, saved: Any) -> Array:
        """f'(x), in memory of its own."""
        raise NotImplementedError

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x)."""
        y, saved = self.f(inputs[0])
        return y, saved if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dx = f'(x)·dy."""
        dx = self.f_prime(saved)
        dx *= dy
        return (dx,)


class ManyPasses(Activation):
    """A function that takes many passes over its arrays: it is computed part by part, while a part is in the cache."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x)."""
        x, saved = inputs[0], []
        y = x if context.in_place and x.flags.c_contiguous else empty_like(x)
        for part, out in zip(_parts(x), _parts(y), strict=True):
            out[...], kept = self.f(part)
            if context.training:
                saved.append(kept)
        return y, saved if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dx = f'(x)·dy."""
        dx = empty_like(dy)
        for kept, part, out in zip(saved, _parts(dy), _parts(dx), strict=True):
            np.multiply(self.f_prime(kept), part, out=out)
        return (dx,)


def _parts(x: Array) -> list[Array]:
    """x in order, as flat views that are small enough for the cache; of a copy where it is not in one piece."""
    flat = (x if x.flags.c_contiguous else contiguous(x)).reshape(-1)
    return [flat[first : first + PART] for first in range(0, x.size, PART)]


@activation(
    "relu",
    help="max(x, 0)",
    aliases=("rectifier", "rectified"),
    formula="y = max(x, 0)",
    source="Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010)",
)
@dataclass(frozen=True)
class ReLU(Activation):
    """y = max(x, 0)."""

    can_die = True
    limits = "0 or more"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Relu", *inputs)

    def f(self, x: Array) -> tuple[Array, Any]:
        y = rectify(x)
        return y, y

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x)."""
        if context.in_place:
            return rectify(inputs[0], out=inputs[0]), None
        return super().forward(inputs, weights, context)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) is 1 where x > 0 and 0 elsewhere (at 0 too, as in PyTorch): times dy in one pass."""
        return (rectify_backward(dy, saved),)


@activation(
    "leakyrelu",
    help="x where it is positive, else slope*x",
    aliases=("leaky_relu", "lrelu", "leaky"),
    formula="y = max(x, 0) + slope*min(x, 0)",
    source="Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
)
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """y = max(x, 0) + slope·min(x, 0)."""

    slope: float = option(Number(), default=0.01, help="slope below 0")

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("LeakyRelu", *inputs, alpha=self.slope)

    def f(self, x: Array) -> tuple[Array, Any]:
        """Of x and slope·x, x is the larger where it is positive, unless the slope is more than 1."""
        y = np.multiply(x, self.slope, out=empty_like(x))
        return (np.maximum if self.slope <= 1 else np.minimum)(x, y, out=y), x

    def f_prime(self, saved: Any) -> Array:
        """1 where x > 0 and `slope` elsewhere: slope + (1 - slope)·[x > 0]."""
        slope: Array = heaviside(saved)
        slope *= 1 - self.slope
        slope += self.slope
        return slope


@activation(
    "elu",
    help="x where it is positive, else alpha*(exp(x) - 1)",
    formula="y = max(x, 0) + alpha*(exp(min(x, 0)) - 1)",
    source=(
        "Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by "
        "Exponential Linear Units (2016)"
    ),
)
@dataclass(frozen=True)
class ELU(Activation):
    """y = max(x, 0) + alpha·(exp(min(x, 0)) - 1)."""

    alpha: float = option(Number(above=0), default=1.0, help="how far below 0 it reaches")

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Elu", *inputs, alpha=self.alpha)

    def f(self, x: Array) -> tuple[Array, Any]:
        y = negative_part(x)
        np.expm1(y, out=y)
        y *= self.alpha
        y += rectify(x)
        return y, y

    def f_prime(self, saved: Any) -> Array:
        """alpha·exp(x) = y + alpha below 0, 1 above. Together: min(y, 0) + alpha + (1 - alpha)·[y > 0]."""
        slope: Array = negative_part(saved)
        slope += self.alpha
        if self.alpha != 1:
            above = heaviside(saved)
            above *= 1 - self.alpha
            slope += above
        return slope


@activation(
    "gelu",
    help="x times the share of a normal distribution that lies below x",
    formula="y = x*(1 + erf(x/sqrt(2)))/2",
    source="Hendrycks and Gimpel, Gaussian Error Linear Units (2016), in its exact form",
)
@dataclass(frozen=True)
class GELU(ManyPasses):
    """y = x·Φ(x), Φ(x) = (1 + erf(x/√2))/2."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        share = graph.op("Erf", graph.op("Mul", *inputs, math.sqrt(0.5)))
        share = graph.op("Mul", graph.op("Add", share, 1.0), 0.5)
        return graph.op("Mul", *inputs, share)

    def f(self, x: Array) -> tuple[Array, Any]:
        share = erf(np.multiply(x, math.sqrt(0.5), out=empty_like(x)))
        share += 1.0
        share *= 0.5
        return np.multiply(x, share, out=empty_like(x)), (x, share)

    def f_prime(self, saved: Any) -> Array:
        """By the product rule Φ(x) + x·φ(x), with the density φ(x) = Φ'(x) = exp(-x²/2)/√(2π)."""
        x, share = saved
        slope: Array = np.multiply(x, x, out=empty_like(x))
        slope *= -0.5
        np.exp(slope, out=slope)
        slope *= x
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += share
        return slope


@activation(
    "silu",
    help="x*sigmoid(x)",
    aliases=("swish",),
    formula="y = x/(1 + exp(-x))",
    source="Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural Network Function Approximation (2018)",
)
@dataclass(frozen=True)
class SiLU(ManyPasses):
    """y = x·σ(x), σ(x) = 1/(1 + exp(-x))."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Mul", *inputs, graph.op("Sigmoid", *inputs))

    def f(self, x: Array) -> tuple[Array, Any]:
        share = logistic(x)
        return np.multiply(x, share, out=empty_like(x)), (x, share)

    def f_prime(self, saved: Any) -> Array:
        """σ' = σ(1 - σ), so by the product rule σ + xσ(1 - σ) = σ·(1 + x(1 - σ))."""
        x, share = saved
        slope: Array = np.subtract(1, share, out=empty_like(x))
        slope *= x
        slope += 1.0
        slope *= share
        return slope


@activation(
    "mish",
    help="x*tanh(log(1 + exp(x)))",
    formula="y = x*tanh(log(1 + exp(x)))",
    source="Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2020)",
)
@dataclass(frozen=True)
class Mish(ManyPasses):
    """y = x·tanh(log(1 + exp(x)))."""

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """Written out: `Mish` came later than opset 17."""
        return graph.op("Mul", *inputs, graph.op("Tanh", graph.op("Softplus", *inputs)))

    def f(self, x: Array) -> tuple[Array, Any]:
        """With e = exp(x), tanh(log(1 + e)) = n/(n + 2) for n = e·(e + 2). From x = 20 on it is 1 in either precision,
        and exp is not taken of more, so that nothing overflows."""
        e = np.minimum(x, 20.0, out=empty_like(x))
        np.exp(e, out=e)
        n = np.add(e, 2.0, out=empty_like(x))
        n *= e
        y = np.add(n, 2.0, out=empty_like(x))
        np.divide(n, y, out=y)
        y *= x
        return y, (x, e)

    def f_prime(self, saved: Any) -> Array:
        """With d = 1/(n + 2) as in `f`: n·d + x·4·e·(e + 1)·d², by the product rule, as n' = 2·e·(e + 1)."""
        x, e = saved
        n = np.add(e, 2.0, out=empty_like(x))
        n *= e
        d = np.add(n, 2.0, out=empty_like(x))
        np.reciprocal(d, out=d)
        slope: Array = np.add(e, 1.0, out=empty_like(x))
        slope *= e
        slope *= d
        slope *= x
        slope *= 4.0
        slope += n
        slope *= d
        return slope


@activation(
    "sigmoid",
    help="1/(1 + exp(-x))",
    aliases=("logistic", "sigm"),
    formula="y = 1/(1 + exp(-x))",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 3.30",
)
@dataclass(frozen=True)
class Sigmoid(Activation):
    """y = σ(x) = 1/(1 + exp(-x))."""

    limits = "from 0 to 1"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Sigmoid", *inputs)

    def f(self, x: Array) -> tuple[Array, Any]:
        y = logistic(x)
        return y, y

    def f_prime(self, saved: Any) -> Array:
        """exp(-x)/(1 + exp(-x))² = y(1 - y)."""
        slope: Array = np.subtract(1, saved, out=empty_like(saved))
        slope *= saved
        return slope


@activation(
    "tanh",
    help="the hyperbolic tangent",
    formula="y = (exp(x) - exp(-x))/(exp(x) + exp(-x))",
    source="LeCun, Bottou, Orr and Mueller, Efficient BackProp (1998), section 4.4",
)
@dataclass(frozen=True)
class Tanh(Activation):
    """y = tanh(x)."""

    limits = "from -1 to 1"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Tanh", *inputs)

    def f(self, x: Array) -> tuple[Array, Any]:
        y = np.tanh(x, out=empty_like(x))
        return y, y

    def f_prime(self, saved: Any) -> Array:
        """tanh = sinh/cosh, so (cosh² - sinh²)/cosh² = 1 - y²."""
        slope: Array = np.multiply(saved, saved, out=empty_like(saved))
        return np.subtract(1, slope, out=slope)


@activation(
    "softmax",
    help="values as shares of 1: over all of a vector, or over the channels of each pixel",
    formula="y = exp(x)/sum(exp(x))\nthe sum is over all values of a vector, or over the channels of each pixel",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 6.29",
)
@dataclass(frozen=True)
class Softmax(Activation):
    """y_i = exp(x_i) / Σ_j exp(x_j), over a vector's values or over each pixel's channels."""

    limits = "from 0 to 1"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        return graph.op("Softmax", *inputs, axis=1)

    def f(self, x: Array) -> tuple[Array, Any]:
        y = softmax(x)
        return y, y

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """Over the channels."""
        return ("Softmax(1)",)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y_i/∂x_j = y_i([i = j] - y_j): see `softmax_backward`."""
        return (softmax_backward(dy, saved),)
