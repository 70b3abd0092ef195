"""A run between two steps, in memory: everything that the rest of it depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.training.events import Epoch
from tuicnn.training.progress import NAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

__all__ = ["Checkpoint", "Tally"]


@dataclass(frozen=True)
class Tally:
    """What an epoch has come to so far: sums over its images, and how many there were."""

    losses: float = 0.0
    corrects: float = 0.0
    images: int = 0
    seconds: float = 0.0
    halvings: int = 0  # of the learning rate, where numbers were not finite

    def add(self, loss: float, accuracy: float, count: int, seconds: float) -> Tally:
        """With one more batch of `count` images."""
        return Tally(
            self.losses + loss * count,
            self.corrects + accuracy * count,
            self.images + count,
            self.seconds + seconds,
            self.halvings,
        )

    def epoch(self, number: int, step: int, val_loss: float, val_accuracy: float, evaluation_seconds: float) -> Epoch:
        """The epoch, when it and its validation are over."""
        return Epoch(
            number,
            step,
            self.losses / self.images,
            self.corrects / self.images,
            val_loss,
            val_accuracy,
            self.images / self.seconds if self.seconds else NAN,
            self.seconds + evaluation_seconds,
        )


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run between two steps. Arrays are flat, in the order of the network's own memory (see `layout`)."""

    step: int  # steps done, over the whole run
    epochs: int  # epochs done, with their validation
    weights: Array = field(repr=False)
    kept: Array = field(repr=False)  # running statistics
    optimizer: Mapping[str, Array] = field(repr=False)
    text: str = field(default="", repr=False)  # the net
    plan: str = ""  # fingerprints; "" where there is nothing to compare with
    layout: str = ""
    data: str = ""
    seed: int = 0
    epochs_planned: int = 0
    steps_per_epoch: int = 0
    rate_factor: float = 1.0  # what the scheduled learning rate is multiplied by since somebody changed it
    updates: int = 0  # steps that the optimizer's state has seen
    tally: Tally = Tally()  # of the epoch that is being trained
    smoothed: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)  # sum and weight of the smoothed loss, and of the accuracy
    seconds: float = 0.0  # of training so far
    evaluation_seconds: float = 0.0
    val_loss: float = NAN
    val_accuracy: float = NAN
    best_val_accuracy: float = NAN
    best_epoch: int = 0
    best_step: int = 0  # the step of the best epoch's checkpoint
    versions: Mapping[str, str] = field(default_factory=dict)  # of whatever the last bit may depend on
    choices: Mapping[str, int] = field(default_factory=dict)  # of kernels
