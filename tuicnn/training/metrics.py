"""The metrics of a run: moving averages, throughput, sums of the epoch so far, the history. Part of its checkpoints.

The training thread writes them; other threads may read the history meanwhile.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from tuicnn.training.checkpoint import Tally
from tuicnn.training.events import Epoch
from tuicnn.training.marks import Mark, with_mark
from tuicnn.training.meter import (
    HistoryRecorder,
    MovingAverage,
    Throughput,
    seconds_of_test,
    seconds_of_validation,
    seconds_to_go,
)
from tuicnn.training.progress import History

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.trainer import Trainer

__all__ = ["Metrics"]


class Metrics:
    """See the module. Steps and epochs are added as they are done."""

    def __init__(self) -> None:
        self._recording = threading.Lock()
        self._recorder = HistoryRecorder()
        self._loss, self._accuracy, self._speed = MovingAverage(), MovingAverage(), Throughput()
        self.tally = Tally()  # of the epoch that is being trained
        self.best_step = 0  # the steps done at the end of the best epoch; 0 before there is one
        self.seconds = 0.0  # spent in steps
        self.evaluation_seconds = 0.0  # of the last validation; 0 before the first

    def restore(
        self,
        checkpoint: Checkpoint,
        steps: Iterable[tuple[float, float]],
        epochs: Iterable[Epoch],
        marks: Iterable[Mark],
    ) -> None:
        """Go on from a checkpoint; `steps` (each one's loss and accuracy), `epochs` and `marks` were before it."""
        self.tally, self.best_step = checkpoint.tally, checkpoint.best_step
        self._loss.sums, self._accuracy.sums = checkpoint.smoothed[:2], checkpoint.smoothed[2:]
        self.seconds, self.evaluation_seconds = checkpoint.seconds, checkpoint.evaluation_seconds
        with self._recording:
            for loss, accuracy in steps:
                self._recorder.add(loss, accuracy)
            self._recorder.epochs = self._recorder.epochs.plus(epochs)
            self._recorder.marks = tuple(marks)

    # --- what is added ----------------------------------------------------------------------------------------------

    def add(self, loss: float, accuracy: float, count: int, seconds: float) -> None:
        """A step over `count` images."""
        self.tally = self.tally.add(loss, accuracy, count, seconds)
        self._loss.add(loss)
        self._accuracy.add(accuracy)
        self._speed.add(seconds, count)
        self.seconds += seconds
        with self._recording:
            self._recorder.add(loss, accuracy)

    def end_epoch(
        self, epoch: int, step: int, val_loss: float, val_accuracy: float, evaluation_seconds: float
    ) -> Epoch:
        """The end of an epoch (from 1), with its validation's loss and accuracy; the next one is begun."""
        self.evaluation_seconds = evaluation_seconds
        done = self.tally.epoch(epoch, step, val_loss, val_accuracy, evaluation_seconds)
        self.tally = Tally()
        with self._recording:
            self._recorder.epochs = self._recorder.epochs.plus([done])
        return done

    def best(self, number: int, accuracy: float) -> Epoch:
        """The best epoch so far, whose number (0: none yet) and accuracy are known; its loss is in the history."""
        with self._recording:
            known = self._recorder.epochs[number - 1] if 0 < number <= len(self._recorder.epochs) else Epoch(number)
        return dataclasses.replace(known, val_accuracy=accuracy)

    def mark(self, mark: Mark) -> None:
        """A moment that the curves are marked at."""
        with self._recording:
            self._recorder.marks = with_mark(self._recorder.marks, mark)

    def after_divergence(self, *, weights_restored: bool) -> None:
        """Training goes on after a divergence; where other weights were restored, the sums are not theirs."""
        before = Tally() if weights_restored else self.tally
        self.tally = dataclasses.replace(before, halvings=self.tally.halvings + 1)
        if weights_restored:
            self._loss, self._accuracy = MovingAverage(), MovingAverage()

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def loss(self) -> float:
        """The training loss, smoothed over the last steps; NaN before the first."""
        return self._loss.value

    @property
    def accuracy(self) -> float:
        """The share of training images that were right, smoothed over the last steps; NaN before the first."""
        return self._accuracy.value

    @property
    def val_losses(self) -> list[float]:
        """The validation loss of each epoch so far."""
        losses: list[float] = self._recorder.epochs.column("val_loss").tolist()
        return losses

    @property
    def smoothed(self) -> tuple[float, float, float, float]:
        """All that the two smoothed means know, for a checkpoint."""
        return *self._loss.sums, *self._accuracy.sums

    @property
    def images_per_second(self) -> float:
        """Over the last second or so of training."""
        return self._speed.images_per_second

    def seconds_to_go(self, trainer: Trainer, pace: int, evaluated: float = 0.0) -> float:
        """Seconds to the end of the run at a pace (steps a second, 0: as fast as it can), with its evaluations.

        Of a validation under way, the share `evaluated` is done.
        """
        least, epochs = 1 / pace if pace else 0.0, len(self._recorder.epochs)
        return seconds_to_go(trainer, self._speed, self._seconds_of_validation(trainer), epochs + evaluated, least)

    def seconds_of_test(self, trainer: Trainer) -> float:
        """Seconds that the test takes, as far as is known before it."""
        return seconds_of_test(trainer, self._seconds_of_validation(trainer))

    def _seconds_of_validation(self, trainer: Trainer) -> float:
        return seconds_of_validation(trainer, self._speed, self.evaluation_seconds)

    def history(self, since_step: int, since_epoch: int) -> History:
        """Losses, accuracies and marks since a step, epochs since an epoch; from any thread."""
        with self._recording:
            return self._recorder.since(since_step, since_epoch)
