"""Activations: a function of each value alone (softmax: of each place's), so that layers are more than one product.

Written without branches, in as few passes over memory as possible: `np.where` and boolean masks cost ten times a
multiply, and so does memory that nobody used before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import erf, rectify, rectify_backward, softmax, softmax_backward
from tuicnn.kernels.arrays import as_rows, constant
from tuicnn.kernels.memory import empty
from tuicnn.later import np
from tuicnn.vocabulary import Number, option, word

from .base import Layer, LayerContext

if TYPE_CHECKING:
    from .base import Array, Arrays, Gradients

__all__ = ["ELU", "GELU", "LeakyReLU", "ReLU", "SiLU", "Sigmoid", "Softmax", "Tanh"]


def like(x: Array) -> Array:
    """An array of x's shape and type, to be filled."""
    return empty(x.shape, x.dtype)


def negative_part(x: Array) -> Array:
    """min(x, 0)."""
    y, given = like(x), as_rows(x)
    np.minimum(given, constant(0, given.shape[1], x.dtype), out=as_rows(y))
    return y


def step(x: Array) -> Array:
    """1 where x > 0, else 0."""
    return np.greater(x, 0, out=like(x))


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)); where exp(-x) overflows, 1 / infinity is the 0 that it should be."""
    y = np.negative(x, out=like(x))
    with np.errstate(over="ignore"):
        np.exp(y, out=y)
    y += 1.0
    return np.reciprocal(y, out=y)


@word(
    "layer",
    "relu",
    help="max(x, 0)",
    aliases=("rectifier", "rectified"),
    shape="any shape -> the same shape",
    formula="y = max(x, 0)",
    source="Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010)",
)
@dataclass(frozen=True)
class ReLU(Layer):
    """y = max(x, 0)."""

    can_die = True

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        y = rectify(inputs[0])
        return y, y if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y/∂x is 1 where x > 0 and 0 elsewhere (at 0 too, as in PyTorch)."""
        return (rectify_backward(dy, saved),)


@word(
    "layer",
    "leakyrelu",
    help="x where it is positive, else slope*x",
    aliases=("leaky_relu", "lrelu", "leaky"),
    shape="any shape -> the same shape",
    formula="y = max(x, 0) + slope*min(x, 0)",
    source="Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
)
@dataclass(frozen=True)
class LeakyReLU(Layer):
    """y = max(x, 0) + slope·min(x, 0)."""

    slope: float = option(Number(), default=0.01, help="slope below 0")

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        x = inputs[0]
        y = np.multiply(x, self.slope, out=like(x))
        # of x and slope·x, x is the larger where it is positive, unless the slope is more than 1
        (np.maximum if self.slope <= 1 else np.minimum)(x, y, out=y)
        return y, x if context.training else None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y/∂x is 1 where x > 0 and `slope` elsewhere: slope + (1 - slope)·[x > 0]."""
        dx = step(saved)
        dx *= 1 - self.slope
        dx += self.slope
        dx *= dy
        return (dx,)


@word(
    "layer",
    "elu",
    help="x where it is positive, else alpha*(exp(x) - 1)",
    shape="any shape -> the same shape",
    formula="y = max(x, 0) + alpha*(exp(min(x, 0)) - 1)",
    source=(
        "Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by "
        "Exponential Linear Units (2016)"
    ),
)
@dataclass(frozen=True)
class ELU(Layer):
    """y = max(x, 0) + alpha·(exp(min(x, 0)) - 1). Source: Clevert, Unterthiner and Hochreiter (2016)."""

    alpha: float = option(Number(above=0), default=1.0, help="how far below 0 it reaches")

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        x = inputs[0]
        y = negative_part(x)
        np.expm1(y, out=y)
        y *= self.alpha
        y += rectify(x)
        return y, y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Below 0, ∂y/∂x = alpha·exp(x) = y + alpha; above, 1. Together: min(y, 0) + alpha + (1 - alpha)·[y > 0]."""
        slope = negative_part(saved)
        slope += self.alpha
        if self.alpha != 1:
            above = step(saved)
            above *= 1 - self.alpha
            slope += above
        slope *= dy
        return (slope,)


