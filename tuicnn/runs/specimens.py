"""The saved weights of a run: of its newest moment, or of a past epoch; and the net that they are of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_of
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import plan_of
from tuicnn.training.events import End, Epoch
from tuicnn.training.fingerprints import plan_fingerprint

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["checkpoint_after", "plan_at"]


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


def plan_at(folder: RunFolder, checkpoint: Checkpoint, *, without_data: bool = False) -> Plan:
    """The plan that a checkpoint was trained with; `without_data`, also where its data is not here any more.

    Raises `UserError` where it is not to be had any more.
    """
    known: dict[str, Any] = {}
    if without_data:
        (channels, height, width), names = checkpoint.input, checkpoint.class_names
        known = {"input": (channels, height, width), "classes": len(names)}
    plan = plan_of(folder, Origin.of(folder), checkpoint.text, **known)
    if checkpoint.plan not in ("", plan_fingerprint(plan)):
        raise UserError(
            f"The net of the run {folder.name} includes a file, or was given options, that changed since it was "
            "trained; with these as they were, its numbers open again."
        )
    return plan
