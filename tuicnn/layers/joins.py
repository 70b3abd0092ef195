"""Layers that join branches: `add` and `concat`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from tuicnn.kernels.arrays import pixels
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np

from .base import Layer, LayerContext, Shape, ShapeError, layer
from .shapes import shape_text

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Add", "Concat"]


def parts(y: Array, sizes: Sequence[int]) -> list[Array]:
    """The views of y's last axis, one after the other, of these sizes."""
    ends = itertools.accumulate(sizes)
    return [y[..., end - size : end] for size, end in zip(sizes, ends, strict=True)]


def branches(shapes: Sequence[Shape]) -> str:
    """Each branch's shape, one a line."""
    return "".join(f"\n  branch {number} gives {shape_text(shape)}" for number, shape in enumerate(shapes, 1))


@layer(
    "add",
    help="the sum of its branches",
    aliases=("sum", "plus"),
    example="add { identity | conv 8 3x3 pad=1 }",
    usage="add { a | b }",
    shape="any shape, the same for each branch -> the same shape",
    formula="y = x1 + x2 + ...",
    source="He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2016)",
)
@dataclass(frozen=True)
class Add(Layer):
    """Adds branches of one shape, value by value."""

    arity = None

    def output(self, *inputs: Shape) -> Shape:
        """Equal shapes -> the same shape."""
        if len(set(inputs)) > 1:
            raise ShapeError(f"the branches of `add` do not match:{branches(inputs)}")
        return inputs[0]

    def torch_expression(self, *inputs: Shape) -> str:
        """`+` between the branches."""
        return " + ".join(f"x{k}" for k in range(len(inputs)))

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Add`, one branch after the other."""
        return reduce(partial(graph.op, "Add"), inputs)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = Σ x_k."""
        y = np.add(inputs[0], inputs[1], out=empty(inputs[0].shape, inputs[0].dtype))
        for x in inputs[2:]:
            y += x
        return y, len(inputs)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y/∂x_k = 1 for each branch, so each receives dy."""
        return [dy for _ in range(saved)]


@layer(
    "concat",
    help="the channels of its branches, one after the other",
    aliases=("cat", "concatenate", "join"),
    example="concat { identity | conv 8 3x3 pad=1 }",
    usage="concat { a | b }",
    shape="C1 x H x W | C2 x H x W | ... -> (C1 + C2 + ...) x H x W\nV1 | V2 | ... -> V1 + V2 + ...",
    formula="y = [x1, x2, ...]",
    source="Szegedy and others, Going Deeper with Convolutions (2015)",
)
@dataclass(frozen=True)
class Concat(Layer):
    """Joins images along their channels, or vectors end to end."""

    arity = None

    def output(self, *inputs: Shape) -> Shape:
        """(C_k, H, W) each -> (Σ C_k, H, W); (V_k,) each -> (Σ V_k,)."""
        if len({shape[1:] for shape in inputs}) > 1:
            raise ShapeError(f"the branches of `concat` do not agree in height and width:{branches(inputs)}")
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])

    def torch_expression(self, *inputs: Shape) -> str:
        """Along the channels."""
        return f"torch.cat([{', '.join(f'x{k}' for k in range(len(inputs)))}], 1)"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """Along the channels."""
        return graph.op("Concat", *inputs, axis=1)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Channels are the last axis here, and so are a vector's values."""
        sizes = [x.shape[-1] for x in inputs]
        y = empty((*inputs[0].shape[:-1], sum(sizes)), inputs[0].dtype)
        for x, part in zip(inputs, parts(y, sizes), strict=True):
            pixels(part)[...] = pixels(x)
        return y, sizes

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Each value of y is one value of one branch, so each branch receives its own part of dy."""
        dxs = [empty((*dy.shape[:-1], size), dy.dtype) for size in saved]
        for dx, part in zip(dxs, parts(dy, saved), strict=True):
            pixels(dx)[...] = pixels(part)
        return dxs
