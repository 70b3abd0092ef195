"""Layers across the channels of each place: their mean, their largest, another order of them, a weight for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import Constant
from tuicnn.kernels import (
    channel_max,
    channel_max_backward,
    channel_mean,
    channel_mean_backward,
    pixel_product_sums,
    shuffled,
    spread,
)
from tuicnn.kernels.memory import empty_like
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Integer, Number, positional

from .base import Layer, LayerContext, Shape, ShapeError, WeightSpec, layer
from .learning import Learning
from .shapes import need_image

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["ChannelAvgPool", "ChannelMaxPool", "ChannelShuffle", "Scale"]


class ChannelPool(Layer):
    """What channelavgpool and channelmaxpool share: one value for each place."""

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (1, H, W)."""
        _, h, w = need_image(self, inputs[0])
        return 1, h, w


@layer(
    "channelavgpool",
    help="the mean of all channels at each place: one map",
    aliases=("channelmean", "channel_mean", "channel_avg_pool", "channelpool", "channelaverage"),
    shape="C x H x W -> 1 x H x W",
    formula="y[0,i,j] = sum over c of x[c,i,j] / C",
    source="Woo, Park, Lee and Kweon, CBAM: Convolutional Block Attention Module (2018), section 3.2",
)
@dataclass(frozen=True)
class ChannelAvgPool(ChannelPool):
    """y = Σ_c x_c / C."""

    def torch_expression(self, *inputs: Shape) -> str:
        return "x0.mean(1, keepdim=True)"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`ReduceMean` over the channels."""
        return graph.op("ReduceMean", *inputs, axes=[1])

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (H, W, N, 1)."""
        return channel_mean(inputs[0]), inputs[0].shape[3]

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """∂y/∂x_c = 1/C for each channel."""
        return (channel_mean_backward(dy, saved),)


@layer(
    "channelmaxpool",
    help="the largest of all channels at each place: one map",
    aliases=("channelmax", "channel_max", "channel_max_pool"),
    shape="C x H x W -> 1 x H x W",
    formula="y[0,i,j] = max over c of x[c,i,j]",
    source="Woo, Park, Lee and Kweon, CBAM: Convolutional Block Attention Module (2018), section 3.2",
)
@dataclass(frozen=True)
class ChannelMaxPool(ChannelPool):
    """y = max_c x_c."""

    def torch_expression(self, *inputs: Shape) -> str:
        return "x0.max(1, keepdim=True).values"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`ReduceMax` over the channels."""
        return graph.op("ReduceMax", *inputs, axes=[1])

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (H, W, N, 1)."""
        y, winners = channel_max(inputs[0])
        return y, (winners, inputs[0].shape[3])

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dy goes back to the channel that y came from, the first of several equal ones."""
        return (channel_max_backward(dy, *saved),)


@layer(
    "shuffle",
    help="channels of G groups mixed: one of each group by turns",
    aliases=("channelshuffle", "channel_shuffle", "shuffle_channels"),
    example="shuffle 2",
    usage="shuffle G",
    shape="C x H x W -> C x H x W\nG divides the channels C",
    formula="y[c,i,j] = x[c % G * (C // G) + c // G,i,j]",
    source="Zhang, Zhou, Lin and Sun, ShuffleNet (2018), section 3.1",
)
@dataclass(frozen=True)
class ChannelShuffle(Layer):
    """The channels as a table of G rows, read down its columns; as torch.nn.ChannelShuffle."""

    groups: int = positional(Integer(at_least=1), help="groups of channels that are mixed")

    def output(self, *inputs: Shape) -> Shape:
        """The same shape."""
        c, h, w = need_image(self, inputs[0])
        if c % self.groups:
            fitting = max(n for n in range(1, min(self.groups, c) + 1) if c % n == 0)
            message = f"{self.groups} groups do not divide the {c} channels that shuffle receives"
            raise ShapeError(message, argument="groups", write=str(fitting))
        return c, h, w

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """The channels as a table, turned."""
        c, h, w = shapes[0]
        table = graph.op("Reshape", *inputs, (0, self.groups, c // self.groups, h, w))
        return graph.op("Reshape", graph.op("Transpose", table, perm=[0, 2, 1, 3, 4]), (0, c, h, w))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> the same."""
        return shuffled(inputs[0], self.groups), None

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """Each channel only moved, so its gradient moves back: by the table of C/G rows."""
        return (shuffled(dy, dy.shape[3] // self.groups),)


@layer(
    "scale",
    help="each channel times a weight that is learnt and begins at S",
    aliases=("layerscale", "layer_scale", "channelscale"),
    example="scale 0.1",
    usage="scale S",
    shape="any shape -> the same shape",
    formula="y = weight*x\nweight of each channel (of each value of a vector), which begins at S",
    source="Touvron, Cord, Sablayrolles, Synnaeve and Jegou, Going deeper with Image Transformers (2021), section 2.1",
)
@dataclass(frozen=True)
class Scale(Learning):
    """y_c = w_c·x_c. Weights as those of a depthwise convolution of 1x1 without bias, which it is: (C, 1, 1, 1)."""

    start: float = positional(Number(), default=1.0, help="what each weight begins at")

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """A weight for each channel."""
        return {"weight": WeightSpec((inputs[0][0], 1, 1, 1), Constant(self.start))}

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """A convolution of each channel with a kernel of one number."""
        c = inputs[0][0]
        return (f"Conv2d({c}, {c}, 1, groups={c}, bias=False)",)

    def torch_expression(self, *inputs: Shape) -> str:
        """A vector is an image of one pixel to it."""
        return "" if len(inputs[0]) == 3 else "module(x0[:, :, None, None])[:, :, 0, 0]"

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Mul` by the weights along the channels."""
        size = (-1, *[1] * (len(shapes[0]) - 1))
        return graph.op("Mul", *inputs, graph.op("Reshape", weights["weight"], size))

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = w·x, along the last axis."""
        x = inputs[0]
        return np.multiply(x, spread(weights["weight"].reshape(-1), x), out=empty_like(x)), x

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """dw_c = Σ dy_c·x_c over all places and images; dx_c = w_c·dy_c."""
        gradients["weight"].reshape(-1)[...] = pixel_product_sums(dy, saved).sum(axis=0)
        if not context.needs_input_gradient:
            return (None,)
        return (np.multiply(dy, spread(weights["weight"].reshape(-1), dy), out=empty_like(dy)),)
