"""What a run's journal tells, as a screen shows it: overview, progress, and the history of loss and accuracy."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.limits import EPOCHS
from tuicnn.runs.journal import events_in
from tuicnn.system.files import why
from tuicnn.system.regular_files import open_regular
from tuicnn.training.epochs import Epochs
from tuicnn.training.events import (
    Diverged,
    End,
    Epoch,
    Event,
    Overview,
    Paused,
    RateChanged,
    Resumed,
    Start,
    State,
    Step,
    Unpaused,
    WeightsRestored,
)
from tuicnn.training.marks import mark_of, with_mark
from tuicnn.training.meter import HistoryRecorder, MovingAverage
from tuicnn.training.progress import NAN, History, Progress

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder

__all__ = ["Record", "history_of", "read_record"]

REPORT_EVERY = 1 << 20  # bytes of a journal
MOST_MISSING = 10_000_000  # steps; a larger gap is a damaged number


@dataclass(frozen=True)
class Record:
    """A run by its journal, at the moment when that was read.

    `overview` is None where the journal has no beginning. The state of `progress` is LOST where there is no end and no
    process. `rate_told` is a learning rate that the journal tells, and the steps done then; None where none is told.
    """

    overview: Overview | None
    start: Start | None  # how it began, or went on last: when, on which machine, with which versions
    progress: Progress
    rate_told: tuple[int, float] | None
    damaged: int  # lines that cannot be read
    _recorder: HistoryRecorder

    def history(self, since_step: int, since_epoch: int) -> History:
        """Losses, accuracies and marks since a step, epochs since an epoch."""
        return self._recorder.since(since_step, since_epoch)


def history_of(folder: RunFolder) -> History:
    """All of a run's history, of one that trains as far as it is written. Raises `UserError`.

    A step that is missing is NaN. Steps beyond the run's end are damaged numbers, and left out.
    """
    return read_record(folder).history(0, 0)


def read_record(folder: RunFolder, report: Callable[[float], object] = lambda share: None) -> Record:
    """Read a run's journal; `report` is told the share that is read, 0 to 1. Raises `UserError`."""
    alive = folder.alive  # before the journal is read: a run that ends in between is not taken for a lost one
    reader = _Reader()
    try:
        with os.fdopen(open_regular(folder.journal), "rb") as file:
            size, due = os.fstat(file.fileno()).st_size, REPORT_EVERY
            for place, event in events_in(file):
                reader.take(event)
                if place >= due:
                    report(min(1.0, place / max(1, size)))
                    due = place + REPORT_EVERY
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UserError(f"{folder.journal} cannot be read: {why(error)}.") from error
    return reader.record(folder, alive)


class _Reader:
    """Takes the events of a journal in order."""

    def __init__(self) -> None:
        self._start: Start | None = None
        self._end: End | None = None
        self._paused = False
        self._damaged = 0
        self._rate: tuple[int, float] | None = None
        self._epochs: dict[int, Epoch] = {}
        self._recorder = HistoryRecorder()
        self._loss, self._accuracy = MovingAverage(), MovingAverage()
        self._ahead: Step | None = None  # a step behind a gap: steps were lost, or its number is damaged

    def take(self, event: Event | None) -> None:
        if event is not None and (mark := mark_of(event)) is not None:
            self._recorder.marks = with_mark(self._recorder.marks, mark)
        match event:
            case None:
                self._damaged += 1
            case Step():
                self._step(event)
            case Epoch() if event.epoch <= EPOCHS.most:
                self._epochs[event.epoch] = event
            case Start():
                self._begin(event)
            case Paused() | Unpaused():
                self._paused = isinstance(event, Paused)
            case RateChanged() | Diverged():
                self._tell_rate(event.step, event.learning_rate)
            case WeightsRestored():  # the means of other weights say nothing of these
                self._loss, self._accuracy = MovingAverage(), MovingAverage()
            case End() if event.state.final:
                self._end = event

    def _begin(self, event: Start) -> None:
        self._end, self._paused = None, False
        if event.complete:
            self._start = event
        if isinstance(event, Resumed):
            self._tell_rate(event.step, event.learning_rate)

    def _tell_rate(self, step: int, rate: float) -> None:
        if math.isfinite(rate):
            self._rate = step, rate

    def _step(self, event: Step) -> None:
        expected = self._recorder.steps + 1
        if event.step > expected + MOST_MISSING:
            return
        if event.step > expected:
            if self._ahead is None or event.step != self._ahead.step + 1:
                self._ahead = event
                return
            for _ in range(expected, self._ahead.step):
                self._recorder.add(NAN, NAN)
            self._add(self._ahead)
        elif event.step < expected:
            return
        self._ahead = None
        self._add(event)

    def _add(self, event: Step) -> None:
        self._recorder.add(event.loss, event.accuracy)
        if not math.isnan(event.loss):
            self._loss.add(event.loss)
            self._accuracy.add(event.accuracy)

    def record(self, folder: RunFolder, alive: bool) -> Record:
        """All that was taken."""
        last = max(self._epochs, default=0)
        epochs = [self._epochs.get(number, Epoch(number)) for number in range(1, last + 1)]
        self._recorder.epochs = Epochs(epochs)
        overview = None
        if self._start is not None:
            known = {field.name: getattr(self._start, field.name) for field in dataclasses.fields(Overview)}
            overview = Overview(**{**known, "run": str(folder.path)})
        progress = self._progress(folder, alive, epochs)
        return Record(overview, self._start, progress, self._rate, self._damaged, self._recorder)

    def _progress(self, folder: RunFolder, alive: bool, epochs: list[Epoch]) -> Progress:
        end, start = self._end, self._start
        newest, best = (epochs[-1] if epochs else Epoch(0)), _best(epochs)
        if end is not None:
            state = end.state
        elif alive:
            state = State.PAUSED if self._paused else State.TRAINING
        else:
            state = State.LOST
        seconds = sum(start.train_images / epoch.images_per_second for epoch in epochs) if start is not None else 0.0
        return Progress(
            state=state,
            message=end.message if end is not None else "",
            epoch=newest.epoch,
            step=self._recorder.steps,
            steps=start.steps if start is not None else 0,
            seconds=end.seconds if end is not None and end.seconds is not None else seconds,
            eta=0.0,
            images_per_second=newest.images_per_second,
            train_loss=self._loss.value,
            train_accuracy=self._accuracy.value,
            val_loss=newest.val_loss,
            val_accuracy=newest.val_accuracy,
            best_val_accuracy=best.val_accuracy,
            best_epoch=best.epoch,
            test_loss=end.test_loss if end is not None and end.test_loss is not None else NAN,
            test_accuracy=end.test_accuracy if end is not None and end.test_accuracy is not None else NAN,
            saved=next(iter(folder.checkpoints.steps()), 0),
            trouble=(end and end.trouble) or "",
        )


def _best(epochs: list[Epoch]) -> Epoch:
    """The first one with the best validation."""
    best = Epoch(0)
    for epoch in epochs:
        if epoch.better_than(best):
            best = epoch
    return best
