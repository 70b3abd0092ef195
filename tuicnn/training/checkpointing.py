"""Captures a run between two steps as a checkpoint, and restores one.

Nothing that a step depends on is left out: randomness is stateless, so counts and a seed are enough for it.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.errors import UserError
from tuicnn.system.blas import blas_kernel
from tuicnn.training.averaging import LIVE
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import Epoch
from tuicnn.training.fingerprints import plan_fingerprint
from tuicnn.training.marks import Mark
from tuicnn.training.progress import Progress
from tuicnn.version import __version__

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.engine.network import Network
    from tuicnn.kernels.arrays import Array
    from tuicnn.language import Plan
    from tuicnn.training.averaging import Averaging
    from tuicnn.training.metrics import Metrics
    from tuicnn.training.trainer import Trainer

__all__ = [
    "BEGINS",
    "CheckpointReason",
    "ResumeState",
    "as_trained",
    "capture",
    "first_checkpoint",
    "named_arrays",
    "restore",
    "restore_arrays",
    "revive",
    "versions",
]


class CheckpointReason(Enum):
    """Why a checkpoint might be wanted now. The run is between two steps at each of them."""

    STEP = "after a step"
    EPOCH = "after an epoch"
    PAUSE = "paused"
    STOP = "before its end"
    ASKED = "on request"


@dataclass(frozen=True, eq=False)
class ResumeState:
    """What a run knows of itself when it goes on; the default is a run that begins."""

    checkpoint: Checkpoint | None = None  # None: it goes on from its first step
    begun: bool = False  # whether its journal has a beginning
    steps: Sequence[tuple[float, float]] = ()  # each step's loss and accuracy, up to the checkpoint
    epochs: Sequence[Epoch] = ()
    marks: Sequence[Mark] = ()
    command: str = "tuicnn resume"  # what a person types to resume the run, for messages


#: a run that begins
BEGINS = ResumeState()


def versions() -> dict[str, str]:
    """What the last bit of a result may depend on, beside the plan."""
    kernel = blas_kernel()
    return {
        "tuicnn": __version__,
        "numpy": np.__version__,
        "processor": platform.machine(),
        **({"BLAS kernel": kernel} if kernel else {}),
    }


def named_arrays(network: Network, state: Mapping[str, Array], averaging: Averaging | None = None) -> dict[str, Array]:
    """Views of a network's parameters and buffers and of its optimizer's flat `state`; see `Checkpoint.arrays`.

    With the live weights, where those of the network are their average.
    """
    arrays = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    for kind, flat in state.items():
        arrays |= {f"{name}/{kind}": view for name, view in network.store.named(flat).items()}
    return arrays if averaging is None else arrays | averaging.named()


def first_checkpoint(network: Network, plan: Plan) -> Checkpoint:
    """The checkpoint with which a training of a plan begins that has the weights of a `network` of it."""
    arrays = network.state_dict()
    if plan.train.averages:
        arrays |= {f"{name}/{LIVE}": array.copy() for name, array in arrays.items()}
    for kind, flat in plan.optimizer.state(network.store.flat).items():
        arrays |= {f"{name}/{kind}": view for name, view in network.store.named(flat).items()}
    return Checkpoint(
        step=0,
        epochs=0,
        arrays=arrays,
        text=plan.text,
        input=plan.input,
        versions=versions(),
        plan=plan_fingerprint(plan),
        seed=plan.train.seed,
        epochs_planned=plan.train.epochs,
        choices=network.choices,
    )


def capture(trainer: Trainer, data: str, progress: Progress, metrics: Metrics) -> Checkpoint:
    """The checkpoint of this moment; `data` is the data set's fingerprint.

    Its arrays are the run's own memory: they change with its next step.
    """
    plan, dataset = trainer.plan, trainer.dataset
    return Checkpoint(
        step=trainer.step,
        epochs=progress.epoch,
        arrays=named_arrays(trainer.network, trainer.state, trainer.averaging),
        text=plan.text,
        input=plan.input,
        class_names=dataset.class_names,
        mean=tuple(map(float, dataset.mean)),
        std=tuple(map(float, dataset.std)),
        versions=versions(),
        plan=plan_fingerprint(plan),
        data=data,
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
        choices=trainer.network.choices,
    )


def as_trained(dataset: Dataset, checkpoint: Checkpoint) -> Dataset:
    """A data set normalised as the images were that the weights of a checkpoint know; it may be another one."""
    if not checkpoint.mean:  # a checkpoint of before the first step
        return dataset
    mean, std = (np.array(numbers, dataset.mean.dtype) for numbers in (checkpoint.mean, checkpoint.std))
    return dataclasses.replace(dataset, mean=mean, std=std)


def restore(checkpoint: Checkpoint, trainer: Trainer, data: str, progress: Progress, resume: str) -> Progress:
    """Take a checkpoint's arrays and place; gives the progress of that moment. `resume` is the command that does so.

    Raises `UserError`, with the trainer as it was, where the checkpoint belongs to other `data` or another network.
    """
    if checkpoint.data and checkpoint.data != data:
        raise UserError(
            "The data of this run is not what it was trained on: its images or labels have changed. "
            f"With the data as it was, the run can be resumed; {resume} --warm begins a new run with its weights."
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


def revive(plan: Plan, dataset: Dataset, checkpoint: Checkpoint) -> Trainer:
    """A trainer as it was at a checkpoint, or at a snapshot: then its `state` is empty, for that is not known any more.

    Raises `UserError` where the checkpoint belongs to another network.
    """
    from tuicnn.training.trainer import Trainer

    trainer = Trainer(plan, as_trained(dataset, checkpoint), choices=checkpoint.choices)
    if not any("/" in name for name in checkpoint.arrays):
        trainer.state, trainer.averaging = {}, None
    restore_arrays(checkpoint, trainer)
    trainer.step, trainer.rate_factor = checkpoint.step, checkpoint.rate_factor
    return trainer


def restore_arrays(checkpoint: Checkpoint, trainer: Trainer) -> None:
    """Take a checkpoint's parameters, buffers and optimizer's state alone. Raises `UserError` as `restore`."""
    mine, given = named_arrays(trainer.network, trainer.state, trainer.averaging), checkpoint.arrays
    if {n: (a.shape, a.dtype) for n, a in mine.items()} != {n: (a.shape, a.dtype) for n, a in given.items()}:
        raise UserError("The checkpoint does not belong to this network or this optimizer.")
    for name, array in given.items():
        mine[name][...] = array
    trainer.updates = checkpoint.updates
    trainer.forget()
