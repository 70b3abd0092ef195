"""Operators that work on each value, or arrange values, or put arrays together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.alone import Alone
from tests.onnx.cases import Node
from tests.onnx.ours import NotOursError, Operator, Value, as_images, from_rows, need, real, to_rows

__all__ = [
    "activation",
    "add",
    "concat",
    "flatten",
    "identity",
    "multiply",
    "pad",
    "prelu",
    "reduction",
    "reshape",
    "resize",
    "softmax",
    "softmax_rows",
    "upsample",
]


def each_value(layer: str, x: Value) -> list[Value]:
    return [Alone(layer, [as_images(x)], dtype=real(x)).forward().reshape(x.shape)]


def activation(word: str, **options: float) -> Operator:
    """An activation; `options` are ONNX's defaults by our names, all of which ONNX calls alpha."""

    def run(node: Node, inputs: Sequence[Value]) -> list[Value]:
        need(node.attributes.get("approximate", "none") == "none", "gelu by way of tanh")
        need(node.operator != "Swish" or node.attributes.get("alpha", 1.0) == 1.0, "swish with a factor")
        given = [f"{name}={node.attributes.get('alpha', default):.9f}" for name, default in options.items()]
        return each_value(" ".join([word, *given]), inputs[0])

    return run


def prelu(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """With one slope it is leakyrelu too; slopes along other axes than the channels' are those of a vector's values."""
    x, slope = inputs
    if slope.size == 1:
        (y,) = each_value(f"leakyrelu slope={slope.item():.9f}", x)
        learnt = Alone("prelu shared=true", [as_images(x)], {"weight": slope.reshape(1)}, dtype=real(x)).forward()
        np.testing.assert_allclose(learnt.reshape(y.shape), y, rtol=1e-6)
        return [y]
    if x.ndim == 4 and slope.size == x.shape[1] == slope.shape[-3 if slope.ndim > 2 else 0]:
        return [Alone("prelu", [x], {"weight": slope.reshape(-1)}, dtype=real(x)).forward().reshape(x.shape)]
    along = slope.reshape(-1, *[1] * (x.ndim - 2)) if slope.shape == x.shape[1:2] else slope
    each = np.broadcast_to(along, x.shape).reshape(-1)
    return [Alone("prelu", [x.reshape(1, -1)], {"weight": each}, dtype=real(x)).forward().reshape(x.shape)]


def hardsigmoid(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Ours is PyTorch's, of slope 1/6 through 1/2 at 0; ONNX may ask for another line, which moves what goes in."""
    (x,) = inputs
    slope, middle = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return each_value("hardsigmoid", (6 * slope * x + 6 * (middle - 0.5)).astype(x.dtype))


def identity(node: Node, inputs: Sequence[Value]) -> list[Value]:
    need(isinstance(inputs[0], np.ndarray), "a sequence, not an array")
    return each_value("identity", inputs[0])


def softmax_rows(node: Node, x: Value) -> tuple[Value, int]:
    """The array and axis of a softmax; before version 13, all axes from `axis` on counted as one."""
    if node.opset >= 13:
        return x, node.attributes.get("axis", -1) % x.ndim
    axis = node.attributes.get("axis", 1) % x.ndim
    return x.reshape(int(np.prod(x.shape[:axis])), -1), 1


def softmax(node: Node, inputs: Sequence[Value]) -> list[Value]:
    x, axis = softmax_rows(node, inputs[0])
    if axis == 1 and x.ndim in (3, 4):  # over the channels of each pixel
        y = Alone("softmax", [as_images(x)], dtype=real(x)).forward()
    else:
        y = from_rows(Alone("softmax", [to_rows(x, axis)], dtype=real(x)).forward(), x.shape, axis)
    return [y.reshape(inputs[0].shape)]


def flatten(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Axes before `axis` number the images; those after it, as many as there are, are channels, rows and columns."""
    (x,) = inputs
    axis = node.attributes.get("axis", 1)  # -1 is the last axis; x.ndim, beyond the last, is not 0
    axis = axis + x.ndim if axis < 0 else axis
    count = int(np.prod(x.shape[:axis]))
    rest = [*x.shape[axis:], 1, 1, 1]
    image = x.reshape(count, rest[0], rest[1], -1)
    return [Alone("flatten", [image], dtype=real(x)).forward()]


def reshape(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """As one image: values in the order of their axes, read as an image of another shape."""
    x, shape = inputs
    need(x.size > 0, "an array without values")
    target = [x.shape[k] if n == 0 and not node.attributes.get("allowzero") else int(n) for k, n in enumerate(shape)]
    result = np.empty(x.shape, bool).reshape(target).shape
    need(len(result) <= 4, "more than four axes")
    c, h = ([*result, 1, 1])[:2]
    return [Alone(f"reshape {c}x{h}x{x.size // (c * h)}", [x.reshape(1, -1)], dtype=real(x)).forward().reshape(result)]


def pad(node: Node, inputs: Sequence[Value]) -> list[Value]:
    need(node.attributes.get("mode", "constant") == "constant", "a border that repeats the image")
    value = inputs[2].item() if len(inputs) > 2 else node.attributes.get("value", 0.0)
    need(value == 0, "a border that is not of zeros")
    x = inputs[0]
    sides = np.asarray(inputs[1] if len(inputs) > 1 else node.attributes["pads"]).reshape(2, -1)
    need(x.ndim == 4 and not sides[:, :2].any(), "a border along other axes than height and width")
    (top, left), (bottom, right) = sides[:, 2:].tolist()
    need(top == bottom and left == right, "a border that is not the same on both sides")
    return [Alone(f"zeropad {top}x{left}", [x], dtype=real(x)).forward().reshape(np.pad(x, sides.T).shape)]


def add(node: Node, inputs: Sequence[Value]) -> list[Value]:
    need(all(x.shape == inputs[0].shape for x in inputs), "arrays of different shapes")
    if len(inputs) == 1:
        return each_value("identity", inputs[0])  # our `add` wants two branches
    shape = inputs[0].shape
    return [Alone("add", [as_images(x) for x in inputs], dtype=real(*inputs)).forward().reshape(shape)]


def multiply(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Along the axes of an image our `multiply` repeats a branch itself; along others it is given repeated."""
    kind, shape = real(*inputs), np.broadcast_shapes(*(x.shape for x in inputs))
    rank = len(shape)
    lifted = [x.reshape((1,) * (rank - x.ndim) + x.shape) for x in inputs]
    if rank != 4 or any(x.shape[0] != shape[0] for x in lifted):
        lifted = [as_images(np.broadcast_to(x, shape)) for x in lifted]
    return [Alone("multiply", lifted, dtype=kind).forward().reshape(shape)]


def reduction(word: str) -> Operator:
    """`channelavgpool` or `channelmaxpool`: the axes that are reduced are the channels, all others are images."""

    def run(node: Node, inputs: Sequence[Value]) -> list[Value]:
        x, *more = inputs
        given = more[0].tolist() if more else node.attributes.get("axes", [])
        if not given and node.attributes.get("noop_with_empty_axes"):
            return each_value("identity", x)
        need(x.size > 0, "an array without values")
        axes = sorted(axis % x.ndim for axis in given or range(x.ndim))
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        count = int(np.prod([x.shape[axis] for axis in axes]))
        y = Alone(word, [x.transpose(*kept, *axes).reshape(-1, count, 1, 1)], dtype=real(x)).forward()
        keep = node.attributes.get("keepdims", 1)
        return [y.reshape([1 if axis in axes else n for axis, n in enumerate(x.shape) if keep or axis in kept])]

    return run


def concat(node: Node, inputs: Sequence[Value]) -> list[Value]:
    axis = node.attributes["axis"] % inputs[0].ndim
    if any(x.shape[:axis] != inputs[0].shape[:axis] for x in inputs):
        raise NotOursError("arrays of different shapes")
    result = list(inputs[0].shape)
    result[axis] = sum(x.shape[axis] for x in inputs)
    if axis == 1 and inputs[0].ndim > 2:  # channels of images
        y = Alone("concat", [as_images(x) for x in inputs], dtype=real(*inputs)).forward()
        return [y.reshape(result)]
    y = Alone("concat", [to_rows(x, axis) for x in inputs], dtype=real(*inputs)).forward()
    return [from_rows(y, result, axis)]


def resize(node: Node, inputs: Sequence[Value]) -> list[Value]:
    """`upsample`, where each axis of an image grows by a whole factor."""
    attributes, x = node.attributes, inputs[0]
    given = [size for size in inputs[1:] if size.size]
    need(len(given) == 1, "a part of an image")
    axes, factors = attributes.get("axes", [0, 1, 2, 3]), np.ones(4)
    factors[axes] = given[0] if given[0].dtype == np.float32 else given[0] / np.take(x.shape, axes)
    need(bool((factors == factors.round()).all() and (factors >= 1).all()), "another factor than a whole one")
    mode, places = attributes["mode"], attributes.get("coordinate_transformation_mode", "half_pixel")
    need(mode != "cubic", "cubic interpolation")
    if mode == "linear":
        need(places == "half_pixel", "corners that keep their values")
        return enlarged(x, factors, " mode=bilinear")
    rounded = attributes.get("nearest_mode", "round_prefer_floor")
    need((places, rounded) == ("half_pixel", "round_prefer_floor"), "other neighbours than PyTorch's")
    return enlarged(x, factors)


def upsample(node: Node, inputs: Sequence[Value]) -> list[Value]:
    return enlarged(inputs[0], inputs[1])


def enlarged(x: Value, factors: Value, how: str = "") -> list[Value]:
    height, width = (int(n) for n in factors[2:])
    y = Alone(f"upsample {height}x{width}{how}", [x], dtype=real(x)).forward()
    return [y.reshape(*x.shape[:2], x.shape[2] * height, x.shape[3] * width)]
