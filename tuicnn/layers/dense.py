"""The fully connected layer: every output is a weighted sum of every input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import He, Initialiser, Zeros
from tuicnn.kernels import channel_sums
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Boolean, Integer, ObjectOf, option, positional

from .base import LayerContext, Shape, WeightSpec, layer
from .learning import Learning
from .shapes import need_vector
from .torch_text import module

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Dense"]


@layer(
    "dense",
    help="N weighted sums of all values",
    aliases=("fc", "linear", "fully_connected", "fullyconnected", "affine"),
    example="dense 10",
    usage="dense N",
    shape="V -> N",
    formula="y[n] = bias[n] + sum over v of weight[n,v] * x[v]",
    source="Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 6",
)
@dataclass(frozen=True)
class Dense(Learning):
    """Weights inside: (in, out)."""

    owns_output = True
    is_affine = True

    units: int = positional(Integer(at_least=1), help="values that come out")
    bias: bool = option(Boolean(), default=True, help="whether to add a learnt value to each sum")
    init: Initialiser = option(ObjectOf("init"), default=He(), help="how the weights start")

    def output(self, *inputs: Shape) -> Shape:
        """(V,) -> (N,)."""
        need_vector(self, inputs[0])
        return (self.units,)

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """`weight`, and `bias` where there is one."""
        (values,) = inputs[0]
        specs = {"weight": WeightSpec((values, self.units), self.init, (1, 0), values, self.units)}
        if self.bias:
            specs["bias"] = WeightSpec((self.units,), Zeros())
        return specs

    def macs(self, *inputs: Shape) -> int:
        """One product a weight."""
        return inputs[0][0] * self.units

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`Linear`."""
        return (module("Linear", inputs[0][0], self.units, bias=(self.bias, True)),)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Gemm`, its weights as PyTorch's `Linear` has them."""
        return graph.op("Gemm", inputs[0], weights["weight"], weights.get("bias"), transB=1)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = x W + b: (N, in) -> (N, out)."""
        x = inputs[0]
        y = np.matmul(x, weights["weight"], out=empty((len(x), self.units), x.dtype))
        if "bias" in weights:
            y += weights["bias"]
        return y, x

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y_no = Σ_i x_ni W_io + b_o, so

        dW_io = Σ_n x_ni dy_no = (xᵀ dy)_io,   db_o = Σ_n dy_no,   dx_ni = Σ_o dy_no W_io = (dy Wᵀ)_ni.
        """
        np.matmul(saved.T, dy, out=gradients["weight"])
        if self.bias:
            gradients["bias"][...] = channel_sums(dy)
        if not context.needs_input_gradient:
            return (None,)
        # a product with an inner dimension of 1 takes far longer than NumPy's own of a column by a row
        multiply = np.multiply if self.units == 1 else np.matmul
        return (multiply(dy, weights["weight"].T, out=empty(saved.shape, dy.dtype)),)
