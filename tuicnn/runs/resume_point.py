"""Where a run goes on: its newest checkpoint that fits its plan, and what its journal tells up to that."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.journal import LONG, events_of, size_of
from tuicnn.runs.journal_truncation import truncate
from tuicnn.runs.origin import ORIGIN, Origin
from tuicnn.runs.status import describe, summary
from tuicnn.system.machine import installed_memory
from tuicnn.system.printable import printable
from tuicnn.training.checkpointing import BEGINS, versions
from tuicnn.training.early_end import early_end
from tuicnn.training.events import Epoch, Paused, Resumed, Start
from tuicnn.training.fingerprints import plan_fingerprint

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.prepared import PreparedRun
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.checkpointing import ResumeState
    from tuicnn.training.options import OnNan

__all__ = ["AlreadyTrainedError", "checkpoint_for", "difference", "resume_state"]

_MOST_LINES = 60  # of a difference


class AlreadyTrainedError(UserError):
    """A run that is to begin has begun before."""


def resume_state(run: PreparedRun, on_nan: OnNan, say: Callable[[str], None]) -> ResumeState:
    """What a run knows of itself when it is trained now; the journal of one that goes on is cut off where it does.

    The caller holds the run's lock. Raises `UserError` as `checkpoint_for`, and `AlreadyTrainedError`.
    """
    folder = run.folder
    if run.resumes:
        checkpoint = checkpoint_for(run, on_nan, say)
        found = truncate(folder.journal, checkpoint, say)
        epochs = checkpoint.epochs if checkpoint is not None else 0
        folder.snapshots.remove_after(epochs)
        folder.predictions.remove_after(epochs)
        return dataclasses.replace(found, command=folder.resume)
    if any(isinstance(event, Start) for event in events_of(folder.journal, steps=False)):
        raise AlreadyTrainedError(
            f"The run {folder.name} has been trained already ({describe(folder)}); start a new one."
        )
    return BEGINS


def checkpoint_for(run: PreparedRun, on_nan: OnNan, say: Callable[[str], None]) -> Checkpoint | None:
    """The checkpoint that a run goes on from; None for its first step. Changes nothing.

    Where the number of epochs was chosen, it may be another one than before. `say` is given a line for each damaged
    checkpoint, and where the last bits may come out differently. A run that diverged goes on only where `on_nan` does
    something about it. Raises `UserError`.
    """
    folder, plan = run.folder, run.plan
    if (size := size_of(folder.journal)) > LONG:
        say(f"The journal of the run {folder.name} has {size / 1e6:,.0f} MB; reading it takes a while.")
    known = summary(folder)
    state = known.state
    if state == "diverged" and on_nan == "stop":
        raise UserError(
            f"The run {folder.name} diverged, and would again at the same step; {folder.resume} --on-nan halve-lr goes "
            "on with a smaller learning rate, and --on-nan pause lets you choose it on the screen."
        )
    checkpoint = folder.checkpoints.newest(say, lambda found: _fault_of_counts(found, plan))
    if checkpoint is None:
        had_one = state in ("done", "stopped", "diverged") or _has_had_a_checkpoint(folder)
        if had_one and not known.trouble:
            raise UserError(
                f"The run {folder.name} ({describe(folder)}) has no checkpoint to go on from in "
                f"{folder.checkpoints.path}; train its net anew with: tuicnn "
                + shlex.quote(str(folder.path / "net.net"))
            )
        say(f"The run {folder.name} has no checkpoint yet; it goes on from its first step.")
        return None
    chosen = run.options.epochs is not None
    if checkpoint.plan != plan_fingerprint(plan) or not (chosen or checkpoint.epochs_planned == plan.train.epochs):
        raise UserError(_changed(folder, checkpoint, plan))
    epochs = plan.train.epochs
    if epochs < checkpoint.epochs or epochs * checkpoint.steps_per_epoch < checkpoint.step:
        raise UserError(
            f"The run {folder.name} is beyond that: it has done {checkpoint.step:,} steps, "
            f"{checkpoint.steps_per_epoch:,} an epoch; --epochs counts from its beginning."
        )
    if state == "done" and epochs == checkpoint.epochs and not known.trouble:
        raise UserError(
            f"The run {folder.name} is {describe(folder)}; to train it longer, say how many epochs it is to have "
            f"in all: {folder.resume} --epochs {2 * checkpoint.epochs}"
        )
    if state == "done" and known.message and epochs > checkpoint.epochs and not known.trouble:
        early = early_end(plan.train.patience, checkpoint.epochs, checkpoint.best_epoch)
        if early:
            raise UserError(
                f"The run {folder.name} has nothing left to do. {early} Its net says train: patience="
                f"{plan.train.patience}; with a net without that, {folder.resume} --net NET --warm begins a new run "
                "with its weights."
            )
    now = versions()
    other = [
        f"{name} {was} is now {now.get(name, 'unknown')}"
        for name, was in checkpoint.versions.items()
        if now.get(name) != was
    ]
    if other:
        say(f"Since the run {folder.name} was begun, {' and '.join(other)}: its last bits may come out differently.")
    return checkpoint


def difference(old: str, new: str, old_name: str, new_name: str) -> str:
    """What is different between two texts, as a unified diff without its context; "" where nothing is."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, n=0, lineterm=""))
    more = [f"… and {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    return "\n".join(map(printable, [*lines[:_MOST_LINES], *more]))


def _fault_of_counts(checkpoint: Checkpoint, plan: Plan) -> str:
    """What is wrong with the counts of a checkpoint of this plan, "" for nothing; another plan's is not judged."""
    step, per_epoch, epochs = checkpoint.step, checkpoint.steps_per_epoch, checkpoint.epochs_planned
    # a step takes an image at least, and the images are in memory, a byte for each number
    most = installed_memory() // math.prod(plan.input)
    fits = checkpoint.epochs * per_epoch <= step <= epochs * per_epoch and per_epoch <= most
    if fits or checkpoint.plan != plan_fingerprint(plan):
        return ""
    return f"{step:,} steps and {checkpoint.epochs:,} epochs cannot be those of {epochs:,} epochs of the net"


def _has_had_a_checkpoint(folder: RunFolder) -> bool:
    """Whether the journal of a run without a checkpoint tells that there was one: something came after a moment at
    which one is always written.
    """
    due = False
    for event in events_of(folder.journal):
        if event is None:
            continue
        if due or (isinstance(event, Resumed) and event.step):
            return True
        due = isinstance(event, Epoch | Paused)
    return False


def _changed(folder: RunFolder, checkpoint: Checkpoint, plan: Plan) -> str:
    """What is said where a run's folder does not hold the net that it was trained with."""
    net = folder.path / "net.net"
    found = difference(checkpoint.text, plan.text, "as it was trained", str(net))
    if not found and not Origin.of(folder).known:
        return _options_lost(folder, checkpoint, plan)
    what = "has been changed since it was trained" if found else "includes a file, or was given options, that changed"
    return (
        f"The net of the run {folder.name} {what}, so the run cannot go on as it began. Put it back; or begin "
        f"a new run with the weights of the layers that are unchanged: {folder.resume} --net {net} --warm"
        + (f"\n{found}" if found else "")
    )


def _options_lost(folder: RunFolder, checkpoint: Checkpoint, plan: Plan) -> str:
    """The same where the choices that the run began with are not there any more."""
    origin = folder.path / ORIGIN
    known = {"epochs": (checkpoint.epochs_planned, plan.train.epochs), "seed": (checkpoint.seed, plan.train.seed)}
    options = "".join(f" --{name} {was}" for name, (was, now) in known.items() if was != now)
    more = "--batch or --limit" + ("" if options else ", or another one")
    return (
        f"The options that the run {folder.name} began with are not known, since {origin} is "
        f"{'damaged' if os.path.lexists(origin) else 'not there'}, and without them it would be another run. Put the "
        f"file back; or give them again: {folder.resume}{options} (and {more}, if it was given at the beginning)."
    )
