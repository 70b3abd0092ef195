"""How convolution and pooling read `stride`, `pad` and `dilation`, and what they say of a window that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from tuicnn.kernels import Window
from tuicnn.vocabulary import Size, info

from .base import Layer, Shape, ShapeError
from .shapes import need_image, shape_text

__all__ = ["UNIT", "ZERO", "onnx_window", "resolved", "torch_border", "torch_padding", "windowed_shape"]

Padded = tuple[tuple[int, int], tuple[int, int]]

UNIT = Size((1, 1))
ZERO = Size((0, 0))


def resolved(kernel: Size, stride: Size, pad: str | Size, dilation: Size = UNIT) -> Window:
    """The window with its padding in pixels.

    `same` pads each axis with span - 1 zeros in total, the odd one at the end, whatever the stride; so that
    ceil(size / stride) comes out.
    """
    plain = Window((kernel[0], kernel[1]), (stride[0], stride[1]), dilation=(dilation[0], dilation[1]))
    if pad == "same":
        total = (plain.span[0] - 1, plain.span[1] - 1)
        sides = tuple((n // 2, n - n // 2) for n in total)
    else:
        height, width = (0, 0) if isinstance(pad, str) else pad
        sides = ((height, height), (width, width))
    return Window(plain.kernel, plain.stride, (sides[0], sides[1]), plain.dilation)


def torch_border(pad: Padded) -> tuple[int, int, int, int]:
    """Zeros around an image as PyTorch's padding layers take them: left, right, top, bottom."""
    return (*pad[1], *pad[0])


def torch_padding(window: Window, value: float = 0.0) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The padding that PyTorch's layers take, the same at both ends of an axis; else none, and a layer before it."""
    (top, bottom), (left, right) = window.pad
    if (top, left) == (bottom, right):
        return (top, left), ()
    border = torch_border(window.pad)
    return (0, 0), (f"ConstantPad2d({border}, float('{value}'))" if value else f"ZeroPad2d({border})",)


def onnx_window(window: Window) -> dict[str, Sequence[int]]:
    """A window as the attributes of ONNX's operators; padding: top, left, bottom, right."""
    (top, bottom), (left, right) = window.pad
    found: dict[str, Sequence[int]] = {"kernel_shape": window.kernel, "strides": window.stride}
    found["pads"] = (top, left, bottom, right)
    return {**found, "dilations": window.dilation} if window.dilation != (1, 1) else found


def windowed_shape(layer: Layer, shape: Shape, window: Window) -> tuple[int, int, int]:
    """(C, OH, OW) for a window over an image (C, H, W). Raises `ShapeError` where it does not fit."""
    c, h, w = need_image(layer, shape)
    oh, ow = window.out(h, w)
    if oh >= 1 and ow >= 1:
        return c, oh, ow
    span = Size(window.span)
    what = f"a {span} window"
    if window.span != window.kernel:
        what = f"a {Size(window.kernel)} window, {span} with its dilation,"
    margin = any(sum(side) for side in window.pad)
    half = [(n - 1) // 2 for n in span]
    enough = all(size + 2 * p >= n for size, p, n in zip((h, w), half, span, strict=True))
    pad = "same" if not enough else str(half[0]) if half[0] == half[1] else str(Size(half))
    fewer = "pooling" if info(layer).name.endswith("pool") else "pooling or stride"
    raise ShapeError(
        f"{what} does not fit in {shape_text(shape)}" + (" even with its padding" if margin else ""),
        argument="kernel",
        write=f"pad={pad}",
        more=f", or use one {fewer} fewer",
    )
