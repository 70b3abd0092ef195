"""The progress and the history of a run: a `Session` makes them, the worker sends them, a screen draws them.

Numbers that are not known yet are NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuicnn.training.divergence import Divergence
from tuicnn.training.events import End, Epoch, State
from tuicnn.training.marks import Mark

__all__ = ["History", "Progress"]

NAN = math.nan


@dataclass(frozen=True)
class Progress:
    """The numbers of this moment."""

    state: State = State.STARTING
    message: str = ""
    epoch: int = 0  # epochs completed
    step: int = 0  # steps completed, over the whole run
    steps: int = 0  # steps of the whole run
    evaluated: float = 0.0  # share of the validation or test images that is evaluated, 0 to 1
    seconds: float = 0.0  # time spent training so far, without pauses
    eta: float = NAN  # seconds to the end of training
    images_per_second: float = NAN  # over the last second or so of training
    learning_rate: float = NAN
    pace: int = 0  # steps a second at most, where training is slowed to be watched; 0: as fast as it can
    train_loss: float = NAN  # smoothed over the last steps
    train_accuracy: float = NAN  # smoothed, 0 to 1
    val_loss: float = NAN
    val_accuracy: float = NAN
    best_val_accuracy: float = NAN
    best_epoch: int = 0
    test_loss: float = NAN
    test_accuracy: float = NAN
    diverged: Divergence | None = None  # while the run waits for somebody to say how it goes on
    saved: int = 0  # steps completed at the newest checkpoint
    trouble: str = ""  # what cannot be written to the run's folder, as sentences, until it can

    def end(self, state: State, message: str, parameters: int, seconds: float) -> End:
        """The last event of the run."""
        return End(
            state,
            message,
            step=self.step,
            test_loss=self.test_loss,
            test_accuracy=self.test_accuracy,
            best_val_accuracy=self.best_val_accuracy,
            best_epoch=self.best_epoch,
            parameters=parameters,
            seconds=seconds,
        )


@dataclass(frozen=True)
class History:
    """Loss and accuracy since some step, the epochs since some epoch, and the marks at that step or later.

    `losses[i]`, `accuracies[i]` are the means over the `stride` steps from `start + i * stride` on, which count from 0.
    """

    start: int
    losses: NDArray[np.float32]
    accuracies: NDArray[np.float32]
    epochs: tuple[Epoch, ...]
    stride: int = 1
    marks: tuple[Mark, ...] = ()
