"""Dropout and stochastic depth: noise while training, nothing afterwards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Number, positional

from .base import Layer, LayerContext, Shape, layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["DropPath", "Dropout"]


def survivors(generator: np.random.Generator, share: float, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """False with probability `share` in each place, else True; the same for float32 and float64.

    A byte is drawn for each place, a fifth of the work of a float: below t = floor(256·share) the value is dropped,
    above t it is kept. Only where the byte is t, in one place of 256, a float decides, so that the share is exact.
    """
    size = math.prod(shape)
    drawn = generator.bit_generator.random_raw(-(-size // 8)).view(np.uint8)[:size]
    limit, rest = divmod(256 * share, 1)
    found = drawn >= int(limit)
    if rest:
        undecided = np.flatnonzero(drawn == int(limit))
        found[undecided] = generator.random(undecided.size) >= rest
    return found.reshape(shape)


@layer(
    "dropout",
    help="zeroes a share P of the values while training",
    aliases=("drop",),
    example="dropout 0.5",
    usage="dropout P",
    shape="any shape -> the same shape",
    formula=(
        "y = x*m/(1 - P), with m = 0 in a share P of the places and 1 elsewhere, drawn anew each step\n"
        "after training, y = x"
    ),
    source=(
        "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014), section 10, scaled while training"
    ),
)
@dataclass(frozen=True)
class Dropout(Layer):
    """Zeroes each value with probability P and divides the others by 1 - P, so that the mean stays.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014), in its inverted form.
    """

    share: float = positional(Number(at_least=0, below=1), help="share of the values to zero")

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """After training nothing is done."""
        return inputs[0]

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = x·m/(1 - P), m drawn anew for each value; y = x outside training, and where nothing is to be drawn."""
        x = inputs[0]
        if not context.training or context.random is None or self.share == 0:
            return x, None
        scale = np.multiply(survivors(context.random(), self.share, x.shape), 1 / (1 - self.share), out=empty_like(x))
        return np.multiply(x, scale, out=empty_like(x)), scale

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y is x times a number that does not depend on it, so dx is dy times the same number."""
        return (dy if saved is None else np.multiply(dy, saved, out=empty_like(dy)),)


@layer(
    "droppath",
    help="zeroes all values of a share P of the images while training, to skip a branch of a residual",
    aliases=("stochasticdepth", "stochastic_depth", "drop_path", "dropconnect", "drop_connect"),
    example="droppath 0.1",
    usage="droppath P",
    shape="any shape -> the same shape",
    formula=(
        "y = x*m/(1 - P), with m = 0 for a share P of the images and 1 for the others, drawn anew each step\n"
        "after training, y = x"
    ),
    source="Huang, Sun, Liu, Sedra and Weinberger, Deep Networks with Stochastic Depth (2016), scaled while training",
)
@dataclass(frozen=True)
class DropPath(Dropout):
    """Zeroes an image's values all together with probability P, and divides the other images' by 1 - P."""

    share: float = positional(Number(at_least=0, below=1), help="share of the images that skip the branch")

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """Each image as one channel, of which PyTorch drops whole ones."""
        axes = 3 if len(inputs[0]) == 3 else 1
        return "Unflatten(0, (-1, 1))", f"Dropout{axes}d({self.share!r})", "Flatten(0, 1)"

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = x·m/(1 - P), m drawn anew for each image; y = x outside training, and where nothing is to be drawn."""
        x = inputs[0]
        if not context.training or context.random is None or self.share == 0:
            return x, None
        kept = survivors(context.random(), self.share, (x.shape[-2], 1))
        scale = np.multiply(kept, 1 / (1 - self.share), dtype=x.dtype)
        return self.scaled(x, scale), scale

    def scaled(self, x: Array, scale: Array) -> Array:
        """Each image (N on the last axis but one) times its own number of `scale`, (N, 1)."""
        y: Array = np.multiply(x, np.repeat(scale, x.shape[-1], axis=1), out=empty_like(x))
        return y

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y is x times a number that does not depend on it, so dx is dy times the same number."""
        return (dy if saved is None else self.scaled(dy, saved),)
