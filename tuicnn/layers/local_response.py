"""Local response normalisation, which AlexNet has after its first two convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import local_response_norm, local_response_norm_backward
from tuicnn.vocabulary import Integer, Number, option, positional

from .base import Layer, LayerContext, Shape, ShapeError, layer
from .shapes import need_image
from .torch_text import module

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["LRN"]


@layer(
    "lrn",
    help="local response normalisation: each value by a power of the squares of N channels around it",
    aliases=("localresponsenorm", "local_response_norm", "local_response_normalization", "localresponsenormalization"),
    example="lrn 5",
    usage="lrn N",
    shape="C x H x W -> C x H x W",
    formula=(
        "y = x / (k + alpha/N*squares)**beta\n"
        "squares: the sum of x**2 over the N channels around, those that there are, at the same place"
    ),
    source="Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs (2012), section 3.3",
)
@dataclass(frozen=True)
class LRN(Layer):
    """As torch.nn.LocalResponseNorm; AlexNet's paper has alpha=5e-4 and k=2 for 5 channels."""

    channels: int = positional(Integer(at_least=1, at_most=9999), help="channels around each, an odd number")
    alpha: float = option(Number(above=0), default=1e-4, help="how much the squares count")
    beta: float = option(Number(above=0), default=0.75, help="the power")
    k: float = option(Number(above=0), default=1.0, help="what is added to the squares")

    def output(self, *inputs: Shape) -> Shape:
        """The same shape."""
        if self.channels % 2 == 0:
            raise ShapeError(
                f"lrn needs an odd number of channels, as many on both sides, not {self.channels}",
                argument="channels",
                write=str(self.channels + 1),
            )
        return need_image(self, inputs[0])

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`LocalResponseNorm`."""
        options = {"alpha": (self.alpha, 1e-4), "beta": (self.beta, 0.75), "k": (self.k, 1.0)}
        return (module("LocalResponseNorm", self.channels, **options),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`LRN`."""
        return graph.op("LRN", *inputs, size=self.channels, alpha=self.alpha, beta=self.beta, bias=self.k)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = x·b^-β with b = k + α/N · Σ x² over the channels around: (H, W, N, C), the same shape."""
        y, saved = local_response_norm(inputs[0], self.channels, self.alpha, self.beta, self.k)
        return y, (inputs[0], saved)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y_i/∂x_j = [i = j]·b_i^-β - 2αβ/N · x_i·x_j·b_i^(-β-1) for channels i and j that are neighbours, else 0."""
        x, kept = saved
        return (local_response_norm_backward(dy, x, kept, self.channels, self.alpha, self.beta),)
