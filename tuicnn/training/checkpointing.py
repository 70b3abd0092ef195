"""The moments at which a run can be put down, and how it is put down and taken up again.

Nothing that a step depends on is left out: randomness is stateless, so the numbers of the place are enough for it.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

import tuicnn
from tuicnn.errors import UserError
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import Epoch
from tuicnn.training.fingerprints import data_fingerprint, layout_fingerprint, plan_fingerprint
from tuicnn.training.progress import NAN, Progress
from tuicnn.training.soundness import fault_of_arrays

if TYPE_CHECKING:
    from tuicnn.training.metrics import Metrics
    from tuicnn.training.trainer import Trainer

__all__ = ["Identity", "Moment", "Past", "epoch_of", "restore", "restore_arrays", "take", "versions"]


class Moment(Enum):
    """Why a checkpoint might be wanted now. The run is between two steps at each of them."""

    STEP = "after a step"
    EPOCH = "after an epoch"
    PAUSE = "paused"
    STOP = "before its end"
    ASKED = "somebody asked"


@dataclass(frozen=True, eq=False)
class Past:
    """What a run that goes on knows of itself: its checkpoint (None: it goes on from its first step), its journal."""

    checkpoint: Checkpoint | None = None
    begun: bool = True  # False where its journal has no beginning yet
    steps: Sequence[tuple[float, float]] = ()  # each step's loss and accuracy, up to the checkpoint
    epochs: Sequence[Epoch] = ()


@dataclass(frozen=True)
class Identity:
    """Fingerprints of what does not change during a run."""

    plan: str
    layout: str
    data: str

    @classmethod
    def of(cls, trainer: Trainer) -> Identity:
        """Those of a trainer's plan, network and data."""
        return cls(
            plan_fingerprint(trainer.plan), layout_fingerprint(trainer.network), data_fingerprint(trainer.dataset)
        )


def versions() -> dict[str, str]:
    """What the last bit of a result may depend on, beside the plan."""
    return {"tuicnn": tuicnn.__version__, "numpy": np.__version__, "processor": platform.machine()}


def take(trainer: Trainer, identity: Identity, progress: Progress, metrics: Metrics) -> Checkpoint:
    """The checkpoint of this moment. Its arrays are the run's own: they change with its next step."""
    store, plan = trainer.network.store, trainer.plan
    return Checkpoint(
        step=trainer.step,
        epochs=progress.epoch,
        weights=store.flat,
        kept=store.flat_buffers,
        optimizer=dict(trainer.state),
        text=plan.text,
        plan=identity.plan,
        layout=identity.layout,
        data=identity.data,
        seed=plan.train.seed,
        epochs_planned=plan.train.epochs,
        steps_per_epoch=trainer.steps_per_epoch,
        rate_factor=trainer.rate_factor,
        updates=trainer.updates,
        tally=metrics.tally,
        smoothed=metrics.smoothed,
        seconds=progress.seconds,
        evaluation_seconds=metrics.evaluation_seconds,
        val_loss=progress.val_loss,
        val_accuracy=progress.val_accuracy,
        best_val_accuracy=progress.best_val_accuracy,
        best_epoch=progress.best_epoch,
        best_step=metrics.best_step,
        versions=versions(),
        choices=trainer.network.choices,
    )


def restore(checkpoint: Checkpoint, trainer: Trainer, identity: Identity, progress: Progress, resume: str) -> Progress:
    """Take a checkpoint's arrays and place; gives the progress of that moment. `resume` is the command that does so.

    Raises `UserError`, with the trainer as it was, where the checkpoint belongs to other data or another network.
    """
    if checkpoint.data and checkpoint.data != identity.data:
        raise UserError(
            "The data of this run is not what it was trained on: its images or labels have changed. "
            f"With the data as it was, the run can be resumed; {resume} --warm begins a new run with its weights."
        )
    if checkpoint.layout != identity.layout:
        raise UserError(
            "The checkpoint was written by another version of tuicnn, which keeps weights in another order; "
            "resume the run with the version that began it."
        )
    restore_arrays(checkpoint, trainer)
    trainer.step, trainer.rate_factor = checkpoint.step, checkpoint.rate_factor
    return dataclasses.replace(
        progress,
        step=checkpoint.step,
        epoch=checkpoint.epochs,
        seconds=checkpoint.seconds,
        val_loss=checkpoint.val_loss,
        val_accuracy=checkpoint.val_accuracy,
        best_val_accuracy=checkpoint.best_val_accuracy,
        best_epoch=checkpoint.best_epoch,
        saved=checkpoint.step,
    )


def restore_arrays(checkpoint: Checkpoint, trainer: Trainer) -> None:
    """Take a checkpoint's weights, running statistics and optimizer's state alone. Raises `UserError` as `restore`."""
    store = trainer.network.store
    pairs: list[tuple[Any, Any]] = [(store.flat, checkpoint.weights), (store.flat_buffers, checkpoint.kept)]
    kept = trainer.state
    pairs += [(kept.get(name), array) for name, array in checkpoint.optimizer.items()]
    fitting = all(to is not None and to.shape == array.shape and to.dtype == array.dtype for to, array in pairs)
    if kept.keys() != checkpoint.optimizer.keys() or not fitting:
        raise UserError("The checkpoint does not belong to this network or this optimizer.")
    if wrong := fault_of_arrays(checkpoint, trainer.plan):
        raise UserError(f"The checkpoint after step {checkpoint.step:,} is damaged: {wrong}.")
    for to, array in pairs:
        np.copyto(to, array)
    trainer.updates = checkpoint.updates


def epoch_of(event: dict[str, Any]) -> Epoch:
    """An epoch out of the journal; what is missing is NaN."""
    values: dict[str, Any] = {}
    for f in dataclasses.fields(Epoch):
        value = event.get(f.name)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        values[f.name] = (int(value or 0) if good else 0) if f.type == "int" else (float(value or 0) if good else NAN)
    return Epoch(**values)
