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

from tuicnn.kernels import gelu, rectify, rectify_backward, softmax, softmax_backward
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
    """1 / (1 + exp(-x)); where exp(-x) overflows, 1 / infinity is the 0 that it should be.

    As 2^(-x·log₂e): NumPy's exp takes twice as long as its exp2.
    """
    y = np.multiply(x, -math.log2(math.e), out=empty_like(x))
    with np.errstate(over="ignore"):
        np.exp2(y, out=y)
    y += 1.0
    inverse: Array = np.reciprocal(y, out=y)
    return inverse


class Activation(Layer):
    """A function f of each value alone: a subclass is its formula and its derivative's."""

    def f(self, x: Array) -> tuple[Array, Any]:
        """f(x), and what `f_prime` needs: x or f(x)."""
        raise NotImplementedError

    def f_prime(self, saved: Any) -> Array:
        """f'(x), in memory of its own."""
        raise NotImplementedError

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x)."""
        y, kept = self.f(inputs[0])
        owned = kept is y or (context.in_place and kept.flags.c_contiguous)
        return y, (kept, owned) if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dx = f'(x)·dy, part by part, over what was kept where nothing else reads that."""
        kept, owned = saved
        dx = kept if owned else empty_like(dy)
        known, back, out = _flat(kept), _flat(dy), _flat(dx)
        for first in range(0, dx.size, PART):
            part = None, slice(first, first + PART)
            np.multiply(self.f_prime(known[part]), back[part], out=out[part])
        return (dx,)


class ManyPasses(Activation):
    """A function that takes many passes over its arrays, computed part by part, while a part is in the cache.

    In training its derivative is computed with it, from what both have in common, and is all that is kept.
    """

    def values(self, x: Array, y: Array, slope: Array | None) -> None:
        """Writes f(x) into y and, where it is given, f'(x) into `slope`, which may be x; else y may be x: rows."""
        raise NotImplementedError

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x), and f'(x)."""
        x = inputs[0]
        free = x if context.in_place and x.flags.c_contiguous else empty_like(x)
        y, slope = (empty_like(x), free) if context.training else (free, None)
        given, values, slopes = _flat(x), _flat(y), None if slope is None else _flat(slope)
        with np.errstate(over="ignore"):
            for first in range(0, x.size, PART):
                part = slice(first, first + PART)
                self.values(given[part], values[part], None if slopes is None else slopes[part])
        return y, slope

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dx = f'(x)·dy, where f'(x) was."""
        return (np.multiply(saved, dy, out=saved),)


def _flat(x: Array) -> Array:
    """x as one row; a copy where it is not in one piece."""
    return (x if x.flags.c_contiguous else contiguous(x)).reshape(-1)


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

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = f(x)."""
        y = rectify(inputs[0], out=inputs[0] if context.in_place else None)
        return y, y if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """f'(x) is 1 where x > 0 and 0 elsewhere (at 0 too, as in PyTorch): times dy in one pass."""
        return (rectify_backward(dy, saved, out=saved),)


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

    def values(self, x: Array, y: Array, slope: Array | None) -> None:
        """By the product rule f' = Φ(x) + x·φ(x), with the density φ(x) = Φ'(x) = exp(-x²/2)/√(2π)."""
        gelu(x, y, slope)


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

    def values(self, x: Array, y: Array, slope: Array | None) -> None:
        """σ' = σ(1 - σ), so by the product rule f' = σ + x·σ(1 - σ) = σ + y(1 - σ) = σ(1 - y) + y."""
        share = logistic(x)
        np.multiply(x, share, out=y)
        if slope is not None:
            np.subtract(1, y, out=slope)
            slope *= share
            slope += y


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

    def values(self, x: Array, y: Array, slope: Array | None) -> None:
        """With e = exp(x), tanh(log(1 + e)) = n·d for n = e·(e + 2) and d = 1/(n + 2). As n' = 2·e·(e + 1), the product
        rule gives f' = n·d + x·4·e·(e + 1)·d². From x = 20 on f is x in either precision, and exp is not taken of more,
        so that nothing overflows."""
        e = np.minimum(x, constant(20, x.size, x.dtype), out=empty_like(x))
        np.exp(e, out=e)
        product = np.add(e, 1.0, out=empty_like(x))
        product *= e
        share = np.add(product, e, out=e)
        d = np.add(share, 2.0, out=empty_like(x))
        np.reciprocal(d, out=d)
        share *= d
        np.multiply(x, share, out=y)
        if slope is not None:
            np.multiply(x, product, out=slope)
            slope *= d
            slope *= d
            slope *= 4.0
            slope += share


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

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y, which is all that backward needs."""
        y = softmax(inputs[0])
        return y, y if context.training else None

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """Over the channels."""
        return ("Softmax(1)",)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y_i/∂x_j = y_i([i = j] - y_j): see `softmax_backward`."""
        return (softmax_backward(dy, saved),)
