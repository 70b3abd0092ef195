"""What a person reads of shapes, and the two questions that most layers ask of theirs."""

from __future__ import annotations

import math

from tuicnn.vocabulary import Size, info

from .base import Layer, Shape, ShapeError

__all__ = ["need_image", "need_vector", "shape_text", "square_image"]


def shape_text(shape: Shape) -> str:
    """`8x14x14` for an image (C, H, W), `1568 values` for a vector."""
    if len(shape) == 1:
        return f"{shape[0]} value{'s' if shape[0] != 1 else ''}"
    return "x".join(map(str, shape))


def square_image(values: int) -> Size:
    """An image (C, H, W) of so many values, with the largest square sides."""
    side = next(s for s in range(math.isqrt(values), 0, -1) if values % (s * s) == 0)
    return Size((values // (side * side), side, side))


def need_image(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    """The shape as (C, H, W). Raises `ShapeError` for a vector."""
    if len(shape) != 3:
        raise ShapeError(
            f"{info(layer).name} needs an image but receives {shape_text(shape)}",
            write=f"reshape {square_image(math.prod(shape))} ->",
        )
    c, h, w = shape
    return c, h, w


def need_vector(layer: Layer, shape: Shape) -> int:
    """The number of values. Raises `ShapeError` for an image."""
    if len(shape) != 1:
        raise ShapeError(
            f"{info(layer).name} needs a flat vector but receives {shape_text(shape)}",
            write="flatten ->",
            more=f" ({math.prod(shape)} values)",
        )
    return shape[0]
