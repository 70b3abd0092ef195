"""Writes a run that is trained to its folder: journal, checkpoints, snapshots, predictions, weights."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.errors import UserError
from tuicnn.runs.checkpointer import Checkpointer
from tuicnn.runs.journal import HALF_WRITTEN, Journal
from tuicnn.runs.log import log, log_error
from tuicnn.system.machine import processors
from tuicnn.training.checkpointing import CheckpointReason
from tuicnn.training.events import Diverged, End, Epoch, Event, Machine, Reading, Resumed, Start, State, Warned
from tuicnn.version import __version__

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.predictions import Predictions

__all__ = ["Recorder", "trained_here"]

_SNAPSHOT, _LOST, _PREDICTIONS = "snapshot", "lost snapshots", "predictions"
#: what is for looking only: a run that lacks some of it is whole
_FOR_LOOKING = (_SNAPSHOT, _LOST, _PREDICTIONS)


class Recorder:
    """See the module. A disk that refuses ends no training: it is told, and tried again. For the training thread."""

    def __init__(
        self,
        folder: Callable[[], RunFolder],
        capture: Callable[[], Checkpoint | None],
        *,
        every: float,
        newest: Checkpoint | None = None,
        say: Callable[[str], None] = log,
    ) -> None:
        """Opens the journal. Raises `UserError`.

        `folder` says where the run is now, for it may be renamed while it trains. `capture` gives the checkpoint of
        this moment, None before the run has weights. A checkpoint is written `every` so many seconds, 0 for not by
        time; `newest` is the one that the run goes on from. `say` is told each trouble, in a sentence.
        """
        self._folder, self._capture, self._say = folder, capture, say
        self._troubles: dict[str, str] = {}  # sentences, by what they are about
        #: the epochs whose predictions a run has that goes on from its newest checkpoint
        self._kept_predictions = _with_predictions(newest) if newest is not None else set()
        self._snapshots: set[int] = set()  # the epochs that had a snapshot after the last one was written
        self._ending = False  # nothing more is trained
        self.ended = False  # the end is in the journal, as far as the disk took it
        self.discarded = False  # nothing more is to be written
        self._orphaned = False
        self._journal = Journal(
            folder().journal, lambda sentence: self.tell("journal", sentence), lambda: folder().journal
        )
        if self._journal.cut_off:
            log(HALF_WRITTEN.format(self._journal.cut_off))
        self._checkpointer = Checkpointer(
            lambda: folder().checkpoints,
            self._journal,
            every=every,
            on_trouble=lambda sentence: self.tell("checkpoint", sentence),
            newest=newest,
        )

    def close(self) -> None:
        """Close the journal, and remove the run where it was discarded."""
        self._journal.close()
        if self.discarded and not self._orphaned:
            self._folder().remove()

    def abandon(self) -> None:
        """Write nothing more: the folder was removed, or belongs to another process."""
        self.discarded = self._orphaned = True
        self._journal.abandon()

    # --- what happens -----------------------------------------------------------------------------------------------

    def note(self, event: Event) -> Event:
        """Record an event; returns it with what is added here."""
        match event:
            case Start():
                if isinstance(event, Resumed):  # a process that is killed behind its checkpoint leaves no snapshot
                    self._save_snapshot()
                event = event if event.versions else trained_here(event)
            case End():
                self._ending = True
                event = dataclasses.replace(event, weights=self._save_weights())
                event = dataclasses.replace(event, trouble=self.unsaved(event.state) or None)
            case Epoch():
                self._save_weights()  # a process that is killed leaves the weights of its last whole epoch
                self._prune_predictions(safe=False)
            case Warned(traceback=str(traceback)):
                log(traceback)  # of another process: for whoever looks into the log
                event = Warned(event.message)
        if isinstance(event, Diverged | Warned):
            log(event.message)
        if not isinstance(event, Reading):  # of the moment only
            self._journal.append(event)
        self.ended = self.ended or isinstance(event, End)
        return event

    def offer_checkpoint(self, reason: CheckpointReason) -> bool:
        """The run is between two steps, or at its end: write a checkpoint where one is due; whether it is safe."""
        self._ending = self._ending or reason is CheckpointReason.STOP
        safe = not self.discarded and self._checkpointer.offer(reason, self._capture)
        if safe and reason is CheckpointReason.EPOCH:  # after the checkpoint, which has more right to the disk
            self._save_snapshot()
        if safe and reason in (CheckpointReason.EPOCH, CheckpointReason.STOP):
            self._prune_predictions(safe=True)
        return safe

    def note_predictions(self, predictions: Predictions) -> None:
        """Write what was said at an epoch's end. What a resumed run needs is kept until there is a new checkpoint."""
        self._save(_PREDICTIONS, lambda: self._folder().predictions.write(predictions))

    def checkpoint_at(self, step: int) -> Checkpoint | None:
        """The checkpoint of a step, as far as there is one that can be read."""
        checkpoints = self._folder().checkpoints
        try:
            return checkpoints.read(step) if step in checkpoints.steps() else None
        except UserError as error:
            log(str(error))
            return None

    def _save_weights(self) -> bool:
        """Save the weights; whether that was done."""
        return self._save("weights", lambda: self._with_checkpoint(self._folder().save_weights))

    def _save_snapshot(self) -> None:
        """Save the weights as they are at an epoch's end, where they are not yet."""

        def write(checkpoint: Checkpoint) -> None:
            snapshots, epochs = self._folder().snapshots, checkpoint.epochs
            if epochs and checkpoint.step == epochs * checkpoint.steps_per_epoch and epochs not in snapshots.epochs():
                snapshots.write(checkpoint)

        lost = len(self._snapshots - set(self._folder().snapshots.epochs()))
        self.tell(_LOST, f"The disk is full: the weights of {_past(lost)} were removed to make room." if lost else "")
        self._save(_SNAPSHOT, lambda: self._with_checkpoint(write))
        self._snapshots = set(self._folder().snapshots.epochs())

    def _prune_predictions(self, *, safe: bool) -> None:
        """Remove predictions of epochs that are neither the last nor the best, now that there is a checkpoint of them.

        Where that is not `safe`, those of the checkpoint before it stay too.
        """
        checkpoint = self._capture()
        if checkpoint is None or self.discarded:
            return
        now = _with_predictions(checkpoint)
        self._kept_predictions = now if safe else self._kept_predictions
        self._folder().predictions.prune(now | self._kept_predictions)

    def _with_checkpoint(self, write: Callable[[Checkpoint], None]) -> bool:
        """Write what can be had of this moment; False where there is nothing yet."""
        if (checkpoint := self._capture()) is None:
            return False
        write(checkpoint)
        return True

    def _save(self, what: str, write: Callable[[], bool | None]) -> bool:
        """Call what writes something (False: it had nothing to write); whether that was done. Raises nothing."""
        if self.discarded:
            return False
        try:
            if write() is False:
                return False
        except UserError as error:
            self.tell(what, str(error))
        except Exception as error:  # the end must reach the journal whatever happens to the weights
            log_error(error)
            self.tell(what, f"The {what} could not be saved: {type(error).__name__}: {error}")
        else:
            self.tell(what, "")
            return True
        return False

    # --- what a disk refuses ----------------------------------------------------------------------------------------

    def tell(self, about: str, sentence: str) -> None:
        """Show a sentence about a trouble until it is called with ""."""
        if sentence:
            self._troubles[about] = sentence
            self._say(self._goes_on(sentence))
        else:
            self._troubles.pop(about, None)

    @property
    def trouble(self) -> str:
        """What could not be written at this moment, as sentences."""
        return self._goes_on(" ".join(self._troubles.values()))

    def unsaved(self, state: State) -> str:
        """What could not be saved at the end of a run in this state, and what to do; "" where all is saved.

        A run that lacks something that is for looking only is whole.
        """
        said = " ".join(sentence for about, sentence in self._troubles.items() if about not in _FOR_LOOKING)
        if self.discarded or not said:
            return ""
        folder = self._folder()
        if state not in (State.DONE, State.STOPPED):
            return said
        step = next(iter(folder.checkpoints.steps()), 0)
        where = f"after step {step:,}" if step else "from its first step"
        return f"{said} Once that is fixed, {folder.resume} goes on {where}."

    def _goes_on(self, trouble: str) -> str:
        """A trouble, and that it is not the end of the run where it is not."""
        return f"{trouble} Training goes on." if trouble and not self._ending else trouble


def _with_predictions(checkpoint: Checkpoint) -> set[int]:
    """The epochs that have predictions at a checkpoint: the last and the best."""
    return {checkpoint.epochs, checkpoint.best_epoch}


def trained_here(event: Start) -> Start:
    """The beginning of a training on this machine, with what is told of that and of its programs."""
    versions = {"tuicnn": __version__, "python": platform.python_version(), "numpy": np.__version__}
    machine = Machine(platform.system(), platform.machine(), processors())
    return dataclasses.replace(event, versions=versions, machine=machine)


def _past(epochs: int) -> str:
    return "a past epoch" if epochs == 1 else f"{epochs} past epochs"
