"""Larger images: `upsample` repeats pixels or computes values in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import (
    upsample_bilinear,
    upsample_bilinear_backward,
    upsample_nearest,
    upsample_nearest_backward,
)
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, Size, SizeKind, option, positional

from .base import Layer, LayerContext, Shape, layer
from .shapes import need_image
from .torch_text import module, square

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Upsample"]


@layer(
    "upsample",
    help="an image enlarged by a factor: each pixel repeated, or values in between",
    aliases=("upsample2d", "upsampling2d", "upsampling", "interpolate", "resize", "unpool", "upsamplingbilinear2d"),
    example="upsample 2",
    usage="upsample K",
    shape="C x H x W -> C x (H*K) x (W*K)",
    formula=(
        "y[c,i,j] = x[c, i//K, j//K]\n"
        "with mode=bilinear, y[c,i,j] is the sum over p,q of share(i,p) * share(j,q) * x[c,p,q]\n"
        "where share(i,p) is 1 - abs((i + 0.5)/K - 0.5 - p), at least 0; beyond an edge, the edge's pixel again"
    ),
    source="Long, Shelhamer and Darrell, Fully Convolutional Networks for Semantic Segmentation (2015), section 3.3",
)
@dataclass(frozen=True)
class Upsample(Layer):
    """As torch.nn.Upsample, with align_corners=False where it is bilinear."""

    factor: Size = positional(SizeKind(at_most=1000), help="how many times as high x as wide")
    mode: str = option(
        Choice(("nearest", "bilinear")), default="nearest", help="repeat each pixel, or compute values in between"
    )

    @property
    def scale(self) -> tuple[int, int]:
        """The factors from row to row, and from column to column."""
        return self.factor[0], self.factor[1]

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, H·K, W·K)."""
        c, h, w = need_image(self, inputs[0])
        return c, h * self.factor[0], w * self.factor[1]

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`Upsample`."""
        return (module("Upsample", scale_factor=(square(self.factor), None), mode=(self.mode, "nearest")),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Resize`."""
        (x,), scales = inputs, np.array([1, 1, *self.factor], np.float32)
        if self.mode == "bilinear":
            return graph.op("Resize", x, None, scales, mode="linear", coordinate_transformation_mode="half_pixel")
        asymmetric = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return graph.op("Resize", x, None, scales, mode="nearest", **asymmetric)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (H·K, W·K, N, C)."""
        enlarge = upsample_bilinear if self.mode == "bilinear" else upsample_nearest
        return enlarge(inputs[0], self.scale), None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y = Σ a·x, with a share a of each pixel that does not depend on x: so dx = Σ a·dy, its adjoint."""
        back = upsample_bilinear_backward if self.mode == "bilinear" else upsample_nearest_backward
        return (back(dy, self.scale),)
