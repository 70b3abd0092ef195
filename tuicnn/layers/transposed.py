"""Transposed convolution: each pixel spreads a kernel over a larger image, and what overlaps is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tuicnn.initialisers import He, Initialiser, Zeros
from tuicnn.kernels import (
    Window,
    channel_sums,
    choose,
    convolve_transposed,
    convolve_transposed_backward,
)
from tuicnn.vocabulary import Boolean, Integer, ObjectOf, Padding, Size, SizeKind, option, positional

from .base import LayerContext, Shape, ShapeError, WeightSpec, layer
from .learning import Learning
from .shapes import need_image
from .torch_text import module, square
from .windows import UNIT, ZERO, resolved

if TYPE_CHECKING:
    from tuicnn.kernels.arrays import Array

    from .base import Arrays, Gradients
    from .onnx_graph import OnnxGraph

__all__ = ["ConvTranspose"]


@layer(
    "convtranspose",
    help="transposed convolution: each pixel spreads F kernels of KxK over a larger image",
    aliases=(
        "convtranspose2d", "conv2dtranspose", "conv_transpose", "conv_transpose2d", "transposedconv", "tconv", "deconv",
        "deconvolution", "upconv",
    ),
    example="convtranspose 8 2x2 stride=2",
    usage="convtranspose F KxK",
    shape=(
        "C x H x W -> F x OH x OW\n"
        "OH = (H - 1)*stride - 2*pad + dilation*(K - 1) + output_pad + 1, and OW likewise\n"
        "with pad=same, OH = H*stride"
    ),
    formula=(
        "y[f,i,j] = bias[f] + sum over c,u,v of weight[c,f,u,v] * x[c,p,q]\n"
        "p = (i + pad - u*dilation) / stride, q = (j + pad - v*dilation) / stride\n"
        "x is 0 outside the image, and where p or q is no whole number\n"
        "pad=same cuts dilation*(K - 1) rows off in all, and keeps stride rows for each of x\n"
        "with groups, f runs over the channel's own group"
    ),
    source="Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4",
)  # fmt: skip
@dataclass(frozen=True)
class ConvTranspose(Learning):
    """The adjoint of a convolution with the same window, as torch.nn.ConvTranspose2d.

    Weights inside: (kh, kw, F/groups, C), those of the convolution from the output to the input.
    """

    filters: int = positional(Integer(at_least=1), help="filters, the channels that come out")
    kernel: Size = positional(SizeKind(), help="size of the kernel, HxW")
    stride: Size = option(SizeKind(), default=UNIT, help="pixels from the place of one kernel to the next")
    pad: str | Size = option(Padding(), default=ZERO, help="rows and columns cut off at each side; same: H*stride stay")
    output_pad: Size = option(SizeKind(at_least=0), default=ZERO, help="rows and columns more at the end")
    dilation: Size = option(SizeKind(), default=UNIT, help="pixels from one value of the kernel to the next")
    groups: int = option(Integer(at_least=1), default=1, help="groups of channels that do not see each other")
    bias: bool = option(Boolean(), default=True, help="whether to add a learnt value to each channel that comes out")
    init: Initialiser = option(ObjectOf("init"), default=He(), help="how the weights start")

    @cached_property
    def window(self) -> Window:
        """The window of the convolution from the output to the input, padding in pixels."""
        return resolved(self.kernel, self.stride, self.pad, self.dilation)

    @cached_property
    def more(self) -> tuple[int, int]:
        """Rows and columns more at the end than the same padding at both sides leaves: PyTorch's `output_padding`."""
        if self.pad != "same":
            return self.output_pad[0], self.output_pad[1]
        rows, columns = (
            stride - span + 2 * before
            for stride, span, (before, _) in zip(self.stride, self.window.span, self.window.pad, strict=True)
        )
        return rows, columns

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(OH, OW) for an image (H, W)."""
        window = self.window
        rows, columns = (
            (length - 1) * stride - 2 * before + span + more
            for length, stride, (before, _), span, more in zip(
                (height, width), window.stride, window.pad, window.span, self.more, strict=True
            )
        )
        return rows, columns

    def output(self, *inputs: Shape) -> Shape:
        """(C, H, W) -> (F, OH, OW)."""
        c, h, w = need_image(self, inputs[0])
        for what, count in (("channels that it receives", c), ("filters", self.filters)):
            if count % self.groups:
                fitting = max(n for n in range(1, self.groups) if c % n == 0 and self.filters % n == 0)
                raise ShapeError(
                    f"groups={self.groups} does not divide the {count} {what}",
                    argument="groups",
                    write=f"groups={fitting}",
                )
        if self.pad == "same" and self.output_pad != ZERO:
            raise ShapeError(
                "pad=same says how large the image becomes, and so does output_pad",
                argument="output_pad",
                more="; leave one of them out",
            )
        if min(self.more) < 0:
            raise ShapeError(
                f"pad=same at stride 1 needs a kernel with a middle, not {self.kernel}",
                argument="kernel",
                write=str(Size(n + 1 - n % 2 for n in self.kernel)),
            )
        if any(more >= stride for more, stride in zip(self.output_pad, self.stride, strict=True)):
            least = Size(min(more, stride - 1) for more, stride in zip(self.output_pad, self.stride, strict=True))
            raise ShapeError(
                f"output_pad must be less than the stride, {self.stride}: further rows would hold nothing",
                argument="output_pad",
                write=f"output_pad={least}",
            )
        oh, ow = self.size(h, w)
        if min(oh, ow) < 1:
            raise ShapeError(f"pad={self.pad} cuts off all of the image", argument="pad", write="pad=0")
        return self.filters, oh, ow

    def weights(self, *inputs: Shape) -> dict[str, WeightSpec]:
        """`weight` (C, F/groups, kh, kw), and `bias` where there is one.

        Of the kernels of all pixels, kh·kw/(sh·sw) reach one place of the output on the average.
        """
        (kh, kw), (sh, sw), c = self.kernel, self.stride, inputs[0][0]
        fan_in, fan_out = max(1, kh * kw * c // (self.groups * sh * sw)), kh * kw * self.filters // self.groups
        shape = (kh, kw, self.filters // self.groups, c)
        specs = {"weight": WeightSpec(shape, self.init, (3, 2, 0, 1), fan_in, fan_out)}
        if self.bias:
            specs["bias"] = WeightSpec((self.filters,), Zeros())
        return specs

    def macs(self, *inputs: Shape) -> int:
        """H·W·C pixels, each with kh·kw·F/groups products."""
        c, h, w = inputs[0]
        return h * w * c * self.kernel[0] * self.kernel[1] * self.filters // self.groups

    def method(self, *inputs: Shape) -> str:
        """The kernel that the convolution from the output to the input would take."""
        c, h, w = inputs[0]
        return choose(*self.size(h, w), self.filters // self.groups, c // self.groups, self.window)

    def torch(self, *inputs: Shape) -> tuple[str, ...]:
        """`ConvTranspose2d`."""
        (top, _), (left, _) = self.window.pad
        return (
            module(
                "ConvTranspose2d",
                inputs[0][0],
                self.filters,
                square(self.kernel),
                stride=(square(self.stride), 1),
                padding=(square((top, left)), 0),
                output_padding=(square(self.more), 0),
                dilation=(square(self.dilation), 1),
                groups=(self.groups, 1),
                bias=(self.bias, True),
            ),
        )

    def onnx(self, graph: OnnxGraph, inputs: Sequence[str], weights: Mapping[str, str], *shapes: Shape) -> str:
        """`ConvTranspose`."""
        (top, _), (left, _) = self.window.pad
        return graph.op(
            "ConvTranspose",
            inputs[0],
            weights["weight"],
            weights.get("bias"),
            kernel_shape=self.kernel,
            strides=self.stride,
            pads=(top, left, top, left),
            output_padding=self.more,
            dilations=self.dilation,
            group=self.groups,
        )

    def forward(self, inputs: Sequence[Array], weights: Arrays, context: LayerContext) -> tuple[Array, Any]:
        """(H, W, N, C) -> (OH, OW, N, F)."""
        x = inputs[0]
        size, bias = self.size(x.shape[0], x.shape[1]), weights.get("bias")
        return convolve_transposed(x, weights["weight"], self.window, size, self.groups, bias), x

    def backward(self, dy: Array, saved: Any, weights: Arrays, gradients: Arrays, context: LayerContext) -> Gradients:
        """y = Wᵀx + b with the convolution W, so dx = W dy, db = Σ dy, and dw as in `convolve_transposed_backward`."""
        dx, gradients["weight"][...] = convolve_transposed_backward(
            dy, saved, weights["weight"], self.window, self.groups
        )
        if self.bias:
            gradients["bias"][...] = channel_sums(dy)
        return (dx if context.needs_input_gradient else None,)