@word(
    "layer",
    "gelu",
    help="x times the share of a normal distribution that lies below x",
    shape="any shape -> the same shape",
    formula="y = x*(1 + erf(x/sqrt(2)))/2",
    source="Hendrycks and Gimpel, Gaussian Error Linear Units (2016), in its exact form",
)
@dataclass(frozen=True)
class GELU(Layer):
    """y = x·Φ(x), Φ(x) = (1 + erf(x/√2))/2, in its exact form. Source: Hendrycks and Gimpel (2016)."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        x = inputs[0]
        share = erf(np.multiply(x, math.sqrt(0.5), out=like(x)))
        share += 1.0
        share *= 0.5
        return np.multiply(x, share, out=like(x)), (x, share)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """By the product rule ∂y/∂x = Φ(x) + x·φ(x), with the density φ(x) = Φ'(x) = exp(-x²/2)/√(2π)."""
        x, share = saved
        slope = np.multiply(x, x, out=like(x))
        slope *= -0.5
        np.exp(slope, out=slope)
        slope *= x
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += share
        slope *= dy
        return (slope,)


@word(
    "layer",
    "silu",
    help="x*sigmoid(x)",
    aliases=("swish",),
    shape="any shape -> the same shape",
    formula="y = x/(1 + exp(-x))",
    source="Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units for Neural Network Function Approximation (2018)",
)
@dataclass(frozen=True)
class SiLU(Layer):
    """y = x·σ(x). Source: Elfwing, Uchibe and Doya (2018)."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        x = inputs[0]
        share = logistic(x)
        return np.multiply(x, share, out=like(x)), (x, share)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """σ' = σ(1 - σ), so by the product rule ∂y/∂x = σ + xσ(1 - σ) = σ·(1 + x(1 - σ))."""
        x, share = saved
        slope = np.subtract(1, share, out=like(x))
        slope *= x
        slope += 1.0
        slope *= share
        slope *= dy
        return (slope,)


@word(
    "layer",
    "sigmoid",
    help="1/(1 + exp(-x))",
    aliases=("logistic", "sigm"),
    shape="any shape -> the same shape",
    formula="y = 1/(1 + exp(-x))",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 3.30",
)
@dataclass(frozen=True)
class Sigmoid(Layer):
    """y = σ(x) = 1/(1 + exp(-x))."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        y = logistic(inputs[0])
        return y, y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y' = exp(-x)/(1 + exp(-x))² = y(1 - y)."""
        slope = np.subtract(1, saved, out=like(saved))
        slope *= saved
        slope *= dy
        return (slope,)


@word(
    "layer",
    "tanh",
    help="the hyperbolic tangent",
    shape="any shape -> the same shape",
    formula="y = (exp(x) - exp(-x))/(exp(x) + exp(-x))",
    source="LeCun, Bottou, Orr and Mueller, Efficient BackProp (1998), section 4.4",
)
@dataclass(frozen=True)
class Tanh(Layer):
    """y = tanh(x)."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Any shape, value by value."""
        y = np.tanh(inputs[0], out=like(inputs[0]))
        return y, y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """tanh = sinh/cosh, so y' = (cosh² - sinh²)/cosh² = 1 - y²."""
        slope = np.multiply(saved, saved, out=like(saved))
        np.subtract(1, slope, out=slope)
        slope *= dy
        return (slope,)


@word(
    "layer",
    "softmax",
    help="values as shares of 1: over all of a vector, or over the channels of each pixel",
    shape="any shape -> the same shape",
    formula="y = exp(x)/sum(exp(x))\nthe sum is over all values of a vector, or over the channels of each pixel",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), equation 6.29",
)
@dataclass(frozen=True)
class Softmax(Layer):
    """y_i = exp(x_i) / Σ_j exp(x_j), over a vector's values or over each pixel's channels."""

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Place by place."""
        y = softmax(inputs[0])
        return y, y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y_i/∂x_j = y_i([i = j] - y_j): see `softmax_backward`."""
        return (softmax_backward(dy, saved),)
