"""The time that each layer takes, and the size of what goes through it, in the last measured steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.question import Question

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["AskLayerStats", "LayerStats"]


@dataclass(frozen=True)
class LayerStats:
    """Figures of each layer (one number a row of `Overview.layers`; NaN: unknown or not applicable).

    Times are milliseconds, the mean over the usual ones of the last measured steps: the third of them that took neither
    long nor short. Those of the layers, `optimizer`, `waiting` and `rest` add up to `step`.
    """

    milliseconds: NDArray[np.float32]  # time a step spends in it, forward and backward
    activation: NDArray[np.float32]  # root mean square of its output
    gradient: NDArray[np.float32]  # root mean square of the loss's gradient by its output
    dead: NDArray[np.float32]  # share of its units that are 0 for every image of the shard looked at
    update: NDArray[np.float32]  # how far a step moves its weights, as a share of their size
    gradients: NDArray[np.float32]  # `gradient` over the time that was measured, the oldest first: (points, rows)
    optimizer: float = np.nan  # moving the weights
    waiting: float = np.nan  # for the other processes of the group; NaN where there are none
    rest: float = np.nan  # what is left: images, loss, sums of gradients
    step: float = np.nan  # a whole step


@dataclass(frozen=True)
class AskLayerStats(Question[LayerStats]):
    """Answered with the steps that were measured so far; the step after the question is measured too."""

    period: ClassVar[float] = 1.0  # the digits are to be read

    def answer(self, trainer: Trainer) -> LayerStats:
        """Raises `UserError` where no step has been measured yet."""
        measured = trainer.measured
        measured.wanted = True
        profile = measured.newest
        if profile is None:
            raise UserError("No step has been measured yet; the next one will be.")
        *layers, optimizer, waiting, step = usual(np.array(measured.seconds)) * 1000
        return LayerStats(
            np.asarray(layers, np.float32),
            profile.activation.astype(np.float32),
            profile.gradient.astype(np.float32),
            profile.dead.astype(np.float32),
            profile.update.astype(np.float32),
            measured.gradients.points,
            optimizer=float(optimizer),
            waiting=float(waiting) if trainer.group.size > 1 else np.nan,
            rest=max(0.0, float(step - sum(layers) - optimizer - waiting)),
            step=float(step),
        )


def usual(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the middle third of some steps (rows), by their whole time (the last column).

    As robust as the median of each column, but the columns of one step still add up.
    """
    by_length = seconds[np.argsort(seconds[:, -1], kind="stable")]
    left_out = len(seconds) // 3
    middle: NDArray[np.float64] = by_length[left_out : len(seconds) - left_out].mean(axis=0)
    return middle
