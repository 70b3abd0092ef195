"""A specimen of a run's checkpoint: its weights, an image, and the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.data import normalise
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import PreparedRun, plan_of
from tuicnn.specimen.specimen import Specimen
from tuicnn.specimen.training import NextStep
from tuicnn.training.checkpointing import restore_arrays
from tuicnn.training.trainer import Trainer

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["newest_of", "specimen_of"]


def newest_of(folder: RunFolder, say: Callable[[str], None] = lambda line: None) -> tuple[Plan, Checkpoint]:
    """A run's newest checkpoint, and the plan that it belongs to; the run may train meanwhile.

    `say` is told of damaged checkpoints. Raises `UserError` where there is none.
    """
    checkpoint = folder.checkpoints.newest(say)
    if checkpoint is None:
        raise UserError(f"The run {folder.name} has no checkpoint yet; it writes one after each epoch.")
    return plan_of(folder, Origin.of(folder), checkpoint.text), checkpoint


def specimen_of(
    folder: RunFolder, image: int = 0, say: Callable[[str], None] = lambda line: None
) -> tuple[Specimen, Checkpoint]:
    """A specimen of a run's newest checkpoint, with the step that comes next, and the checkpoint.

    `image` counts the validation images; where there are none, the test images. Raises `UserError` as `newest_of`, and
    where there is no such image, or the data is not here.
    """
    plan, checkpoint = newest_of(folder, say)
    PreparedRun(folder, plan, Origin.of(folder).options).require_data()
    data = plan.data.load()
    kind, images, labels = "validation", data.val_images, data.val_labels
    if not len(images):
        kind, images, labels = "test", data.test_images, data.test_labels
    if not 0 <= image < len(images):
        raise UserError(f"There is no image {image:,}: the data has {len(images):,} {kind} images, counted from 0.")
    trainer = Trainer(plan, data, choices=checkpoint.choices)
    restore_arrays(checkpoint, trainer)
    trainer.step, trainer.rate_factor = checkpoint.step, checkpoint.rate_factor
    x = normalise(images[image : image + 1], data.mean, data.std, trainer.network.dtype)[:, :, 0].transpose(2, 0, 1)
    return Specimen(trainer.network, x, int(labels[image]), NextStep.of(trainer)), checkpoint
