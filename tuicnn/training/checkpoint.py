"""A run between two steps, in memory: everything that the rest of it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from tuicnn.records import Between
from tuicnn.training.events import Epoch
from tuicnn.training.progress import NAN

__all__ = ["Checkpoint", "Tally"]

Array = NDArray[np.floating[Any]]
_Count = Annotated[int, Between(0, (1 << 63) - 1)]


@dataclass(frozen=True)
class Tally:
    """What an epoch has come to so far: sums over its images, and how many there were."""

    losses: float = 0.0
    corrects: float = 0.0
    images: _Count = 0
    seconds: float = 0.0
    halvings: _Count = 0  # of the learning rate, where numbers were not finite

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
    """A run between two steps.

    `arrays` have PyTorch's names and axes: parameters (`conv1.weight`, shape (out, in / groups, kh, kw)), buffers
    (`batchnorm1.running_mean`), and the optimizer's state of a parameter (`conv1.weight/momentum`, its shape). Where
    parameters and buffers are averages over the steps, those that are trained stand beside them (`conv1.weight/live`).
    """

    step: _Count  # steps done, over the whole run
    epochs: _Count  # epochs done, with their validation
    arrays: Mapping[str, Array] = field(repr=False)
    # what is needed to use the weights without anything else: images are (pixels / 255 - mean) / std
    text: str = field(default="", repr=False)  # the net
    input: tuple[_Count, ...] = ()  # (C, H, W)
    class_names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()  # of the training images, one for each channel
    std: tuple[float, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)  # of whatever the last bit may depend on
    plan: str = ""  # fingerprints; "" where there is nothing to compare with
    data: str = ""
    seed: _Count = 0
    epochs_planned: _Count = 0
    steps_per_epoch: _Count = 0
    rate_factor: float = 1.0  # what the scheduled learning rate is multiplied by since somebody changed it
    updates: _Count = 0  # steps that the optimizer's state has seen
    tally: Tally = Tally()  # of the epoch that is being trained
    smoothed: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # loss: sum and weight; accuracy: the same
    seconds: float = 0.0  # of training so far
    evaluation_seconds: float = 0.0
    val_loss: float = NAN
    val_accuracy: float = NAN
    best_val_accuracy: float = NAN
    best_epoch: _Count = 0
    best_step: _Count = 0  # the step of the best epoch's checkpoint
    choices: Mapping[str, _Count] = field(default_factory=dict)  # of kernels

    @property
    def weights(self) -> dict[str, Array]:
        """Parameters and buffers, without the optimizer's state."""
        return {name: array for name, array in self.arrays.items() if "/" not in name}

    @property
    def fault(self) -> str:
        """What no run can have left in its arrays: numbers that a faulty program wrote, say. "" for nothing."""
        for name, array in self.arrays.items():
            layer, _, short = name.rpartition(".")
            if short == "running_var" and (array < 0).any():
                return f"the running variance of {layer} is negative"
        return ""
