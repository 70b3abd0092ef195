"""Truncates the journal of a run that is resumed: what came after the checkpoint is removed, since it is trained again.

What came before it is read, for the charts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import nan
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.journal import HALF_WRITTEN, damage_of, events_in, repair
from tuicnn.system.files import why
from tuicnn.system.regular_files import open_regular
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import ResumeState
from tuicnn.training.events import Diverged, Epoch, RateChanged, Start, Step
from tuicnn.training.marks import Mark, mark_of, with_mark

__all__ = ["truncate"]


def truncate(journal: Path, checkpoint: Checkpoint | None, say: Callable[[str], None]) -> ResumeState:
    """Cut a journal off at a checkpoint (None: before the first step), and read what is left. Raises `UserError`.

    Everything from the first step, end of an epoch, or change of the learning rate that the checkpoint does not know is
    lost; a single step or epoch of these among those that it knows is a damaged number, and loses nothing. A step that
    is missing, since the disk refused it or somebody changed the file, is NaN. `say` is told of a half-written last
    line, and of lines that cannot be read.
    """
    last, epochs_done = (checkpoint.step, checkpoint.epochs) if checkpoint is not None else (0, 0)
    factor = checkpoint.rate_factor if checkpoint is not None else 1.0
    steps = [(nan, nan)] * last
    epochs: dict[int, Epoch] = {}
    marks: list[tuple[int, Mark]] = []
    begun, damaged = False, 0
    cut = -1  # where what the checkpoint does not know begins
    changed = -1  # the same for changes of the rate since its last step
    try:
        descriptor = open_regular(journal, os.O_RDWR | os.O_CREAT)
        with os.fdopen(descriptor, "rb") as file:
            if cut_off := repair(descriptor):
                say(HALF_WRITTEN.format(cut_off))
            for start, event in events_in(file):
                begun = begun or isinstance(event, Start)
                if event is not None and (mark := mark_of(event)) is not None:
                    marks.append((start, mark))
                match event:
                    case None:
                        damaged += 1
                    case Step() | Epoch():
                        done, known = (event.step, last) if isinstance(event, Step) else (event.epoch, epochs_done)
                        if done > known:
                            if cut >= 0:
                                break
                            cut = start
                            continue
                        cut = changed = -1
                        if isinstance(event, Epoch):
                            epochs[event.epoch] = event
                        elif event.step > 0:
                            steps[event.step - 1] = (event.loss, event.accuracy)
                    case Diverged():
                        changed = -1
                    case RateChanged() if event.factor == factor:
                        changed = -1
                    case RateChanged() if cut < 0 and changed < 0:
                        changed = start
            if unknown := [start for start in (cut, changed) if start >= 0]:
                os.ftruncate(descriptor, min(unknown))
                marks = [(start, mark) for start, mark in marks if start < min(unknown)]
            os.fsync(descriptor)
    except OSError as error:
        raise UserError(f"{journal} cannot be written: {why(error)}.") from error
    if damaged:
        say(damage_of(journal, damaged))
    all_epochs = [epochs.get(number, Epoch(number)) for number in range(1, epochs_done + 1)]
    kept: tuple[Mark, ...] = ()
    for _, mark in marks:
        kept = with_mark(kept, mark)
    return ResumeState(checkpoint, begun, steps, all_epochs, kept)
