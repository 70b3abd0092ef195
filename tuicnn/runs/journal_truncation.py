"""Makes the journal of a run that goes on tell one story: what came after the checkpoint is cut off, and is to come
again. What came before it is read, for the charts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from math import nan
from pathlib import Path
from typing import BinaryIO

from tuicnn.errors import UserError
from tuicnn.runs.journal import HALF_WRITTEN, LINE_AT_MOST, damage_of, repair
from tuicnn.runs.journal import parse as parse_line
from tuicnn.system.files import why
from tuicnn.system.regular_files import open_regular
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import ResumeState
from tuicnn.training.events import Diverged, Epoch, Event, RateChanged, Start, Step

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
    begun, damaged = False, 0
    cut = -1  # where what the checkpoint does not know begins
    changed = -1  # the same for changes of the rate since its last step
    try:
        descriptor = open_regular(journal, os.O_RDWR | os.O_CREAT)
        with os.fdopen(descriptor, "rb") as file:
            if cut_off := repair(descriptor):
                say(HALF_WRITTEN.format(cut_off))
            for start, event in _events(file):
                if event is None:
                    damaged += 1
                    continue
                if isinstance(event, Step):
                    if event.step > last:
                        if cut >= 0:
                            break
                        cut = start
                        continue
                    cut = changed = -1
                    if event.step > 0:
                        steps[event.step - 1] = (event.loss, event.accuracy)
                elif isinstance(event, Epoch):
                    if event.epoch > epochs_done:
                        if cut >= 0:
                            break
                        cut = start
                        continue
                    cut = changed = -1
                    epochs[event.epoch] = event
                elif isinstance(event, Diverged) or (isinstance(event, RateChanged) and event.factor == factor):
                    changed = -1
                elif isinstance(event, RateChanged) and cut < 0 and changed < 0:
                    changed = start
                begun = begun or isinstance(event, Start)
            if unknown := [start for start in (cut, changed) if start >= 0]:
                os.ftruncate(descriptor, min(unknown))
            os.fsync(descriptor)
    except OSError as error:
        raise UserError(f"{journal} cannot be written: {why(error)}.") from error
    if damaged:
        say(damage_of(journal, damaged))
    known = [epochs.get(number, Epoch(number)) for number in range(1, epochs_done + 1)]
    return ResumeState(checkpoint, begun, steps, known)


def _events(file: BinaryIO) -> Iterator[tuple[int, Event | None]]:
    """Where each line begins, and its event; None for a line that is none."""
    at = 0
    while line := file.readline(LINE_AT_MOST):
        event = parse_line(line) if line.endswith(b"\n") else None
        if event is not None or line.strip():
            yield at, event
        at += len(line)
