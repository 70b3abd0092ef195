"""A specimen out of a run: its weights, an image, and the step that would come next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.data import DataError, normalise
from tuicnn.data.image_file import read_image
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_of
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import PreparedRun, plan_of
from tuicnn.specimen.specimen import Specimen
from tuicnn.specimen.training import NextStep
from tuicnn.training.checkpointing import revive
from tuicnn.training.events import End, Epoch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["checkpoint_after", "specimen_of"]


def checkpoint_after(
    folder: RunFolder, epoch: int | None = None, say: Callable[[str], None] = lambda line: None
) -> Checkpoint:
    """A run's newest checkpoint, or that after an `epoch`; the run may train meanwhile.

    Of an epoch there is mostly a snapshot only, without the optimizer's state; so it is where somebody removed all
    checkpoints. `say` is told of damaged checkpoints.
    Raises `UserError` where there is none.
    """
    if epoch is not None:
        snapshot = folder.snapshots.read(epoch)
        if snapshot.step in folder.checkpoints.steps():
            try:
                checkpoint = folder.checkpoints.read(snapshot.step)
            except UserError:  # a newer one has replaced it by now, or it is damaged
                return snapshot
            if checkpoint.epochs == epoch:
                return checkpoint
        return snapshot
    newest = folder.checkpoints.newest(say) or _newest_weights(folder)
    if newest is None:
        raise UserError(f"The run {folder.name} has no checkpoint yet; it writes one after each epoch.")
    return newest


def _newest_weights(folder: RunFolder) -> Checkpoint | None:
    """The weights that are left of a run whose checkpoints were removed. Raises `UserError`."""
    if epochs := folder.snapshots.epochs():
        return folder.snapshots.read(epochs[-1])
    step = epoch = 0
    for event in events_of(folder.journal, steps=False):
        match event:
            case Epoch():
                step, epoch = event.step, event.epoch
            case End(step=int(end), weights=True):
                step = end
    return folder.read_weights(step, epoch)


def specimen_of(folder: RunFolder, checkpoint: Checkpoint, image: int | Path = 0, label: int | None = None) -> Specimen:
    """A specimen of a run at a checkpoint, with the step that comes next.

    `image` counts the validation images; where there are none, the test images. Or it is a file (see
    `tuicnn.data.image_file`), whose `label` need not be known. Raises `UserError` where there is no such image, or the
    data is not here.
    """
    origin = Origin.of(folder)
    plan = plan_of(folder, origin, checkpoint.text)
    PreparedRun(folder, plan, origin.options).require_data()
    if label is not None and label >= plan.classes:
        raise UserError(f"There is no class {label}: the network has {plan.classes}, counted from 0.")
    try:
        pixels = read_image(image, plan.input) if isinstance(image, Path) else None
        data = plan.data.load()
    except DataError as error:
        raise UserError(str(error)) from None
    if isinstance(image, int):
        if label is not None:
            raise UserError("The label of an image of the data set is known; it is given for a file only.")
        pixels, label = _stored(data, image)
    assert pixels is not None
    trainer = revive(plan, data, checkpoint)
    x = normalise(pixels[None], data.mean, data.std, trainer.network.dtype)[:, :, 0].transpose(2, 0, 1)
    return Specimen(trainer.network, x, label, NextStep.of(trainer, trainer.state or None))


def _stored(data: Dataset, image: int) -> tuple[NDArray[np.uint8], int]:
    """A validation image, uint8 (H, W, C), and its label. Raises `UserError` where there is none of that number."""
    kind, images, labels = "validation", data.val_images, data.val_labels
    if not len(images):
        kind, images, labels = "test", data.test_images, data.test_labels
    if not 0 <= image < len(images):
        raise UserError(f"There is no image {image:,}: the data has {len(images):,} {kind} images, counted from 0.")
    return images[image], int(labels[image])
