"""`prelu`: relu whose slope below 0 is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import Constant
from tuicnn.kernels import pixel_product_sums, spread
from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Boolean, Number, option

from .activations import activation, heaviside, negative_part
from .base import LayerContext, Shape, WeightSpec
from .learning import Learning

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["PReLU"]


@activation(
    "prelu",
    help="x where it is positive, else x times a slope that is learnt for each channel",
    aliases=("parametricrelu", "parametric_relu"),
    formula="y = max(x, 0) + weight*min(x, 0)\nweight of each channel, or one for all",
    source="He, Zhang, Ren and Sun, Delving Deep into Rectifiers (2015), section 2.1",
)
@dataclass(frozen=True)
class PReLU(Learning):
    """y = max(x, 0) + w·min(x, 0), with a weight w for each channel (for each value of a vector), or one for all."""

    slope: float = option(Number(), default=0.25, help="slope below 0 at the start")
    shared: bool = option(Boolean(), default=False, help="whether all channels have one slope")

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A slope for each channel, or one."""
        return {"weight": WeightSpec((1 if self.shared else inputs[0][0],), Constant(self.slope))}

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`PReLU` with its number of slopes."""
        return (f"PReLU({1 if self.shared else inputs[0][0]}, init={self.slope!r})",)

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`PRelu`, the slopes along the channels."""
        size = (-1, *[1] * (len(shapes[0]) - 1))
        return graph.op("PRelu", *inputs, graph.op("Reshape", weights["weight"], size))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """Of x and w·x, x is the larger where it is positive, unless w is more than 1."""
        x, slope = inputs[0], weights["weight"]
        y = np.multiply(x, self.repeated(slope, x), out=empty_like(x))
        if (slope <= 1).all():
            return np.maximum(x, y, out=y), x
        y = np.multiply(negative_part(x), self.repeated(slope, x), out=y)
        y += np.maximum(x, 0, out=empty_like(x))
        return y, x

    def repeated(self, slope: Array, x: Array) -> Array:
        """The slopes as x has its channels."""
        return slope if self.shared else spread(slope, x)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dw = Σ dy·min(x, 0) over all places of the slope; dx = dy where x > 0 and w·dy elsewhere."""
        slope = weights["weight"]
        total = pixel_product_sums(dy, negative_part(saved)).sum(axis=0)
        gradients["weight"][...] = total.sum() if self.shared else total
        if not context.needs_input_gradient:
            return (None,)
        dx: Array = heaviside(saved)
        dx *= self.repeated(1 - slope, saved)
        dx += self.repeated(slope, saved)
        dx *= dy
        return (dx,)
