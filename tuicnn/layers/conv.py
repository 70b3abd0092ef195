"""Convolution: a small kernel slides over the image, and each filter answers at each place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import He, Initialiser, Whiten, Zeros
from tuicnn.kernels import (
    Window,
    choose,
    convolve,
    convolve_backward,
    convolve_depthwise,
    convolve_depthwise_backward,
    joined,
)
from tuicnn.vocabulary import Boolean, Integer, ObjectOf, Padding, Size, SizeKind, option, positional

from .base import LayerContext, Shape, ShapeError, WeightSpec, layer
from .learning import Learning
from .shapes import need_image
from .torch_text import module, square
from .windows import UNIT, ZERO, onnx_window, resolved, torch_padding, windowed_shape

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array
    from tuicnn.kernels.arrays import Gradients as KernelGradients

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["Conv", "Depthwise"]


class Convolution(Learning):
    """What conv and depthwise share: all but how many filters and groups there are. Weights: (kh, kw, C/groups, F)."""

    owns_output = True
    is_affine = True

    kernel: Size
    stride: Size
    pad: str | Size
    dilation: Size
    bias: bool
    init: Initialiser

    def filters_and_groups(self, channels: int) -> tuple[int, int]:
        """For images of so many channels."""
        raise NotImplementedError

    @cached_property
    def window(self) -> Window:
        """The window's geometry, padding in pixels."""
        return resolved(self.kernel, self.stride, self.pad, self.dilation)

    def adjoint(self, dy: Array, saved: Any, weight: Array, **wanted: bool) -> KernelGradients:
        """dx, dw as `weight`, and db; `wanted` as for `convolve_backward`."""
        raise NotImplementedError

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """`weight`, and `bias` where there is one."""
        (kh, kw), c = self.kernel, inputs[0][0]
        filters, groups = self.filters_and_groups(c)
        fan_in, fan_out = kh * kw * c // groups, kh * kw * filters // groups
        specs = {"weight": WeightSpec((kh, kw, c // groups, filters), self.init, (3, 2, 0, 1), fan_in, fan_out)}
        if self.bias:
            specs["bias"] = WeightSpec((filters,), Zeros())
        return specs

    def macs(self, *inputs: Shape) -> int:
        """OH·OW·F windows, each kh·kw·C/groups products."""
        f, oh, ow = self.output(*inputs)
        return oh * ow * f * self.kernel[0] * self.kernel[1] * inputs[0][0] // self.filters_and_groups(inputs[0][0])[1]

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """An uneven border is a layer of its own before it."""
        c, (pad, before) = inputs[0][0], torch_padding(self.window)
        filters, groups = self.filters_and_groups(c)
        return *before, module(
            "Conv2d",
            c,
            filters,
            square(self.kernel),
            stride=(square(self.stride), 1),
            padding=(square(pad), 0),
            dilation=(square(self.dilation), 1),
            groups=(groups, 1),
            bias=(self.bias, True),
        )

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`Conv`."""
        groups = self.filters_and_groups(shapes[0][0])[1]
        window = onnx_window(self.window)
        return graph.op("Conv", inputs[0], weights["weight"], weights.get("bias"), **window, group=groups)

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y is linear in x, in w and in b, so the gradients are adjoints applied to dy."""
        wanted = {"with_dx": context.needs_input_gradient, "with_bias": self.bias}
        dx, dw, db = self.adjoint(dy, saved, weights["weight"], **wanted)
        gradients["weight"][...] = dw
        if db is not None:
            gradients["bias"][...] = db
        return (dx,)


@layer(
    "conv",
    help="convolution: F filters of KxK, each over all channels",
    aliases=("conv2d", "convolution", "convolve", "cnn"),
    example="conv 8 3x3 pad=1",
    usage="conv F KxK",
    shape=(
        "C x H x W -> F x OH x OW\n"
        "OH = (H + 2*pad - dilation*(K - 1) - 1) // stride + 1, and OW likewise\n"
        "with pad=same, OH = (H - 1) // stride + 1"
    ),
    formula=(
        "y[f,i,j] = bias[f] + sum over c,u,v of weight[f,c,u,v] * x[c,p,q]\n"
        "p = i*stride + u*dilation - pad, q = j*stride + v*dilation - pad\n"
        "x is 0 outside the image; pad=same is dilation*(K - 1) rows in all, an odd one at the end\n"
        "with groups, c runs over the filter's own group"
    ),
    source=(
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5; sizes: Dumoulin and "
        "Visin, A guide to convolution arithmetic for deep learning (2016), relationship 15"
    ),
)
@dataclass(frozen=True)
class Conv(Convolution):
    """Convolution (cross-correlation, as everywhere in deep learning). Weights inside: (kh, kw, C/groups, F)."""

    filters: int = positional(Integer(at_least=1), help="filters, the channels that come out")
    kernel: Size = positional(SizeKind(), help="size of the window, HxW")
    stride: Size = option(SizeKind(), default=UNIT, help="pixels from one window to the next")
    pad: str | Size = option(Padding(), default=ZERO, help="zeros around the image; same keeps its size at stride 1")
    dilation: Size = option(SizeKind(), default=UNIT, help="pixels from one value of the kernel to the next")
    groups: int = option(Integer(at_least=1), default=1, help="groups of channels that do not see each other")
    bias: bool = option(Boolean(), default=True, help="whether to add a learnt value to each filter's answer")
    init: Initialiser = option(ObjectOf("init"), default=He(), help="how the weights start")

    def filters_and_groups(self, channels: int) -> tuple[int, int]:
        return self.filters, self.groups

    @property
    def of_images(self) -> bool:  # type: ignore[override]
        """Whether it begins by whitening them."""
        return isinstance(self.init, Whiten)

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (F, OH, OW)."""
        c, _, _ = need_image(self, inputs[0])
        for what, count in (("channels that it receives", c), ("filters", self.filters)):
            if count % self.groups:
                fitting = max(n for n in range(1, self.groups) if c % n == 0 and self.filters % n == 0)
                raise ShapeError(
                    f"groups={self.groups} does not divide the {count} {what}",
                    argument="groups",
                    write=f"groups={fitting}",
                )
        if self.of_images:
            most = 2 * c * self.kernel[0] * self.kernel[1]
            if self.groups != 1:
                raise ShapeError("init=whiten takes all channels at once", argument="groups", write="groups=1")
            if self.filters > most:
                message = f"init=whiten makes at most {most} filters of {self.kernel} patches with {c} channels"
                raise ShapeError(message, argument="filters", write=str(most))
        _, oh, ow = windowed_shape(self, inputs[0], self.window)
        return self.filters, oh, ow

    def method(self, *inputs: Shape) -> str:
        """A name of `tuicnn.kernels.convolution.dispatch.KERNELS`: see `choose` there."""
        c, h, w = inputs[0]
        groups = 1 if joined(c, self.filters, self.window, self.groups) else self.groups
        return choose(h, w, c // groups, self.filters // groups, self.window)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y = x * w + b: (H, W, N, C) -> (OH, OW, N, F)."""
        return convolve(inputs[0], weights["weight"], self.window, self.groups, weights.get("bias"))

    def adjoint(self, dy: Array, saved: Any, weight: Array, **wanted: bool) -> KernelGradients:
        return convolve_backward(dy, saved, weight, self.window, self.groups, **wanted)


@layer(
    "depthwise",
    help="convolution of each channel with a kernel of its own",
    aliases=("dwconv", "depthwiseconv", "depthwise_conv", "depthwiseconv2d"),
    example="depthwise 3x3 pad=1",
    usage="depthwise KxK",
    shape=(
        "C x H x W -> C x OH x OW\n"
        "OH = (H + 2*pad - dilation*(K - 1) - 1) // stride + 1, and OW likewise\n"
        "with pad=same, OH = (H - 1) // stride + 1"
    ),
    formula=(
        "y[c,i,j] = bias[c] + sum over u,v of weight[c,u,v] * x[c,p,q]\n"
        "p = i*stride + u*dilation - pad, q = j*stride + v*dilation - pad\n"
        "x is 0 outside the image; pad=same is dilation*(K - 1) rows in all, an odd one at the end"
    ),
    source="Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2017)",
)
@dataclass(frozen=True)
class Depthwise(Convolution):
    """As many channels come out as went in; `conv` with groups=C and F=C. Weights inside: (kh, kw, 1, C)."""

    kernel: Size = positional(SizeKind(), help="size of the window, HxW")
    stride: Size = option(SizeKind(), default=UNIT, help="pixels from one window to the next")
    pad: str | Size = option(Padding(), default=ZERO, help="zeros around the image; same keeps its size at stride 1")
    dilation: Size = option(SizeKind(), default=UNIT, help="pixels from one value of the kernel to the next")
    bias: bool = option(Boolean(), default=True, help="whether to add a learnt value to each channel")
    init: Initialiser = option(ObjectOf("init"), default=He(), help="how the weights start")

    def filters_and_groups(self, channels: int) -> tuple[int, int]:
        return channels, channels

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (C, OH, OW)."""
        return windowed_shape(self, inputs[0], self.window)

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """y_c = x_c * w_c + b_c: (H, W, N, C) -> (OH, OW, N, C)."""
        return convolve_depthwise(inputs[0], weights["weight"][:, :, 0], self.window, weights.get("bias"))

    def adjoint(self, dy: Array, saved: Any, weight: Array, **wanted: bool) -> KernelGradients:
        dx, dw, db = convolve_depthwise_backward(dy, saved, weight[:, :, 0], self.window, **wanted)
        return dx, dw[:, :, None], db
