"""Begins a run with weights that come from another program."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.data import DataError
from tuicnn.errors import UserError
from tuicnn.exchange.matching import Match, match
from tuicnn.exchange.weights_file import Known, read_weights
from tuicnn.numbers import counted
from tuicnn.runs.prepared import NetFile, PreparedRun, begin
from tuicnn.runs.recorder import Recorder
from tuicnn.training.checkpointing import CheckpointReason, as_trained, first_checkpoint
from tuicnn.training.events import End, Imported, Start, State
from tuicnn.training.fingerprints import data_fingerprint
from tuicnn.training.overview import overview_of
from tuicnn.training.trainer import Trainer

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.engine.evaluation import Evaluation
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["ImportedRun", "Normalisation", "import_weights"]

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Normalisation:
    """How images are normalised, (pixels / 255 - mean) / std, and who says so: you, the file, or the data."""

    mean: Numbers
    std: Numbers
    source: str


@dataclass(frozen=True, eq=False)
class ImportedRun:
    """A run that has its weights from elsewhere, where these are from, and how good they are on its test images."""

    run: PreparedRun
    match: Match
    normalisation: Normalisation
    test_loss: float
    test_accuracy: float
    images: int


def import_weights(
    path: Path,
    net: NetFile,
    *,
    mean: Numbers | None = None,
    std: Numbers | None = None,
    partial: bool = False,
    folder: Path | None = None,
    parent: Path | None = None,
) -> ImportedRun:
    """Begin a run of a net with the weights of a file; see `begin` for where it is. It waits to be resumed.

    `mean` and `std`, of each channel, are what the images were normalised with; without them the file tells it, or else
    those of the data's training images are taken. Where `partial`, layers that the file has nothing for begin anew.
    Raises `UserError`, with nothing left behind.
    """
    plan, file = net.plan, read_weights(path)
    found = match(plan, file, partial=partial)
    try:
        dataset = plan.data.load()
    except DataError as error:
        raise UserError(str(error)) from None
    _require_classes(dataset, file.known, path)
    normalisation = _normalisation(plan, dataset, file.known, mean, std)
    trainer = Trainer(plan, dataset)
    weights = {**trainer.network.state_dict(), **found.arrays}
    trainer.network.load_state_dict(weights)
    checkpoint = dataclasses.replace(
        first_checkpoint(trainer.network, plan),
        class_names=dataset.class_names,
        mean=normalisation.mean,
        std=normalisation.std,
        data=data_fingerprint(dataset),
        steps_per_epoch=trainer.steps_per_epoch,
    )
    trainer.dataset = as_trained(dataset, checkpoint)
    scores = trainer.evaluate("test", lambda share: True)
    assert scores is not None
    run = begin(net, folder=folder, parent=parent)
    try:
        _record(run, checkpoint, trainer, scores, found, path)
    except BaseException:
        run.folder.remove()
        raise
    images = len(dataset.test_images)
    return ImportedRun(run, found, normalisation, scores.loss, scores.accuracy, images)


def _record(
    run: PreparedRun, checkpoint: Checkpoint, trainer: Trainer, scores: Evaluation, found: Match, path: Path
) -> None:
    """Write the journal of a run that stopped before its first step, its checkpoint and weights. Raises `UserError`."""
    overview = overview_of(run.plan, trainer.dataset, trainer.steps_per_epoch, threads=1, run=str(run.folder.path))
    with run.folder.lock():
        recorder = Recorder(lambda: run.folder, lambda: checkpoint, every=0.0)
        recorder.note(Imported(str(path), tuple(each.layer for each in found.layers)))
        recorder.note(Start(**vars(overview)))
        recorder.offer_checkpoint(CheckpointReason.STOP)
        end = End(
            State.STOPPED,
            step=0,
            test_loss=scores.loss if len(scores.predictions) else None,
            test_accuracy=scores.accuracy if len(scores.predictions) else None,
            parameters=run.plan.parameters,
        )
        recorder.note(end)
        trouble = recorder.unsaved(State.STOPPED)
        recorder.close()
    if trouble:
        raise UserError(trouble)


def _require_classes(dataset: Dataset, known: Known, path: Path) -> None:
    """Raises `UserError` where the outputs of the file's network stand for other classes than those of the data."""
    names = known.class_names
    numbered = tuple(map(str, range(len(dataset.class_names))))
    if names and names != dataset.class_names and numbered not in (names, dataset.class_names):
        raise UserError(
            f"The weights in {path} know the classes {', '.join(names)}, in this order, "
            f"but {dataset.name} has {', '.join(dataset.class_names)}."
        )


def _normalisation(
    plan: Plan, dataset: Dataset, known: Known, mean: Numbers | None, std: Numbers | None
) -> Normalisation:
    """Raises `UserError` where what was given is no normalisation of the data's images."""
    channels = plan.input[0]
    if mean is None and std is None:
        if len(known.mean) == len(known.std) == channels and min(known.std) > 0:
            return Normalisation(known.mean, known.std, "the file")
        return Normalisation(tuple(map(float, dataset.mean)), tuple(map(float, dataset.std)), "the data")
    for option, given, example in (("--mean", mean, 0.5), ("--std", std, 0.25)):
        wanted = ",".join([str(example)] * channels)
        if given is None:
            raise UserError(f"--mean and --std belong together: add {option} {wanted}")
        if len(given) != channels or not np.isfinite(given).all() or (option == "--std" and min(given) <= 0):
            above = " above 0" if option == "--std" else ""
            raise UserError(
                f"{option} has {counted(channels, 'number')}{above} for images of {counted(channels, 'channel')}, of "
                f"pixels from 0 to 1: {option} {wanted}"
            )
    assert mean is not None
    assert std is not None
    return Normalisation(mean, std, "you")
