"""Measures of a run that move with every step: smoothed loss, images a second, time to go; and the whole history."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tuicnn.training.progress import NAN, Epoch, History

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["Recorder", "Smoothed", "Speed", "seconds_to_go"]

_LARGEST = float(np.finfo(np.float32).max)


class Smoothed:
    """An exponential mean freed of its start at 0 (as Adam's moments are)."""

    def __init__(self, keep: float = 0.98) -> None:
        self._keep, self._sum, self._weight = keep, 0.0, 0.0

    def add(self, value: float) -> None:
        self._sum = self._keep * self._sum + (1 - self._keep) * value
        self._weight = self._keep * self._weight + (1 - self._keep)

    @property
    def sums(self) -> tuple[float, ...]:
        """The sum and the weight of what was added: all that it knows."""
        return self._sum, self._weight

    @sums.setter
    def sums(self, sums: tuple[float, ...]) -> None:
        self._sum, self._weight = sums

    @property
    def value(self) -> float:
        return self._sum / self._weight if self._weight else NAN


class Speed:
    """Images a second over the last `window` seconds of training; time between steps does not count."""

    def __init__(self, window: float = 1.0) -> None:
        self._window = window
        self._steps: deque[tuple[float, int]] = deque()
        self._seconds, self._images = 0.0, 0

    def add(self, seconds: float, images: int) -> None:
        self._steps.append((seconds, images))
        self._seconds += seconds
        self._images += images
        while len(self._steps) > 1 and self._seconds - self._steps[0][0] >= self._window:
            old_seconds, old_images = self._steps.popleft()
            self._seconds -= old_seconds
            self._images -= old_images

    @property
    def images_per_second(self) -> float:
        return self._images / self._seconds if self._seconds > 0 else NAN

    @property
    def seconds_per_step(self) -> float:
        return self._seconds / len(self._steps) if self._steps else NAN


class Recorder:
    """Every step's loss and accuracy, and every epoch, in arrays that double as they fill."""

    def __init__(self) -> None:
        self._losses: NDArray[np.float32] = np.empty(1024, np.float32)
        self._accuracies: NDArray[np.float32] = np.empty(1024, np.float32)
        self.steps = 0
        self.epochs: list[Epoch] = []

    def add(self, loss: float, accuracy: float) -> None:
        if self.steps == len(self._losses):
            self._losses = np.concatenate([self._losses, np.empty_like(self._losses)])
            self._accuracies = np.concatenate([self._accuracies, np.empty_like(self._accuracies)])
        self._losses[self.steps] = min(loss, _LARGEST)
        self._accuracies[self.steps] = accuracy
        self.steps += 1

    def since(self, step: int, epoch: int) -> History:
        """What was recorded from a step and an epoch on (both counts of what is had already); copies."""
        start = min(max(0, step), self.steps)
        return History(
            start,
            self._losses[start : self.steps].copy(),
            self._accuracies[start : self.steps].copy(),
            tuple(self.epochs[max(0, epoch) :]),
        )


def seconds_to_go(trainer: Trainer, speed: Speed, evaluation: float, epochs_done: int) -> float:
    """Seconds to the end of a run, with the validations (of `evaluation` seconds; 0: none yet) and the test to come."""
    data = trainer.dataset
    # until the first validation has been timed: forward alone takes about a third of a step
    validation = evaluation or len(data.val_images) / speed.images_per_second / 3
    test = validation * len(data.test_images) / max(1, len(data.val_images))
    epochs_left = trainer.plan.train.epochs - epochs_done
    return (trainer.steps - trainer.step) * speed.seconds_per_step + epochs_left * validation + test
