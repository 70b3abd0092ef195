"""Evaluates a run: with the weights of some moment, on a part of its data or on other data with the same classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tuicnn.errors import UserError
from tuicnn.numbers import shape
from tuicnn.runs.reopened import ReopenedRun
from tuicnn.runs.specimens import checkpoint_after, plan_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.predictions import Split
    from tuicnn.training.scores import Scores
    from tuicnn.training.trainer import Trainer

__all__ = ["EvaluatedRun", "evaluate_run"]


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """How good a run is at some moment, and on what."""

    run: str
    epoch: int
    step: int
    split: Split
    data: str | None  # where it is not the run's own, as it was written
    images: str  # a hash of the images and their classes
    views: int  # of each image, the mean of whose outputs counts
    scores: Scores
    mistakes: NDArray[np.uint8]  # (n, H, W, C): the images of the surest mistakes, as many as were asked for


def evaluate_run(
    folder: RunFolder,
    split: Split,
    *,
    epoch: int | None = None,
    data: str | None = None,
    mistakes: int = 0,
    say: Callable[[str], object] = lambda sentence: None,
    warn: Callable[[str], None] = lambda sentence: None,
) -> EvaluatedRun:
    """How good a run is at its newest checkpoint, or after an `epoch`; it may train meanwhile.

    `data` takes the place of its data set, a path or written as in a net; it is normalised as the images that were
    trained on.
    The images of so many `mistakes`, the surest ones, are kept.
    `say` is told how far the data is read, `warn` of damaged checkpoints. Raises `UserError` where there are no
    weights, or the data is not here, has changed or does not fit.
    """
    from tuicnn.training.scores import Scores

    run = ReopenedRun(folder, say, warn)
    with run.turn:
        if data is None:
            trainer = run.trainer(epoch)
            epochs = trainer.step // trainer.steps_per_epoch
        else:
            checkpoint = checkpoint_after(folder, epoch, warn)
            trainer, epochs = _on_other_data(folder, checkpoint, data), checkpoint.epochs
        found = trainer.evaluate(split, lambda share: True)
        assert found is not None
        images, labels = trainer.images_of(split)
        scores = Scores.of(found, labels, trainer.dataset.class_names)
        order = scores.answers.worst_images() if scores.of_images else scores.answers.worst()
        worst = images[order[:mistakes]]
        views = len(trainer.views_of(split).looks)
        return EvaluatedRun(folder.name, epochs, trainer.step, split, data, _hash(images, labels), views, scores, worst)


def _hash(*arrays: NDArray[Any]) -> str:
    import numpy as np

    digest = sha256()
    for array in arrays:
        digest.update(f"{array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _on_other_data(folder: RunFolder, checkpoint: Checkpoint, text: str) -> Trainer:
    """The network of a checkpoint with other data. Raises `UserError` where that is not to be had, or does not fit."""

    from tuicnn.data import DataError
    from tuicnn.language.data_text import data_named, text_of_data
    from tuicnn.training.checkpointing import revive

    plan = plan_at(folder, checkpoint, without_data=True)
    try:
        dataset = data_named(text_of_data(text)).load()
    except DataError as error:
        raise UserError(str(error)) from None
    _must_fit(dataset, checkpoint)
    return revive(plan, replace(dataset, class_names=checkpoint.class_names), checkpoint)


def _must_fit(dataset: Dataset, checkpoint: Checkpoint) -> None:
    """Raises `UserError` where images or classes are not those that the network knows."""
    height, width, channels = dataset.test_images.shape[1:]
    if (channels, height, width) != checkpoint.input:
        raise UserError(
            f"{dataset.name} has images of {shape((channels, height, width))}, "
            f"but the network takes {shape(checkpoint.input)}."
        )
    known, given = checkpoint.class_names, dataset.class_names
    numbered = given == tuple(map(str, range(len(given))))  # a data set without names of its own
    if len(given) > len(known) or not (numbered or given == known):
        raise UserError(
            f"{dataset.name} has {len(given)} classes ({_some(given)}), "
            f"but the network knows {len(known)} ({_some(known)})."
        )


def _some(names: tuple[str, ...], most: int = 5) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
