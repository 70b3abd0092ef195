"""`multiply`: branches that weigh one another, as gates and attention do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from tuicnn.kernels import broadcast_product, broadcast_sum_of_products

from .base import Layer, LayerContext, Shape, ShapeError, layer
from .joins import branches

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Multiply"]


def as_image(x: Array) -> Array:
    """Vectors (N, V) as images of one pixel, (1, 1, N, V); images as they are."""
    return x[None, None] if x.ndim == 2 else x


def image_shape(shape: Shape) -> Shape:
    """(V,) as (V, 1, 1); an image's shape as it is."""
    return (*shape, 1, 1) if len(shape) == 1 else shape


@layer(
    "multiply",
    help="the product of its branches: one weighs the other",
    aliases=("mul", "product", "prod", "times", "gate", "hadamard"),
    example="multiply { identity | conv 1 1x1 -> sigmoid }",
    usage="multiply { a | b }",
    shape=(
        "any shape, the same for each branch -> the same shape\n"
        "C, H or W may be 1 in a branch, which is then repeated; C values stand for C x 1 x 1"
    ),
    formula="y = x1 * x2 * ...",
    source="Hu, Shen and Sun, Squeeze-and-Excitation Networks (2018)",
)
@dataclass(frozen=True)
class Multiply(Layer):
    """Multiplies branches, value by value; along an axis where one has size 1, its value counts for every place."""

    arity = None

    def output(self, *inputs: Shape) -> Shape:
        """Shapes that are equal or 1 along each axis -> the larger of each."""
        if all(len(shape) == 1 for shape in inputs):
            sizes = list(zip(*inputs, strict=True))
        else:
            sizes = list(zip(*map(image_shape, inputs), strict=True))
        if any(len({1, *along}) > 2 for along in sizes):
            raise ShapeError(f"the branches of `multiply` do not match:{branches(inputs)}")
        return tuple(max(along) for along in sizes)

    def torch_expression(self, *inputs: Shape) -> str:
        """`*` between the branches; vectors beside images become images of one pixel."""
        images = any(len(shape) == 3 for shape in inputs)
        pixel = ["[:, :, None, None]" if images and len(shape) == 1 else "" for shape in inputs]
        return " * ".join(f"x{k}{text}" for k, text in enumerate(pixel))

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Mul`, one branch after the other; vectors beside images become images of one pixel."""
        images = any(len(shape) == 3 for shape in shapes)
        lifted = [
            graph.op("Unsqueeze", name, (2, 3)) if images and len(shape) == 1 else name
            for name, shape in zip(inputs, shapes, strict=True)
        ]
        return reduce(partial(graph.op, "Mul"), lifted)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = Π x_k."""
        y = broadcast_product([as_image(x) for x in inputs])
        return (y if any(x.ndim == 4 for x in inputs) else y[0, 0]), inputs

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y/∂x_k is the product of the other branches, so dx_k is dy times that, summed over the places that one value
        of x_k was repeated to."""
        given, images = as_image(dy), [as_image(x) for x in saved]
        dxs = []
        for k, (x, image) in enumerate(zip(saved, images, strict=True)):
            others = broadcast_product([other for j, other in enumerate(images) if j != k])
            dx = broadcast_sum_of_products(given, others, image.shape)
            dxs.append(dx if x.ndim == 4 else dx[0, 0])
        return dxs
