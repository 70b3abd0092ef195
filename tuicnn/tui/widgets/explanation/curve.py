"""A function of one number, with the number on it."""

from __future__ import annotations

import math

import numpy as np

from tuicnn.display.canvas import Canvas
from tuicnn.display.curves import line_dots
from tuicnn.specimen.explanation import Explanation
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, said, stacked
from tuicnn.tui.widgets.explanation.figures import figure

__all__ = ["curve"]

_LEAST, _WIDEST, _HIGHEST = 24, 44, 14  # columns, columns, rows
_REACH = 4.0  # how far from 0 the function is drawn at least


def curve(pen: Pen, explanation: Explanation, width: int, height: int) -> Block:
    """The function around 0 and the number; nothing where there is none, or no room."""
    function, glyphs = explanation.function, pen.terminal.glyphs
    width, rows = min(width, _WIDEST), min(height - 1, _HIGHEST)
    if function is None or width < _LEAST or rows < 4 or not math.isfinite(explanation.value):
        return Block()
    x, y = explanation.parts[0].value, explanation.value
    reach = max(_REACH, 1.25 * abs(x))
    across = np.linspace(-reach, reach, 2 * width)
    heights = function(across)
    low, high = min(0.0, float(heights.min()), y), max(float(heights.max()), y)
    if not low < high < math.inf:
        return Block()
    margin = 0.05 * (high - low)
    low, high = low - margin, high + margin
    canvas = Canvas(width, rows)

    def row(value: float) -> int:
        return round((high - value) / (high - low) * (rows - 1))

    canvas.write(0, row(0.0), glyphs.horizontal * width, "faint")
    for line in range(rows):
        canvas.write(width // 2, line, glyphs.vertical, "faint")
    wide, tall = (2, 4) if glyphs.braille else (1, 2)
    dots = line_dots(across, heights, (-reach, reach), (low, high), wide * width, tall * rows)
    canvas.dots(0, 0, dots, "dim", glyphs)
    canvas.write(round((x + reach) / (2 * reach) * (width - 1)), row(y), glyphs.points[0], "strong")
    drawn = Block()
    for cells in canvas.lines(pen.style, pen.base):
        drawn.add(Line(pen).drawn(cells))
    title = f"{explanation.combine}: {figure(x)} {glyphs.arrow} {figure(y)}"
    return stacked(said(pen, (title, "dim")), drawn)
