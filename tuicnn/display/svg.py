"""Curves as SVG for a page or a notebook: no script, nothing from elsewhere, legible on a light and on a dark ground.

Text and axes have the colour of the text around them (`currentColor`). The curves have colours that people who are
colour-blind can tell apart: M. Okabe, K. Ito, Color universal design, 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.axes import Axes, axes_of
from tuicnn.display.curves import extent, settled
from tuicnn.numbers import percent as as_percent
from tuicnn.numbers import short, tick_texts

__all__ = ["COLOURS", "Curve", "chart"]

#: of the curves, in their order
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")

# lengths are in pixels
_FONT = 11.0
_CHARACTER = 0.65 * _FONT  # of a proportional face, about
_LINE = 16.0  # from a line of text to the next
_GAP = 5.0  # between text and what it belongs to
_SWATCH = 14.0  # of a curve in the legend
_CELL = (8.0, 14.0)  # what stands for a terminal's cell where axes choose their ticks
_FEW = 40  # points of which each is marked


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through the points `x` (n,), which rise, and `y` (n,); where `y` is not finite there is a gap."""

    name: str
    x: NDArray[Any]
    y: NDArray[Any]


def chart(
    curves: Sequence[Curve], title: str, across: str, *, percent: bool = False, width: int = 360, height: int = 220
) -> str:
    """An `<svg>` element of width x height pixels with curves over common axes.

    `title` says what the curves show, `across` what `x` counts; `percent`: values are shares from 0 to 1. The first
    fall of a long curve is cut off at the top. Where no value is finite, that is said.
    """
    legend, top = _legend(curves, width)
    body = [_text(0, _FONT, title, ' font-weight="bold"'), legend]
    ranges = [extent([np.asarray(c.x, np.float64) for c in curves]), extent([settled(_floats(c.y)) for c in curves])]
    if ranges[0] is None or ranges[1] is None:
        body.append(_text(width / 2, (top + height) / 2, "no values yet", ' text-anchor="middle"'))
    else:
        frame = _Frame.of(ranges[0], ranges[1], top, width, height, percent=percent)
        body += [frame.drawn(across), *(_line(curve, frame, _colour(at)) for at, curve in enumerate(curves))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(_said(curves, title, percent=percent))}" font-family="sans-serif" '
        f'font-size="{_FONT:g}" fill="currentColor" style="max-width:100%">{"".join(body)}</svg>'
    )


