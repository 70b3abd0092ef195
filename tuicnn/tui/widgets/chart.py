"""Curves over the steps of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.axes import Axes, axes_of
from tuicnn.display.canvas import Canvas
from tuicnn.display.curves import extent, settled, smoothed
from tuicnn.display.plot import Place, Plot
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.numbers import percent, significant
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["Chart", "ChartMark", "Series"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers `y` at steps `x` (both of shape (n,), x rising); NaN leaves a gap. Lines are smoothed, points are not.

    A line has its own values as a `band` behind it, where it is smoothed. `best` is the index of the best point.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[Any]
    kind: Literal["line", "points"] = "line"
    role: Role = "accent"
    number: float | None = None  # stands in the legend in the place of the last value
    band: bool = True
    best: int = -1


@dataclass(frozen=True)
class ChartMark:
    """Something happened at a step: a letter on the axis, and the words that the cursor reads there."""

    step: float
    letter: str
    text: str


@dataclass
class _Known:
    """A series as it is drawn: smoothed, or as it is, in the units of the vertical axis too."""

    series: Series
    values: Floats
    units: Floats
    raw: Floats = field(default_factory=lambda: np.empty(0))  # of the band, in the units of the axis


class Chart(LineWidget):
    """Series over the steps, with axes, a legend with each one's last value, and marks at the ends of epochs.

    Lines differ in their pattern and points in their mark, not in their colours alone. A cursor reads the values at a
    step; a click or a drag sets it.
    """

    class Pointed(Message):
        """A step was pointed at with the mouse."""

        def __init__(self, step: float) -> None:
            super().__init__()
            self.step = step

    def __init__(
        self,
        terminal: TerminalProfile,
        title: str,
        *,
        percent: bool = False,
        smoothing: float = 0.9,
        logarithmic: bool = False,
        nothing: str = "no steps yet",
        id: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id)
        self._title = title
        self._nothing = nothing
        self.percent = percent
        self._smoothing = smoothing
        self._logarithmic = logarithmic
        self._series: tuple[Series, ...] = ()
        self._known: list[_Known] = []
        self._epochs: Floats = np.empty(0)
        self._marks: tuple[ChartMark, ...] = ()
        self._most = math.inf
        self._cursor: float | None = None
        self._place: Place | None = None  # where the data was drawn
        self._plotted: tuple[tuple[int, int, Style], list[Strip]] | None = None  # the lines below the legend

    def rename(self, title: str, *, percent: bool) -> None:
        """Be about another quantity from the next `show` on."""
        self._title, self.percent = title, percent

    @property
    def smoothing(self) -> float:
        """The weight of the past in the exponential mean of a line over single steps, 0 (none) to below 1."""
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

    @property
    def cursor(self) -> float | None:
        """The step that is read; None for the last values."""
        return self._cursor

    @cursor.setter
    def cursor(self, step: float | None) -> None:
        if step != self._cursor:
            self._cursor, self._plotted = step, None
            self.repaint()

    def show(
        self,
        series: Sequence[Series],
        epochs: ArrayLike = (),
        marks: Sequence[ChartMark] = (),
        most: float = math.inf,
    ) -> None:
        """Show series, light vertical marks at the ends of `epochs`, and `marks`; no step comes after `most`."""
        self._series, self._epochs = tuple(series), np.asarray(epochs, np.float64)
        self._marks, self._most = tuple(marks), most
        self._prepare()

    def renumber(self, number: float) -> None:
        """Let the legend tell another number of the first series; the curves stay as they are."""
        if self._known and self._known[0].series.number is not None:
            self._known[0].series = replace(self._known[0].series, number=number)
            self.repaint()

    def beside(self, columns: int) -> float | None:
        """The step so many columns beside the cursor, or, where there is none yet, the last step; None without data."""
        if self._place is None:
            return None
        low, high = extent([np.asarray(s.x, np.float64) for s in self._series]) or self._place.axes.across
        if self._cursor is None:
            return high
        return min(max(low, self._cursor + columns * self._place.steps_a_column), high)

    def _prepare(self) -> None:
        self._known, self._plotted = [], None
        for series in self._series:
            y = np.asarray(series.y, np.float64)
            stride = float(series.x[1] - series.x[0]) if len(series.x) > 1 else 1.0
            weight = self._smoothing ** max(1.0, stride) if series.kind == "line" else 0.0
            values = smoothed(y, weight)
            raw = self._units(y) if weight and series.band else np.empty(0)
            self._known.append(_Known(series, values, self._units(values), raw))
        self.repaint()

    def _units(self, y: Floats) -> Floats:
        """Values in the units of the vertical axis."""
        return np.log10(np.where(y > 0, y, np.nan)) if self._logarithmic else y

    # -- the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Point at a step, and follow the mouse."""
        self.capture_mouse()
        self._point(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while its button is down."""
        if self.app.mouse_captured is self:
            self._point(event.x)

    def on_mouse_up(self, _: events.MouseUp) -> None:
        """Follow no more."""
        self.release_mouse()

    def _point(self, x: int) -> None:
        if self._place is not None:
            self.post_message(self.Pointed(self._place.step_at(x)))

    # -- the lines

    def paint(self, width: int, height: int) -> list[Strip]:
        """The legend, and below it the axes with the series."""
        if width < 1 or height < 1:
            self._place = self._plotted = None
            return []
        head = [self._legend(width)] if height > 1 else []
        of = width, height - len(head), self.base
        if self._plotted is None or self._plotted[0] != of:
            self._plotted = of, self._curves(width, height - len(head))
        return head + self._plotted[1]

    def _curves(self, width: int, height: int) -> list[Strip]:
        """The axes with the series."""
        self._place = None
        axis = min(2, max(0, height - 2))
        canvas = Canvas(width, height)
        axes = self._axes(width, canvas.height - axis)
        if axes is None:
            some = any(np.isfinite(known.values).any() for known in self._known)
            why = "nothing above zero to show on a logarithmic scale" if some else self._nothing
            canvas.write(max(0, (width - len(why)) // 2), (canvas.height - 1) // 2, why, "dim")
        else:
            self._place = self._plot(Plot(canvas, axes, axis, self.terminal.glyphs))
        return [Strip(line, width) for line in canvas.lines(self.style, self.base)]

    def _extent(self) -> tuple[float, float] | None:
        """The range of the vertical axis. What lies outside of it is drawn at its edge."""
        if self._logarithmic:  # which has room for the first steps too
            return extent([known.units for known in self._known])
        shown = [settled(known.values) if known.series.kind == "line" else known.values for known in self._known]
        return extent(shown) or extent([known.values for known in self._known])

    def _axes(self, width: int, rows: int) -> Axes | None:
        spans = self._extent()
        steps = extent(
            [
                np.where(np.isfinite(known.units), np.clip(np.asarray(known.series.x, np.float64), -1e15, 1e15), np.nan)
                for known in self._known
            ]
        )
        if spans is None or steps is None:
            return None
        return axes_of(steps, spans, width, rows, logarithmic=self._logarithmic, percent=self.percent, most=self._most)

    def _plot(self, plot: Plot) -> Place | None:
        """Draw everything, what matters most last."""
        if plot.place is None:
            return None
        plot.frame()
        plot.epochs(self._epochs)
        lines = [known for known in self._known if known.series.kind == "line"]
        for known in lines:
            if known.raw.size:
                plot.band(known.series.x, known.raw)
        plot.marks([(mark.step, mark.letter) for mark in self._marks])
        for number, known in reversed(list(enumerate(lines))):  # the first one over the others
            plot.line(known.series.x, known.units, known.series.role, number, over=number == 0)
        points = [known for known in self._known if known.series.kind == "points"]
        for number, known in enumerate(points):
            plot.points(known.series.x, known.units, known.series.role, number, known.series.best)
        if self._cursor is not None:
            plot.cursor(self._cursor)
        return plot.place

    # -- the legend

    def _legend(self, width: int) -> Strip:
        """The title, and each series' mark, name and value; names are cut or left out where there is no room."""
        title = self._title + (" (log)" if self._logarithmic else "")
        said = self._at_cursor()
        parts: list[Part] = []
        # `train` and `valid` are understood; the name of another run is cut only after them
        for own, others, told in ((60, 60, None), (60, 60, 1), (5, 60, 1), (5, 5, 1), (0, 0, 1), (0, 0, 0)):
            more = said[:told]
            parts = [(title, "strong"), *((f"  {text}", "accent") for text in more)]
            counts = {"line": 0, "points": 0}
            for known in self._known:
                series = known.series
                marks = self.terminal.glyphs.traces if series.kind == "line" else self.terminal.glyphs.points
                mark = marks[counts[series.kind] % len(marks)]
                counts[series.kind] += 1
                letters = own if series.band else others
                name = f" {series.name[:letters]}" if letters else ""
                parts += [(f"  {mark}", series.role), (f"{name} ", "dim"), (self._value(known), "text")]
            if sum(len(text) for text, _ in parts) <= width:
                break
        return self.line(parts, width)

    def _at_cursor(self) -> list[str]:
        """The step of the cursor, and what happened there."""
        step = self._cursor
        if step is None:
            return []
        near = self._place.steps_a_column / 2 if self._place is not None else 0.5
        found = [mark.text for mark in self._marks if abs(mark.step - step) <= near]
        epoch = int(np.searchsorted(self._epochs, step)) + 1
        raw = [
            f"raw {self._told(float(known.series.y[at]))}"
            for known in self._known
            if known.raw.size and (at := _index(known.series.x, step)) >= 0
        ]
        return [f"step {step:,.0f}", f"epoch {epoch}", *raw[:1], *found[-1:]]

    def _value(self, known: _Known) -> str:
        """The value at the cursor: of points the one of the epoch before; without a cursor the last one."""
        series, y = known.series, known.values
        if self._cursor is not None:
            at = _index(series.x, self._cursor, before=series.kind == "points")
            return self._told(float(y[at])) if at >= 0 else self.terminal.glyphs.dash
        last = y[np.isfinite(y)] if series.number is None else np.array([series.number])
        return self._told(float(last[-1])) if last.size else self.terminal.glyphs.dash

    def _told(self, value: float) -> str:
        if math.isnan(value):
            return self.terminal.glyphs.dash
        return percent(value) if self.percent else significant(value)


def _index(x: NDArray[Any], step: float, *, before: bool = False) -> int:
    """The index of the value nearest to a step, or of the last one not after it; -1 where there is none."""
    if not len(x):
        return -1
    at = int(np.searchsorted(x, step, side="right")) - 1
    if before:
        return at
    return min(range(max(0, at), min(at + 2, len(x))), key=lambda i: abs(float(x[i]) - step))
