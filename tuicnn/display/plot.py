"""Draws axes, lines, bands, points and marks of a chart on a canvas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.display.axes import Axes
from tuicnn.display.canvas import Canvas
from tuicnn.display.curves import line_dots, point_dots
from tuicnn.display.terminal import Glyphs, Role
from tuicnn.numbers import tick_texts

__all__ = ["Place", "Plot"]

Numbers = NDArray[Any]
#: the share of the values of a column that a band leaves out above and below
TRIMMED = 0.1


@dataclass(frozen=True)
class Place:
    """Where the data lies: the first column, how many columns and rows, and what they stand for."""

    left: int
    columns: int
    rows: int
    axes: Axes

    @property
    def steps_a_column(self) -> float:
        """How many steps one column stands for."""
        return (self.axes.across[1] - self.axes.across[0]) / max(1, self.columns - 1)

    def column(self, step: float) -> int:
        """The column of a step."""
        return self.left + round((step - self.axes.across[0]) / self.steps_a_column)

    def step_at(self, column: int) -> float:
        """The step of a column, within the axis."""
        low, high = self.axes.across
        return min(max(low, low + (column - self.left) * self.steps_a_column), high)


class Plot:
    """See the module; `axis` is the number of lines below the data, 0 to 2. Without a `place` there is no room."""

    def __init__(self, canvas: Canvas, axes: Axes, axis: int, glyphs: Glyphs) -> None:
        self._canvas, self._axes, self._axis, self._glyphs = canvas, axes, axis, glyphs
        gutter = max(map(len, axes.y_texts)) + 1
        self._gutter = gutter if canvas.width >= gutter + 10 else 0
        left = self._gutter + 1 if self._gutter else 0
        columns, rows = canvas.width - left, canvas.height - axis
        self.place = Place(left, columns, rows, axes) if columns > 0 and rows > 0 else None
        self._dots = (2, 4) if glyphs.braille else (1, 2)  # of a cell

    @property
    def _at(self) -> Place:
        assert self.place is not None
        return self.place

    def frame(self) -> None:
        """Both axes with their ticks and numbers."""
        at, canvas, glyphs, gutter = self._at, self._canvas, self._glyphs, self._gutter
        if gutter:
            for y in range(at.rows):
                canvas.write(gutter, y, glyphs.vertical, "faint")
            free = at.rows
            for place, text in zip(self._axes.y_ticks, self._axes.y_texts, strict=True):
                share = (self._axes.upward[1] - place) / (self._axes.upward[1] - self._axes.upward[0])
                y = round(share * (at.rows - 1))
                if y < free and 0 <= y < at.rows:
                    canvas.write(0, y, text.rjust(gutter - 1), "dim")
                    canvas.write(gutter, y, glyphs.tee_left, "faint")
                    free = y
        if self._axis:
            corner = glyphs.bottom_left if gutter else ""
            canvas.write(max(0, at.left - 1), at.rows, corner + glyphs.horizontal * at.columns, "faint")
            self._steps()

    def _steps(self) -> None:
        """The ticks and numbers of the horizontal axis."""
        at, canvas, free = self._at, self._canvas, 0
        for place, text in zip(self._axes.x_ticks, tick_texts(self._axes.x_ticks), strict=True):
            x = at.column(place)
            start = min(max(0, x - (len(text) - 1) // 2), canvas.width - len(text))
            if start < free:
                continue
            canvas.write(x, at.rows, self._glyphs.tee_down, "faint")
            if self._axis > 1:
                canvas.write(start, at.rows + 1, text, "dim")
                free = start + len(text) + 2

    def epochs(self, ends: NDArray[np.float64]) -> None:
        """Light vertical marks, thinned out where they would stand close together."""
        low, high = self._axes.across
        inside = ends[(low < ends) & (ends <= high)]
        every = math.ceil(len(inside) / max(1, self._at.columns // 6))
        for end in inside[every - 1 :: max(1, every)].tolist():
            for y in range(self._at.rows):
                self._canvas.write(self._at.column(end), y, self._glyphs.dotted, "faint")

    def marks(self, marks: Sequence[tuple[float, str]]) -> None:
        """Vertical marks with a letter on the axis."""
        low, high = self._axes.across
        for step, letter in marks:
            if not low <= step <= high:
                continue
            x = self._at.column(step)
            for y in range(self._at.rows):
                self._canvas.write(x, y, self._glyphs.dotted, "warn")
            self._canvas.write(x, self._at.rows if self._axis else self._at.rows - 1, letter, "warn")

    def band(self, x: Numbers, y: Numbers) -> None:
        """The values as a light texture, where most of each column are."""
        at, glyphs, (wide, tall) = self._at, self._glyphs, self._dots
        dots = line_dots(x, y, self._axes.across, self._axes.upward, at.columns * wide, at.rows * tall, TRIMMED)
        mark = "" if glyphs.braille else glyphs.band
        if glyphs.braille:  # half of the dots, so that a line stands out where there are no colours too
            dots[::2, 1::2] = dots[1::2, ::2] = False
        self._canvas.dots(at.left, 0, dots, "dim", glyphs, mark=mark)

    def line(self, x: Numbers, y: Numbers, role: Role, number: int, *, over: bool) -> None:
        """A line; the second one is dashed, the third one dotted. Marks at an edge say that it goes on beyond."""
        at, glyphs, (wide, tall) = self._at, self._glyphs, self._dots
        dots = line_dots(x, y, self._axes.across, self._axes.upward, at.columns * wide, at.rows * tall)
        if number % 3:
            dots[:, np.arange(at.columns * wide) % 4 >= (0, 3, 1)[number % 3]] = False
        mark = glyphs.traces[number % 3] if number % 3 or glyphs.band == "." else ""
        self._canvas.dots(at.left, 0, dots, role, glyphs, mark=mark, over=over)
        if np.count_nonzero(np.isfinite(y)) == 1:  # a single dot would hardly be seen
            self.points(x, y, role, number)
        self._clipped(x, y, role)

    def _clipped(self, x: Numbers, y: Numbers, role: Role) -> None:
        low, high = self._axes.upward
        slack = 1e-9 * (high - low)
        with np.errstate(invalid="ignore"):
            beyond = (
                (y > high + slack, 0, self._glyphs.above),
                (y < low - slack, self._at.rows - 1, self._glyphs.below),
            )
        for which, row, mark in beyond:
            xs, _, _ = point_dots(x[which], y[which], self._axes.across, self._axes.upward, self._at.columns, 2)
            for column in np.unique(xs).tolist():
                self._canvas.write(self._at.left + column, row, mark, role)

    def points(self, x: Numbers, y: Numbers, role: Role, number: int, best: int = -1) -> None:
        """Marks of single values; the best one has its own."""
        at, glyphs = self._at, self._glyphs
        xs, ys, which = point_dots(x, y, self._axes.across, self._axes.upward, at.columns, at.rows)
        mark = glyphs.points[number % len(glyphs.points)]
        for column, row in set(zip(xs.tolist(), ys.tolist(), strict=True)):
            self._canvas.write(at.left + column, row, mark, role)
        for found in np.flatnonzero(which == best).tolist():
            self._canvas.write(at.left + int(xs[found]), int(ys[found]), glyphs.best, "good")
        self._clipped(x, y, role)

    def cursor(self, step: float) -> None:
        """A vertical line where nothing else stands."""
        x = self._at.column(step)
        for y in range(self._at.rows):
            self._canvas.write_under(x, y, self._glyphs.vertical, "strong", over=self._glyphs.dotted)
        if self._axis:
            self._canvas.write(x, self._at.rows, self._glyphs.above, "strong")
