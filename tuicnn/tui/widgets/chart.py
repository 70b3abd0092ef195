"""Curves over the steps of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from textual.strip import Strip

from tuicnn.display.axes import Axes, axes_of
from tuicnn.display.curves import extent, line_dots, point_dots, settled, smoothed
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import percent, significant, tick_texts
from tuicnn.tui.canvas import Canvas
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["Chart", "Series"]


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers `y` at steps `x` (both of shape (n,), x rising); NaN leaves a gap. Lines are smoothed, points are not."""

    name: str
    x: NDArray[Any]
    y: NDArray[Any]
    kind: Literal["line", "points"] = "line"
    role: Role = "accent"
    number: float | None = None  # stands in the legend in the place of the last value


class Chart(LineWidget):
    """Series over the steps, with axes, a legend with each one's last value, and marks at the ends of epochs.

    Lines differ in their pattern and points in their mark, not in their colours alone.
    """

    def __init__(
        self,
        terminal: TerminalProfile,
        title: str,
        *,
        percent: bool = False,
        smoothing: float = 0.9,
        logarithmic: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id)
        self._title = title
        self.percent = percent
        self._smoothing = smoothing
        self._logarithmic = logarithmic
        self._series: tuple[Series, ...] = ()
        self._drawn: list[NDArray[np.float64]] = []  # what is drawn of each series: smoothed, or as it is
        self._marks: NDArray[np.float64] = np.empty(0)

    @property
    def smoothing(self) -> float:
        """The weight of the past in the exponential mean of a line, 0 (none) to below 1."""
        return self._smoothing

    @smoothing.setter
    def smoothing(self, amount: float) -> None:
        self._smoothing = min(0.999, max(0.0, amount))
        self._prepare()

    @property
    def logarithmic(self) -> bool:
        """Whether the vertical axis is logarithmic."""
        return self._logarithmic

    @logarithmic.setter
    def logarithmic(self, on: bool) -> None:
        self._logarithmic = on
        self._prepare()

    def show(self, series: Sequence[Series], marks: ArrayLike = ()) -> None:
        """Show series, and light vertical marks at the steps `marks`."""
        self._series, self._marks = tuple(series), np.asarray(marks, np.float64)
        self._prepare()

    def _prepare(self) -> None:
        self._drawn = [smoothed(s.y, self._smoothing if s.kind == "line" else 0.0) for s in self._series]
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The legend, and below it the axes with the series."""
        if width < 1 or height < 1:
            return []
        head = [self._legend(width)] if height > 1 else []
        axis = min(2, max(0, height - len(head) - 2))
        canvas = Canvas(width, height - len(head))
        axes = self._axes(width, canvas.height - axis)
        if axes is None:
            some = any(np.isfinite(y).any() for y in self._drawn)
            why = "nothing above zero to show on a logarithmic scale" if some else "no steps yet"
            canvas.write(max(0, (width - len(why)) // 2), (canvas.height - 1) // 2, why, "dim")
        else:
            self._plot(canvas, axes, axis)
        return head + canvas.strips(self.style, self.base)

    def _values(self) -> list[NDArray[np.float64]]:
        """What is drawn, in the units of the vertical axis."""
        if not self._logarithmic:
            return self._drawn
        return [np.log10(np.where(y > 0, y, np.nan)) for y in self._drawn]

    def _extent(self) -> tuple[float, float] | None:
        """The range of the vertical axis. What lies outside of it is drawn at its edge."""
        if self._logarithmic:  # which has room for the first steps too
            return extent(self._values())
        shown = [settled(y) if s.kind == "line" else y for s, y in zip(self._series, self._drawn, strict=True)]
        return extent(shown) or extent(self._drawn)

    def _axes(self, width: int, rows: int) -> Axes | None:
        spans = self._extent()
        steps = extent(
            [
                np.where(np.isfinite(y), np.clip(np.asarray(s.x, dtype=np.float64), -1e15, 1e15), np.nan)
                for s, y in zip(self._series, self._values(), strict=True)
            ]
        )
        if spans is None or steps is None:
            return None
        return axes_of(steps, spans, width, rows, logarithmic=self._logarithmic, percent=self.percent)

    def _plot(self, canvas: Canvas, axes: Axes, axis: int) -> None:
        """Draw the axes and the series; `axis` is the number of lines below the data, 0 to 2."""
        glyphs = self.terminal.glyphs
        gutter = max(map(len, axes.y_texts)) + 1
        if canvas.width < gutter + 10:
            gutter = 0
        left = gutter + 1 if gutter else 0
        columns, rows = canvas.width - left, canvas.height - axis
        if columns < 1 or rows < 1:
            return
        if gutter:
            for y in range(rows):
                canvas.write(gutter, y, glyphs.vertical, "faint")
            free = rows
            for place, text in zip(axes.y_ticks, axes.y_texts, strict=True):
                share = (axes.upward[1] - place) / (axes.upward[1] - axes.upward[0])
                y = round(share * (rows - 1))
                if y < free and 0 <= y < rows:
                    canvas.write(0, y, text.rjust(gutter - 1), "dim")
                    canvas.write(gutter, y, glyphs.tee_left, "faint")
                    free = y
        if axis:
            canvas.write(
                max(0, left - 1), rows, (glyphs.bottom_left if gutter else "") + glyphs.horizontal * columns, "faint"
            )
            self._steps(canvas, axes, left, columns, rows, labels=axis > 1)
        self._draw_marks(canvas, axes, left, columns, rows)
        wide, tall = (2, 4) if glyphs.braille else (1, 2)
        values = self._values()
        for kind in ("line", "points"):
            chosen = [(s, y) for s, y in zip(self._series, values, strict=True) if s.kind == kind]
            for number, (series, numbers) in enumerate(chosen):
                if kind == "line":
                    dots = line_dots(series.x, numbers, axes.across, axes.upward, columns * wide, rows * tall)
                    if number % 3:  # the second line is dashed, the third one dotted
                        dots[:, np.arange(columns * wide) % 4 >= (0, 3, 1)[number % 3]] = False
                    canvas.dots(
                        left, 0, dots, series.role, glyphs, mark=glyphs.traces[number % 3] if number % 3 else ""
                    )
                else:
                    xs, ys, _ = point_dots(series.x, numbers, axes.across, axes.upward, columns, rows)
                    mark = glyphs.points[number % len(glyphs.points)]
                    for column, row in set(zip(xs.tolist(), ys.tolist(), strict=True)):
                        canvas.write(left + column, row, mark, series.role)

    def _steps(self, canvas: Canvas, axes: Axes, left: int, columns: int, rows: int, *, labels: bool) -> None:
        """The ticks and numbers of the horizontal axis, which is line `rows`."""
        free = 0
        for place, text in zip(axes.x_ticks, tick_texts(axes.x_ticks), strict=True):
            x = left + round((place - axes.across[0]) / (axes.across[1] - axes.across[0]) * (columns - 1))
            start = min(max(0, x - (len(text) - 1) // 2), canvas.width - len(text))
            if start < free:
                continue
            canvas.write(x, rows, self.terminal.glyphs.tee_down, "faint")
            if labels:
                canvas.write(start, rows + 1, text, "dim")
                free = start + len(text) + 2

    def _draw_marks(self, canvas: Canvas, axes: Axes, left: int, columns: int, rows: int) -> None:
        """The marks, thinned out where they would stand close together."""
        low, high = axes.across
        inside = self._marks[(low < self._marks) & (self._marks <= high)]
        every = math.ceil(len(inside) / max(1, columns // 6))
        for mark in inside[every - 1 :: max(1, every)].tolist():
            x = left + round((mark - low) / (high - low) * (columns - 1))
            for y in range(rows):
                canvas.write(x, y, self.terminal.glyphs.dotted, "faint")

    def _legend(self, width: int) -> Strip:
        """The title, and each series' mark, name and last value; names are cut or left out where there is no room."""
        title = self._title + (" (log)" if self._logarithmic else "")
        parts: list[Part] = []
        for letters in (60, 5, 0):
            parts = [(title, "strong")]
            counts = {"line": 0, "points": 0}
            for series, y in zip(self._series, self._drawn, strict=True):
                marks = self.terminal.glyphs.traces if series.kind == "line" else self.terminal.glyphs.points
                mark = marks[counts[series.kind] % len(marks)]
                counts[series.kind] += 1
                known = y[np.isfinite(y)] if series.number is None else np.array([series.number])
                name = f" {series.name[:letters]}" if letters else ""
                parts += [(f"  {mark}", series.role), (f"{name} ", "dim"), (self._last(known), "text")]
            if sum(len(text) for text, _ in parts) <= width:
                break
        return self.line(parts, width)

    def _last(self, known: NDArray[np.float64]) -> str:
        if not known.size or np.isnan(known[-1]):
            return self.terminal.glyphs.dash
        return percent(float(known[-1])) if self.percent else significant(float(known[-1]))
