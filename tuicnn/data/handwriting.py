"""A drawing into the image that a network for handwriting takes, made as those of MNIST were made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stroke", "drawn", "handwritten"]

#: the points (x, y) that a pen passes in straight lines, in any unit, y downwards
Stroke = Sequence[tuple[float, float]]

_SIDE = 28  # pixels of an image of MNIST
_BOX = 20.0  # pixels that the ink's longer side is scaled to
_PEN = 2.7  # pixels that a line is wide, as most of MNIST's are


def drawn(strokes: Sequence[Stroke], height: int, width: int, pen: float) -> NDArray[np.float64]:
    """Ink of 0 to 1 on height x width pixels: lines as wide as `pen`, with smooth edges; points are in pixels."""
    ink = np.zeros((height, width))
    rows, columns = np.mgrid[:height, :width] + 0.5
    for stroke in strokes:
        points = np.asarray(stroke, np.float64).reshape(-1, 2)
        for a, b in zip(points, points[1:] if len(points) > 1 else points, strict=False):
            x, y = columns - a[0], rows - a[1]
            dx, dy = b - a
            along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            distance = np.hypot(x - along * dx, y - along * dy)
            np.maximum(ink, np.clip(pen / 2 - distance + 0.5, 0, 1), out=ink)
    return ink


def handwritten(strokes: Sequence[Stroke], side: int = _SIDE) -> NDArray[np.uint8]:
    """The image uint8 (side, side, 1), white on black, of strokes anywhere and of any size.

    The ink fits a box of 20x20 pixels, with its proportions, and its centre of mass is in the middle of 28x28 (LeCun,
    Bottou, Bengio and Haffner 1998). A larger `side` has more black around it.
    """
    points = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not points:
        return np.zeros((side, side, 1), np.uint8)
    every = np.concatenate(points)
    low, size = every.min(axis=0), np.ptp(every, axis=0)
    longest = float(size.max())
    unit = longest if longest > 0 else 1.0  # divided by, and not multiplied with 1 / unit, which may be infinite
    extent = size / unit * (_BOX - _PEN)
    boxed = [(stroke - low) / unit * (_BOX - _PEN) - extent / 2 for stroke in points]  # around 0
    ink = drawn([stroke + _SIDE / 2 for stroke in boxed], _SIDE, _SIDE, _PEN)
    places = np.arange(_SIDE) + 0.5 - _SIDE / 2
    mass = np.array([ink.sum(axis=0) @ places, ink.sum(axis=1) @ places]) / ink.sum()
    room = _SIDE / 2 - (extent + _PEN) / 2  # by which the box can move before ink is cut off
    middle = side / 2 - np.clip(mass, -room, room)
    image = drawn([stroke + middle for stroke in boxed], side, side, _PEN)
    return np.rint(image * 255).astype(np.uint8)[:, :, None]