@dataclass(frozen=True)
class _Frame:
    """The rectangle that the curves are drawn in, and its axes."""

    left: float
    top: float
    right: float
    bottom: float
    axes: Axes

    @classmethod
    def of(
        cls,
        steps: tuple[float, float],
        values: tuple[float, float],
        top: float,
        width: float,
        height: float,
        *,
        percent: bool,
    ) -> _Frame:
        columns, rows = round(width / _CELL[0]), round((height - top) / _CELL[1])
        axes = axes_of(steps, values, columns, rows, percent=percent, most=steps[1])
        left = _GAP + _CHARACTER * max(map(len, axes.y_texts))
        return cls(left, top + _GAP, width - 3 * _CHARACTER, height - 2 * _LINE, axes)

    def across(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where numbers stand on the horizontal axis."""
        low, high = self.axes.across
        return self.left + (x - low) / (high - low) * (self.right - self.left)

    def down(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where numbers stand on the vertical axis; those beyond it, at its end."""
        low, high = self.axes.upward
        return self.bottom - (np.clip(y, low, high) - low) / (high - low) * (self.bottom - self.top)

    def drawn(self, across: str) -> str:
        """The axes with their ticks and the word for what they count."""
        axes, right, bottom = self.axes, self.right, self.bottom
        rules, texts = [], []
        for y, text in zip(self.down(np.array(axes.y_ticks)), axes.y_texts, strict=True):
            rules.append(f"M{self.left:.1f} {y:.1f}H{right:.1f}")
            texts.append(_text(self.left - _GAP, y + _FONT / 3, text, ' text-anchor="end"'))
        for x, text in zip(self.across(np.array(axes.x_ticks)), tick_texts(axes.x_ticks), strict=True):
            rules.append(f"M{x:.1f} {bottom:.1f}v3")
            texts.append(_text(x, bottom + _LINE - 2, text, ' text-anchor="middle"'))
        texts.append(_text((self.left + right) / 2, bottom + 2 * _LINE - 4, across, ' text-anchor="middle"'))
        return f'<path d="{"".join(rules)}" stroke="currentColor" stroke-opacity=".2" fill="none"/>{"".join(texts)}'


def _line(curve: Curve, frame: _Frame, colour: str) -> str:
    """A curve; each of its points, where they are few or stand alone, is a dot."""
    x, y = _thinned(np.asarray(curve.x, np.float64), _floats(curve.y), round(frame.right - frame.left))
    known = np.isfinite(y)
    across, down = frame.across(x), frame.down(np.where(known, y, 0.0))
    begins = known & ~np.concatenate([[False], known[:-1]])
    alone = begins & ~np.concatenate([known[1:], [False]])
    path = "".join(
        f"{'M' if begin else 'L'}{a:.1f} {d:.1f}"
        for a, d, begin in zip(across[known], down[known], begins[known], strict=True)
    )
    dotted = known if known.sum() <= _FEW else alone
    dots = "".join(f"M{a:.1f} {d:.1f}h0" for a, d in zip(across[dotted], down[dotted], strict=True))
    stroke = f'fill="none" stroke="{colour}" stroke-linejoin="round" stroke-linecap="round"'
    return f'<path d="{path}" {stroke} stroke-width="1.6"/>' + (
        f'<path d="{dots}" {stroke} stroke-width="4.5"/>' if dots else ""
    )


def _thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of more points than four a column, the first with the least and the first with the largest `y` of each column."""
    if len(x) <= 4 * columns:
        return x, y
    each = -(-len(x) // columns)
    filled = np.full(-(-len(x) // each) * each, np.nan)
    filled[: len(y)] = np.where(np.isfinite(y), y, np.nan)
    rows = filled.reshape(-1, each)
    unknown = np.isnan(rows)
    ends = [np.where(unknown, np.inf, rows).argmin(axis=1), np.where(unknown, -np.inf, rows).argmax(axis=1)]
    kept = np.unique(np.arange(len(rows)) * each + np.array(ends))
    return x[kept], y[kept]


def _legend(curves: Sequence[Curve], width: float) -> tuple[str, float]:
    """The names of the curves under the title, in as many lines as they need; and where these end."""
    if len(curves) < 2:
        return "", _LINE
    parts, left, top = [], 0.0, _LINE
    for place, curve in enumerate(curves):
        wide = _SWATCH + _GAP + _CHARACTER * len(curve.name) + 2 * _GAP
        if left and left + wide > width:
            left, top = 0.0, top + _LINE
        swatch = f'<path d="M{left:.1f} {top + _LINE / 2:.1f}h{_SWATCH:g}" stroke="{_colour(place)}" stroke-width="3"/>'
        parts.append(swatch + _text(left + _SWATCH + _GAP, top + _LINE / 2 + _FONT / 3, curve.name))
        left += wide
    return "".join(parts), top + _LINE


def _said(curves: Sequence[Curve], title: str, *, percent: bool) -> str:
    """What the chart tells somebody who does not see it: the last value of each curve."""
    ends = []
    for curve in curves:
        known = _floats(curve.y)[np.isfinite(_floats(curve.y))]
        if len(known):
            last = as_percent(float(known[-1]), 2) if percent else short(float(known[-1]))
            ends.append(f"{curve.name} {last}")
    return title + (f": {', '.join(ends)} at the end" if ends else "")


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)
