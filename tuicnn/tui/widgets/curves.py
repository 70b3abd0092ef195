"""Loss and accuracy of a run over its steps, with a former run's behind them, and one cursor for both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.app import ComposeResult

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.training.progress import History
from tuicnn.tui.widgets.boxes import Box
from tuicnn.tui.widgets.chart import Chart, ChartMark, Series
from tuicnn.worker.snapshot import Snapshot

__all__ = ["Curves", "Ghost"]

LONG = 100  # points from which on the curves change little from one moment to the next
PERIOD = 0.9  # seconds that long curves stand still; their numbers do not
SMOOTHINGS = (0.98, 0.9, 0.0)  # the first is that of the numbers above the charts
#: the letters on the axis, by the kind of a mark
LETTERS = {"rate": "r", "paused": "p", "pace": "s", "diverged": "x"}


@dataclass(frozen=True, eq=False)
class Ghost:
    """A former run, whose curves are drawn behind those of this one."""

    name: str
    history: History


class Curves(Box):
    """Two charts, beside each other or, by the style sheet, one over the other."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.terminal = terminal
        self._smoothing = 0
        self._drawn: tuple[object, ...] = ()  # what was drawn
        self._drawn_at = 0.0  # and when, by `monotonic`
        self._steps = np.arange(1, 1025, dtype=np.float32)

    def compose(self) -> ComposeResult:
        """The charts."""
        yield Chart(self.terminal, "loss", smoothing=SMOOTHINGS[0], id="loss")
        yield Chart(self.terminal, "accuracy", percent=True, smoothing=SMOOTHINGS[0], id="accuracy")

    @property
    def _charts(self) -> tuple[Chart, Chart]:
        return self.query_one("#loss", Chart), self.query_one("#accuracy", Chart)

    # -- what is drawn

    def forget(self) -> None:
        """Draw anew at the next `show`, whatever was drawn."""
        self._drawn = ()

    def show(self, snapshot: Snapshot, ghost: Ghost | None) -> None:
        """Draw the curves of a moment, with the numbers of that moment at their ends."""
        progress, epochs = snapshot.progress, snapshot.epochs
        # where the target is the image there is no accuracy: the loss has all the room
        self.query_one("#accuracy").display = snapshot.overview is None or snapshot.overview.target == "class"
        numbers = progress.train_loss, progress.train_accuracy
        over = progress.state.final or bool(snapshot.gone)
        about = len(epochs), snapshot.marks, ghost, over
        now = len(snapshot.losses), *(-1.0 if math.isnan(number) else number for number in numbers)
        if (about, now) == self._drawn:
            return
        if len(snapshot.losses) >= LONG and self._drawn[:1] == (about,) and monotonic() - self._drawn_at < PERIOD:
            for chart, number in zip(self._charts, numbers, strict=True):
                chart.renumber(number)
            return
        self._drawn, self._drawn_at = (about, now), monotonic()
        ends = epochs.column("step").astype(np.float64)
        marks = [ChartMark(mark.step, LETTERS[mark.kind], mark.text) for mark in snapshot.marks]
        steps = self._steps_of(len(snapshot.losses), snapshot.stride)
        planned = snapshot.overview.steps if snapshot.overview is not None and snapshot.begun else 0
        most = math.inf if not planned else float(progress.step if over else planned)
        for chart, name, y, number in zip(
            self._charts, ("loss", "accuracy"), (snapshot.losses, snapshot.accuracies), numbers, strict=True
        ):
            validation = epochs.column(f"val_{name}").astype(np.float64)
            series = [
                Series(self._training, steps, y, number=number if self._smoothing == 0 else None),
                Series("validation", ends, validation, "points", "second", best=progress.best_epoch - 1),
            ]
            if ghost is not None:
                series.append(self._ghost(ghost, name))
                most = max(most, float(series[-1].x[-1])) if len(series[-1].x) else most
            chart.show(series, ends, marks, most)

    @property
    def _training(self) -> str:
        """What the training line is called: where it is smoothed otherwise than the numbers, that is said."""
        weight = SMOOTHINGS[self._smoothing]
        return "training" if self._smoothing == 0 else f"by {_steps(weight)} steps" if weight else "each step"

    def _ghost(self, ghost: Ghost, name: str) -> Series:
        history = ghost.history
        y = history.losses if name == "loss" else history.accuracies
        shown = displayable(ghost.name, self.terminal)
        return Series(shown, self._steps_of(len(y), history.stride), y, role="dim", band=False)

    def _steps_of(self, count: int, stride: int) -> NDArray[np.float32]:
        while len(self._steps) < count:
            self._steps = np.arange(1, 2 * len(self._steps) + 1, dtype=np.float32)
        return self._steps[:count] * stride

    # -- how it is drawn

    def toggle_logarithmic(self) -> str:
        """Draw the loss on a logarithmic scale, or not; says what it is now."""
        chart = self._charts[0]
        chart.logarithmic = not chart.logarithmic
        return f"loss on a {'logarithmic' if chart.logarithmic else 'linear'} scale"

    def next_smoothing(self) -> str:
        """Smooth less, or again as at first; says how it is now."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHINGS)
        weight = SMOOTHINGS[self._smoothing]
        for chart in self._charts:
            chart.smoothing = weight
        self.forget()
        return f"curves smoothed over about {_steps(weight)} steps" if weight else "curves not smoothed"

    # -- the cursor

    @property
    def cursor(self) -> float | None:
        """The step that is read in both charts; None for the last values."""
        return self._charts[0].cursor

    def point(self, step: float | None) -> None:
        """Set the cursor, or take it away."""
        for chart in self._charts:
            chart.cursor = step
        self.screen.refresh_bindings()

    def move(self, columns: int) -> None:
        """Move the cursor by so many columns."""
        self.point(self._charts[0].beside(columns))

    @on(Chart.Pointed)
    def _on_pointed(self, message: Chart.Pointed) -> None:
        message.stop()
        self.point(message.step)


def _steps(weight: float) -> int:
    """Over about how many steps a weight of the past smooths."""
    return round(1 / (1 - weight))
