"""Meters that every step updates: moving averages, throughput, time to go, and the history of losses."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tuicnn.numbers import percent
from tuicnn.training.epochs import Epochs
from tuicnn.training.marks import Mark
from tuicnn.training.progress import NAN, History

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = [
    "HistoryRecorder",
    "MovingAverage",
    "Throughput",
    "WaitTimes",
    "seconds_of_test",
    "seconds_of_validation",
    "seconds_to_go",
]

_LARGEST = float(np.finfo(np.float32).max)
#: the share of the past in the smoothed loss and accuracy
DECAY = 0.98
#: seconds of training that a throughput is measured over
WINDOW = 1.0
#: points of a curve that are kept
POINTS = 2**12


class MovingAverage:
    """An exponential moving average, corrected for its start at 0 (as Adam's moments are)."""

    def __init__(self) -> None:
        self._sum = self._weight = 0.0

    def add(self, value: float) -> None:
        self._sum = DECAY * self._sum + (1 - DECAY) * value
        self._weight = DECAY * self._weight + (1 - DECAY)

    @property
    def sums(self) -> tuple[float, float]:
        """The weighted sum of the values, and the sum of the weights: the whole state."""
        return self._sum, self._weight

    @sums.setter
    def sums(self, sums: tuple[float, float]) -> None:
        self._sum, self._weight = sums

    @property
    def value(self) -> float:
        return self._sum / self._weight if self._weight else NAN


class Throughput:
    """Images a second over the last `WINDOW` seconds of training; time between steps does not count."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        self._seconds, self._images = 0.0, 0

    def add(self, seconds: float, images: int) -> None:
        self._steps.append((seconds, images))
        self._seconds += seconds
        self._images += images
        while len(self._steps) > 1 and self._seconds - self._steps[0][0] >= WINDOW:
            old_seconds, old_images = self._steps.popleft()
            self._seconds -= old_seconds
            self._images -= old_images

    @property
    def images_per_second(self) -> float:
        return self._images / self._seconds if self._seconds > 0 else NAN

    @property
    def seconds_per_step(self) -> float:
        return self._seconds / len(self._steps) if self._steps else NAN


class WaitTimes:
    """The share of a step that the leader waits for the other processes: medians over the last `steps` steps."""

    def __init__(self, steps: int = 31) -> None:
        self._steps: deque[tuple[float, float]] = deque(maxlen=steps)

    def add(self, waited: float, took: float) -> None:
        """Take the next step's seconds."""
        self._steps.append((waited, took))

    @property
    def warning(self) -> str:
        """A sentence where waiting is more than half of a step, once there are enough steps to say so; else ""."""
        if len(self._steps) < (self._steps.maxlen or 0):
            return ""
        waited, took = map(median, zip(*self._steps, strict=True))  # at each step: NumPy's takes 0.1 ms
        if not waited > took / 2:
            return ""
        return (
            f"the processes wait for each other {percent(waited / took, 0)} of a step: this machine is busy; "
            "1 thread may be faster"
        )


class HistoryRecorder:
    """The history of loss and accuracy, and every epoch, in memory that does not grow with the run.

    A point is one step. When there are `POINTS` of them, neighbours are put together as their mean, so that a point is
    two steps, then four, and so on: no screen has as many columns.
    """

    def __init__(self) -> None:
        self._points: NDArray[np.float32] = np.empty((2, 1024), np.float32)  # losses, accuracies
        self._count = 0
        self._sums, self._summed = np.zeros(2), 0  # of the steps that do not make a point yet
        self.stride = 1
        self.steps = 0
        self.epochs = Epochs()
        self.marks: tuple[Mark, ...] = ()

    def add(self, loss: float, accuracy: float) -> None:
        """Take the next step's; NaN where it is not known."""
        self._sums += (min(loss, _LARGEST), accuracy)
        self._summed += 1
        self.steps += 1
        if self._summed == self.stride and self._count == POINTS:
            full = self._points[:, : self._count]
            self._count //= 2
            self._points[:, : self._count] = (full[:, ::2] + full[:, 1::2]) / 2
            self.stride *= 2
        if self._summed == self.stride:
            if self._count == self._points.shape[1]:
                self._points = np.concatenate([self._points, np.empty_like(self._points)], axis=1)
            self._points[:, self._count] = self._sums / self.stride
            self._count += 1
            self._sums[:], self._summed = 0, 0

    def since(self, step: int, epoch: int) -> History:
        """Copies of what was recorded from a step and an epoch on (both counted from 0), and marks from the step on.

        It may begin a little earlier, where a point has become several steps.
        """
        first = min(max(0, step) // self.stride, self._count)
        losses, accuracies = self._points[:, first : self._count].copy()
        epochs, marks = tuple(self.epochs[max(0, epoch) :]), tuple(mark for mark in self.marks if mark.step >= step)
        return History(first * self.stride, losses, accuracies, epochs, self.stride, marks)


def seconds_of_validation(trainer: Trainer, speed: Throughput, known: float) -> float:
    """Seconds of a validation: as many as are `known` of the last one, or an estimate where they are 0."""
    # forward alone takes about a third of a step
    return known or len(trainer.dataset.val_images) / speed.images_per_second / 3


def seconds_of_test(trainer: Trainer, validation: float) -> float:
    """Seconds of the test, which looks at each image as many times as it has views, from those of a `validation`."""
    data, views = trainer.dataset, len(trainer.plan.test.looks)
    return views * validation * len(data.test_images) / max(1, len(data.val_images))


def seconds_to_go(trainer: Trainer, speed: Throughput, validation: float, epochs_done: float, least: float) -> float:
    """Seconds to the end of a run, with the validations (each of `validation` seconds) and the test to come.

    `least` is the seconds that a step takes at least, where training is slowed; else 0. Of `epochs_done` the fraction
    is the share that is done of the validation under way.
    """
    steps = (trainer.steps - trainer.step) * max(least, speed.seconds_per_step)
    epochs_left = trainer.plan.train.epochs - epochs_done
    return steps + epochs_left * validation + seconds_of_test(trainer, validation)
