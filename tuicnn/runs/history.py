"""The course of a run as its journal has it, with no more points than a screen has columns."""

from __future__ import annotations

from math import nan

from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_of
from tuicnn.training.events import Epoch, Start, Step
from tuicnn.training.marks import mark_of, with_mark
from tuicnn.training.meter import HistoryRecorder
from tuicnn.training.progress import History

__all__ = ["history_of"]


def history_of(folder: RunFolder) -> History:
    """All of a run's history, of one that trains as far as it is written. Raises `UserError`.

    A step that is missing is NaN. Steps beyond the run's end are damaged numbers, and left out.
    """
    recorder, last = HistoryRecorder(), 0
    epochs: dict[int, Epoch] = {}
    for event in events_of(folder.journal):
        match event:
            case Start():  # a resumed one too, perhaps with more epochs
                last = max(last, event.steps)
            case Step() if recorder.steps < event.step <= last:
                for _ in range(event.step - recorder.steps - 1):
                    recorder.add(nan, nan)
                recorder.add(event.loss, event.accuracy)
            case Epoch() if event.step <= last:
                epochs.setdefault(event.epoch, event)
        if event is not None and (mark := mark_of(event)) is not None:
            recorder.marks = with_mark(recorder.marks, mark)
    recorder.epochs = recorder.epochs.plus(epochs[number] for number in sorted(epochs))
    return recorder.since(0, 0)
