"""Channels and places change their roles: what 1x1 convolutions do to channels, they then do to places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.flattening import places_as_channels

from .base import Layer, LayerContext, Shape, layer
from .shapes import need_image

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Transpose"]


@layer(
    "transpose",
    help="channels and places change their roles: each place becomes a channel, each channel a place",
    aliases=("permute", "swapaxes", "swap", "transpose_channels"),
    shape="C x H x W -> (H*W) x C x 1",
    formula="y[i*W + j, c, 0] = x[c,i,j]",
    source="Tolstikhin and others, MLP-Mixer: An all-MLP Architecture for Vision (2021), section 2",
)
@dataclass(frozen=True)
class Transpose(Layer):
    """(C, H, W) -> (H·W, C, 1). Of an image of one column, twice gives the image again."""

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (H·W, C, 1)."""
        c, h, w = need_image(self, inputs[0])
        return h * w, c, 1

    def torch_expression(self, *inputs: Shape) -> str:
        """The places as one axis, which is swapped with the channels."""
        return "x0.flatten(2).transpose(1, 2).unsqueeze(3)"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Reshape`, `Transpose`, `Reshape`."""
        rows = graph.op("Transpose", graph.op("Reshape", *inputs, (0, 0, -1)), perm=(0, 2, 1))
        return graph.op("Reshape", rows, (0, *self.output(*shapes)))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (C, 1, N, H·W)."""
        x = inputs[0]
        return places_as_channels(x, x.shape[3], 1), x.shape[:2]

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Each value only moved, so its gradient moves back."""
        return (places_as_channels(dy, *saved),)
