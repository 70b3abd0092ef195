"""A number as a bar to the left or to the right of zero."""

from __future__ import annotations

import math
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style

from tuicnn.display.glyphs import Glyphs
from tuicnn.display.terminal import Role
from tuicnn.numbers import short

__all__ = ["signed_bar"]

_NUMBER = 10  # cells of the number at the end


def signed_bar(
    value: float, scale: tuple[float, float], width: int, glyphs: Glyphs, style: Callable[[Role], Style]
) -> list[Segment]:
    """A bar and the number itself in `width` cells (more than 11); `scale` is from low <= 0 to high >= 0."""
    low, high = scale
    last = width - _NUMBER - 1

    def place(number: float) -> int:
        return round((number - low) / (high - low) * last)

    known = math.isfinite(value)
    zero = place(0.0)
    end = place(min(max(value, low), high)) if known else zero
    left, right = sorted((zero, end))
    bar = Segment(glyphs.full * (right - left), style("second" if end < zero else "accent"))
    before, after = Segment(" " * left, style("text")), Segment(" " * (last - right), style("text"))
    axis = Segment(glyphs.vertical, style("faint"))
    return [
        before,
        *((bar, axis) if end < zero else (axis, bar)),
        after,
        Segment((short(value) if known else "not finite").rjust(_NUMBER), style("text" if known else "bad")),
    ]
