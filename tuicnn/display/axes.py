"""Round steps for axes and scales, and the axes of a chart."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuicnn.numbers import short, tick_texts

__all__ = ["Axes", "axes_of", "decades", "round_step", "snapped", "ticks"]

_LARGEST = 308  # the power of ten that a float reaches
_ROUNDING = 1e-6  # by how much a mean of shares may exceed 1
_BOUNDS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
#: by how much an axis of steps grows at a time: in between, what is drawn stays where it is
_GROWTH = 1.12


def round_step(span: float, parts: int, *, least: float = 0.0) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts a span > 0 into `parts` at most, and `least` at least."""
    rough = max(span / max(1, parts), least)
    power = 10.0 ** math.floor(math.log10(rough))
    return next((m * power for m in (1, 2, 5) if m * power >= rough * (1 - 1e-9)), 10 * power)


def snapped(size: float, before: float = 0.0) -> float:
    """A round bound for a size >= 0: at least as large; `before`, as long as that is not far too large."""
    if not 0 < size < 1e300:
        return 1e300 if size else before or 1.0
    if size <= before and size >= 0.6 * before:
        return before
    size = max(size, 1e-300)  # below it, powers of ten are not exact
    power = 10.0 ** math.floor(math.log10(size))
    return next(m * power for m in _BOUNDS if m * power >= size * (1 - 1e-6))


def ticks(low: float, high: float, parts: int) -> list[float]:
    """Multiples of a round step, `parts` + 1 of them or a few more, from at or below `low` to at or above `high`."""
    step = round_step(high - low, parts)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    return [i * step for i in range(first, max(last, first + 1) + 1)]


def decades(low: float, high: float, most: int) -> list[float]:
    """Ticks of a logarithmic axis over 0 < low <= high: powers of ten, or 1, 2, 5 times these where there is room."""
    bottom, top = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    fine = [m * 10.0**k for k in range(bottom, top + 1) for m in (1.0, 2.0, 5.0)]
    first = max((i for i, t in enumerate(fine) if t <= low * (1 + 1e-9)), default=0)
    last = min((i for i, t in enumerate(fine) if t >= high * (1 - 1e-9)), default=len(fine) - 1)
    fine = fine[first : max(last, first + 1) + 1]
    if len(fine) <= most:
        return fine
    every = max(1, -(-(top - bottom) // max(1, most - 1)))
    count = max(1, -(-(top - bottom) // every))
    return [10.0 ** min(_LARGEST, bottom + i * every) for i in range(count + 1)]


@dataclass(frozen=True)
class Axes:
    """The ranges of a chart in its own units (log10 of the value where logarithmic), and its ticks."""

    across: tuple[float, float]
    upward: tuple[float, float]
    x_ticks: list[float]
    y_ticks: list[float]  # in the units of `upward`
    y_texts: list[str]


def axes_of(
    steps: tuple[float, float],
    values: tuple[float, float],
    columns: int,
    rows: int,
    *,
    logarithmic: bool = False,
    percent: bool = False,
    most: float = math.inf,
) -> Axes:
    """Axes for data from the first to the last of `steps` and of `values`, on so many cells.

    The axis of the steps has some room for those to come, but does not go beyond `most`, where no step follows.
    `values` are in the units of the vertical axis; an accuracy, told in `percent`, does not go beyond 100 %.
    """
    low, high = values
    parts = max(2, rows // 3)
    if logarithmic:
        told = decades(10.0 ** max(-300, low), 10.0 ** min(300, high), parts + 2)
        places = [math.log10(v) for v in told]
        texts = [f"{100 * v:.3g}%" if percent else short(v) for v in told]
    else:
        if high - low <= 1e-9 * max(abs(low), abs(high)):
            pad = 0.05 * abs(high) or 0.5
            low, high = low - (0 if low == 0 else pad), high + pad
        places = ticks(low, high, parts)
        if percent and values[1] <= 1.0 + _ROUNDING and places[-1] > 1.0:
            places = [v for v in places if v < 1 - 1e-9] + [1.0]
        texts = tick_texts(places, percent=percent)
    left = min(0.0, steps[0]) if steps[0] < 0.5 * steps[1] else steps[0]
    right = max(left + 1, steps[1], min(most, left + _grown(steps[1] - left)))
    step = round_step(right - left, max(1, columns // 9), least=1.0)
    first = math.ceil(left / step - 1e-9)
    x_ticks = [i * step for i in range(first, math.floor(right / step + 1e-9) + 1)]
    return Axes((left, right), (places[0], places[-1]), x_ticks, places, texts)


def _grown(span: float) -> float:
    """The least power of `_GROWTH` that is not below a span, as a whole number of steps."""
    if not 1 < span < 1e300:
        return max(1.0, min(span, 1e300))
    return float(math.ceil(_GROWTH ** math.ceil(math.log(span, _GROWTH) - 1e-9)))
