"""Convolution and pooling: ONNX's strides, pads, auto_pad and ceil_mode in our words, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.alone import Alone
from tests.onnx.cases import Node
from tests.onnx.ours import Operator, Value, need, real
from tuicnn import plain

__all__ = ["conv", "conv_transpose", "global_pool", "pool"]

Pair = tuple[int, int]

#: the slow twin is asked too where it takes fewer products than this
TWIN = 20_000


@dataclass(frozen=True)
class Axis:
    """How a window slides along one axis."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    ceil: bool

    @property
    def out(self) -> int:
        """As ONNX counts: with `ceil` one more window where some of the image is left over, if it begins inside."""
        span = self.dilation * (self.kernel - 1) + 1
        left = self.size + self.before + self.after - span
        windows = -(-left // self.stride) + 1 if self.ceil else left // self.stride + 1
        return windows - 1 if self.ceil and (windows - 1) * self.stride >= self.size + self.before else windows

    @property
    def whole(self) -> int:
        """How many windows lie in the padded image with all of them, which are those that we count."""
        return (self.size + self.before + self.after - self.dilation * (self.kernel - 1) - 1) // self.stride + 1


def axes(node: Node, size: Sequence[int], kernel: Sequence[int]) -> list[Axis]:
    """The geometry of a node along height and width; along the width alone for one axis."""
    count = len(kernel)
    stride = node.attributes.get("strides", [1] * count)
    dilation = node.attributes.get("dilations", [1] * count)
    pads = node.attributes.get("pads", [0] * 2 * count)
    auto = node.attributes.get("auto_pad", "NOTSET")
    made = []
    for k in range(count):
        before, after = pads[k], pads[count + k]
        if auto.startswith("SAME"):
            span = dilation[k] * (kernel[k] - 1) + 1
            total = max(0, (-(-size[k] // stride[k]) - 1) * stride[k] + span - size[k])
            before = total // 2 if auto == "SAME_UPPER" else total - total // 2
            after = total - before
        ceil = bool(node.attributes.get("ceil_mode", 0))
        made.append(Axis(size[k], kernel[k], stride[k], dilation[k], before, after, ceil))
    return made if count == 2 else [Axis(1, 1, 1, 1, 0, 0, False), *made]


def padding(height: Axis, width: Axis) -> str:
    """Our word for the padding. Refuses where there is none."""
    both = (height, width)
    if all(axis.before == axis.after for axis in both):
        return f"{height.before}x{width.before}"
    # `same`: span - 1 zeros in all, the odd one at the end
    totals = [axis.dilation * (axis.kernel - 1) for axis in both]
    same = all((axis.before, axis.after) == (n // 2, n - n // 2) for axis, n in zip(both, totals, strict=True))
    need(same, "padding that is neither the same on both sides nor what we mean by `same`")
    return "same"


def conv(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """`conv`, and where there is a group for each channel `depthwise` as well."""
    x, weight, *bias = inputs
    need(x.ndim < 5, "volumes, not images")
    groups = node.attributes.get("group", 1)
    height, width = axes(node, x.shape[2:], weight.shape[2:])
    image, kernel = (a if a.ndim == 4 else a[:, :, None] for a in (x, weight))
    how = (
        f"{height.kernel}x{width.kernel} stride={height.stride}x{width.stride} pad={padding(height, width)} "
        f"dilation={height.dilation}x{width.dilation} bias={'true' if bias else 'false'}"
    )
    own = {"weight": kernel, **({"bias": bias[0]} if bias else {})}
    y = Alone(f"conv {len(weight)} {how} groups={groups}", [image], own, dtype=real(x)).forward()
    if groups == x.shape[1] == len(weight):
        same = Alone(f"depthwise {how}", [image], own, dtype=real(x)).forward()
        np.testing.assert_allclose(same, y, rtol=1e-4, atol=1e-6)
    if y.size * kernel[0].size < TWIN:
        _, stride, pad = geometry(height, width)
        gaps = (height.dilation, width.dilation)
        twin = plain.convolve(image, kernel, bias[0] if bias else None, stride, pad, gaps, groups)
        np.testing.assert_allclose(twin.reshape(y.shape), y, rtol=1e-4, atol=1e-6)
    out = (height.out, width.out)[4 - x.ndim :]
    return [y.reshape(len(x), len(weight), *out)]


def conv_transpose(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """`convtranspose`. ONNX may say the size of what comes out in place of the padding."""
    x, weight, *bias = inputs
    need(x.ndim < 5, "volumes, not images")
    given, groups = node.attributes, node.attributes.get("group", 1)
    image, kernel = (a if a.ndim == 4 else a[:, :, None] for a in (x, weight))
    kernels = kernel.shape[2:]
    stride, dilation = ([1] * (4 - x.ndim) + given.get(name, [1] * (x.ndim - 2)) for name in ("strides", "dilations"))
    pads, more = given.get("pads", [0] * 4), given.get("output_padding", [0] * 2)
    even = pads[:2] == pads[2:] and "auto_pad" not in given
    need(even, "padding that is neither the same on both sides nor what we mean by `same`")
    if "output_shape" in given:
        whole = [(n - 1) * s + k for n, s, k in zip(image.shape[2:], stride, kernels, strict=True)]
        more = [wanted - n for wanted, n in zip(given["output_shape"], whole, strict=True)]
    how = (
        f"{kernels[0]}x{kernels[1]} stride={stride[0]}x{stride[1]} "
        f"pad={pads[0]}x{pads[1]} output_pad={more[0]}x{more[1]} "
        f"dilation={dilation[0]}x{dilation[1]} bias={'true' if bias else 'false'} groups={groups}"
    )
    own = {"weight": kernel, **({"bias": bias[0]} if bias else {})}
    layer = Alone(f"convtranspose {groups * weight.shape[1]} {how}", [image], own, dtype=real(x))
    height, width = layer.network.plan.nodes[-2].shape[1:]
    return [layer.forward().reshape(len(x), -1, *(height, width)[4 - x.ndim :])]


def pool(word: str) -> Operator:
    """`maxpool` or `avgpool`. The places of the maxima, where they are asked for, are those of the slow twin."""

    def run(node: Node, inputs: Sequence[Value]) -> list[Value]:
        x = inputs[0].astype(np.float32) if inputs[0].dtype == np.uint8 else inputs[0]
        kernel = node.attributes["kernel_shape"]
        need(len(kernel) < 3, "volumes, not images")
        both = height, width = axes(node, x.shape[2:], kernel)
        need(all(axis.dilation == 1 for axis in both), "a pooling window with gaps")
        need(all(axis.out == axis.whole for axis in both), "a last window that is cut off (ceil_mode)")
        padded = any(axis.before or axis.after for axis in both)
        if word == "avgpool":
            need(bool(node.attributes.get("count_include_pad")) or not padded, "a mean that leaves out the padding")
        more = any(2 * axis.before > axis.kernel for axis in both)
        need(not (more and word == "maxpool"), "padding of more than half a window")
        layer = f"{word} {height.kernel}x{width.kernel} stride={height.stride}x{width.stride} pad="
        around = padding(height, width)
        layer = f"zeropad {around} -> {layer}0" if more else layer + around
        image = x if x.ndim == 4 else x[:, :, None]
        y = Alone(layer, [image], dtype=real(x)).forward()
        if y.size * height.kernel * width.kernel < TWIN:
            twin = (plain.max_pool if word == "maxpool" else plain.average_pool)(image, *geometry(height, width))
            np.testing.assert_allclose(twin.reshape(y.shape), y, rtol=1e-4, atol=1e-6)
        made = [y.reshape(*x.shape[:2], *(height.out, width.out)[4 - x.ndim :]).astype(inputs[0].dtype)]
        if len(node.outputs) > 1:
            made.append(places(image, height, width, column_major=bool(node.attributes.get("storage_order"))))
        return made

    return run


def geometry(height: Axis, width: Axis) -> tuple[Pair, Pair, tuple[Pair, Pair]]:
    """Kernel, stride and padding as the slow twins take them."""
    kernel, stride = (height.kernel, width.kernel), (height.stride, width.stride)
    return kernel, stride, ((height.before, height.after), (width.before, width.after))


def places(x: Value, height: Axis, width: Axis, *, column_major: bool) -> Value:
    """The place of each window's maximum among all values of x: where the slow twin sends a gradient back to."""
    how = geometry(height, width)
    found = np.zeros(plain.max_pool(x, *how).shape, np.int64)
    for place in np.ndindex(*found.shape):
        one = np.zeros(found.shape)
        one[place] = 1
        there = plain.max_pool_backward(one, x, *how)
        n, c, h, w = np.unravel_index(there.argmax(), there.shape)
        within = w * x.shape[2] + h if column_major else h * x.shape[3] + w
        found[place] = (n * x.shape[1] + c) * x.shape[2] * x.shape[3] + within
    return found


def global_pool(word: str) -> Operator:
    """`globalavgpool` or `globalmaxpool`: vectors in ours, images of one pixel in ONNX."""

    def run(node: Node, inputs: Sequence[Value]) -> list[Value]:
        (x,) = inputs
        return [Alone(word, [x], dtype=real(x)).forward().reshape(*x.shape[:2], 1, 1)]

    return run
