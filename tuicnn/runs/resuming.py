"""From which checkpoint a run goes on, and whether it may: its plan, its data and its end decide."""

from __future__ import annotations

import difflib
import math
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.checkpoint_folder import CheckpointFolder
from tuicnn.runs.journal import LONG, events_of, size_of
from tuicnn.runs.journal_truncation import rewind
from tuicnn.runs.origin import ORIGIN, Origin
from tuicnn.runs.status import describe, summary
from tuicnn.system.machine import installed_memory
from tuicnn.system.printable import printable
from tuicnn.training.checkpointing import versions
from tuicnn.training.events import Epoch, Paused, Resumed
from tuicnn.training.fingerprints import plan_fingerprint
from tuicnn.training.options import ON_NAN_ALONE

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.checkpointing import Past
    from tuicnn.training.options import OnNan, Options

__all__ = ["checkpoint_for", "difference", "plan_of", "plan_of_text", "take_up"]

_MOST_LINES = 60  # of a difference


def plan_of(folder: RunFolder, options: Options, path: Path | None) -> Plan:
    """The checked plan of a run's net, with the options in it; `path`: where the net came from. Raises `UserError`."""
    return plan_of_text(folder.text, folder, options, path)


def plan_of_text(text: str, folder: RunFolder, options: Options, path: Path | None) -> Plan:
    """The same of another text in the net's place, say a checkpoint's. Raises `UserError`."""
    from tuicnn.language import check

    checked = check(text, name=path.stem if path else folder.net, path=path)
    if checked.plan is None or not checked.ok:
        first = next((d.message for d in checked.diagnostics if d.severity == "error"), "it has problems")
        see = f"{' See' if first.endswith(('?', '.')) else '; see'}: tuicnn check {folder.path}/net.net"
        raise UserError(f"The net of the run {folder.name} cannot be trained: {first}{see}")
    return options.apply(checked.plan)


def checkpoint_for(
    folder: RunFolder, plan: Plan, *, longer: bool, say: Callable[[str], None], on_nan: OnNan = ON_NAN_ALONE
) -> Checkpoint | None:
    """The checkpoint that a run goes on from; None for its first step. Changes nothing.

    `longer` says that the number of epochs was chosen, and may be another one than before. `say` is given a line for
    each damaged checkpoint, and where the last bits may come out differently. A run that diverged goes on only where
    `on_nan` does something about it. Raises `UserError`.
    """
    if (size := size_of(folder.journal)) > LONG:
        say(f"The journal of the run {folder.name} has {size / 1e6:,.0f} MB; reading it takes a while.")
    run = summary(folder)
    state = run.state
    if state == "diverged" and on_nan == "stop":
        raise UserError(
            f"The run {folder.name} diverged, and would again at the same step; {folder.resume} --on-nan halve-lr goes "
            "on with a smaller learning rate, and --on-nan pause lets you choose it on the screen."
        )
    checkpoint = CheckpointFolder(folder.checkpoints).newest(say, lambda found: _fault_of_counts(found, plan))
    if checkpoint is None:
        had_one = state in ("done", "stopped", "diverged") or _has_had_a_checkpoint(folder)
        if had_one and not run.trouble:
            raise UserError(
                f"The run {folder.name} ({describe(folder)}) has no checkpoint to go on from in {folder.checkpoints}; "
                f"train its net anew with: tuicnn {shlex.quote(str(folder.path / 'net.net'))}"
            )
        say(f"The run {folder.name} has no checkpoint yet; it goes on from its first step.")
        return None
    if checkpoint.plan != plan_fingerprint(plan) or not (longer or checkpoint.epochs_planned == plan.train.epochs):
        raise UserError(_changed(folder, checkpoint, plan))
    epochs = plan.train.epochs
    if epochs < checkpoint.epochs or epochs * checkpoint.steps_per_epoch < checkpoint.step:
        raise UserError(
            f"The run {folder.name} is beyond that: it has done {checkpoint.step:,} steps, "
            f"{checkpoint.steps_per_epoch:,} an epoch; --epochs counts from its beginning."
        )
    if state == "done" and epochs == checkpoint.epochs and not run.trouble:
        raise UserError(
            f"The run {folder.name} is {describe(folder)}; to train it longer, say how many epochs it is to have "
            f"in all: {folder.resume} --epochs {2 * checkpoint.epochs}"
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


def take_up(
    folder: RunFolder, plan: Plan, *, longer: bool, say: Callable[[str], None], on_nan: OnNan = ON_NAN_ALONE
) -> Past:
    """What a run that goes on knows of itself; its journal is cut off where it goes on. Raises `UserError`.

    The caller holds the run's lock.
    """
    return rewind(folder.journal, checkpoint_for(folder, plan, longer=longer, say=say, on_nan=on_nan), say)


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
