"""What a specimen needs of a run that trains: a copy of everything that its next step depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.observing.question import Question
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import named_arrays

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["AskSpecimen", "SpecimenState"]


@dataclass(frozen=True)
class SpecimenState:
    """A run between two steps: parameters, buffers and the optimizer's state, and how the next step uses them."""

    text: str  # the net
    step: int  # steps done
    epochs: int  # epochs done, perhaps but for the validation of the last
    updates: int
    rate_factor: float
    mean: tuple[float, ...]  # of the training images, for each channel
    std: tuple[float, ...]
    choices: Mapping[str, int]  # of kernels
    names: tuple[str, ...]  # of the arrays, as `Checkpoint.arrays` has them
    shapes: tuple[tuple[int, ...], ...]
    values: NDArray[np.float32]  # of all arrays, one after the other

    @property
    def checkpoint(self) -> Checkpoint:
        """The same as a checkpoint, as far as a specimen needs one."""
        ends = np.cumsum([prod(shape) for shape in self.shapes])[:-1]
        pieces = zip(self.names, np.split(self.values, ends), self.shapes, strict=True)
        return Checkpoint(
            step=self.step,
            epochs=self.epochs,
            arrays={name: piece.reshape(shape) for name, piece, shape in pieces},
            text=self.text,
            mean=self.mean,
            std=self.std,
            rate_factor=self.rate_factor,
            updates=self.updates,
            choices=self.choices,
        )


@dataclass(frozen=True)
class AskSpecimen(Question[SpecimenState]):
    """Costs a copy of the weights and of the optimizer's state; what is computed of it is up to who asks."""

    period: ClassVar[float] = 2.0  # 60 kB to some 10 MB

    def answer(self, trainer: Trainer) -> SpecimenState:
        """Never refused."""
        arrays = named_arrays(trainer.network, trainer.state)
        return SpecimenState(
            text=trainer.plan.text,
            step=trainer.step,
            epochs=trainer.step // trainer.steps_per_epoch,
            updates=trainer.updates,
            rate_factor=trainer.rate_factor,
            mean=tuple(map(float, trainer.dataset.mean)),
            std=tuple(map(float, trainer.dataset.std)),
            choices=trainer.network.choices,
            names=tuple(arrays),
            shapes=tuple(array.shape for array in arrays.values()),
            values=np.concatenate([array.ravel() for array in arrays.values()]),
        )
