"""The status of a run, from its journal, its lock and its checkpoints."""

from __future__ import annotations

import dataclasses
import math
import shlex
from dataclasses import dataclass
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.numbers import percent, significant
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import damage_of, events_of
from tuicnn.runs.owners import user_name
from tuicnn.training.events import End, Epoch, Event, Overview, Paused, Resumed, Start, Unpaused

__all__ = [
    "ENDS",
    "JournalSummary",
    "RunSummary",
    "describe",
    "glance",
    "how_to_go_on",
    "summary",
    "unreadable",
    "why_silent",
]

#: what the journal of a run may say at its end
ENDS = ("done", "stopped", "diverged", "failed")


@dataclass(frozen=True)
class RunSummary:
    """How a run stands, from its journal and its lock. Numbers that are not known are NaN.

    `state` is `done`, `stopped`, `diverged` or `failed` where the journal has an end; otherwise `alive`, or `lost`
    where no process holds the run any more; `unknown` where its journal cannot be read. A process stays for a while
    after the end: `alive` says whether one can attach.
    """

    folder: RunFolder
    state: str
    alive: bool
    started: float  # seconds since 1970
    ended: float
    epochs: int  # completed
    epochs_planned: int | None
    best_val_accuracy: float  # 0 to 1
    test_accuracy: float
    parameters: int | None
    message: str
    trouble: str  # what of its end could not be written, as sentences
    damaged: int  # lines of the journal that cannot be read
    paused: bool  # it is alive, and waits for somebody to let it go on, say because it diverged
    saved: int | None  # steps done at the newest checkpoint, as its name tells; None where there is none
    unreadable: str = ""  # why nothing of its journal can be read
    overview: Overview | None = None  # what is trained; None where its journal does not tell
    best_val_loss: float = math.nan  # of the epoch with the best validation
    test_loss: float = math.nan

    @property
    def resumable(self) -> bool:
        """Whether it can go on to its end, from its newest checkpoint or, where it was lost early, from its start.

        One that came to its end can go there again where not all of it was saved.
        """
        return not self.alive and (
            self.state == "lost"
            or (self.state in ("stopped", "failed") and self.saved is not None)
            or (self.state == "done" and bool(self.trouble))
        )

    @property
    def ended_early(self) -> bool:
        """Whether it came to its end before its last epoch, by `train: patience`."""
        return self.state == "done" and self.epochs < (self.epochs_planned or 0)

    @property
    def damage(self) -> str:
        """What is said of a journal that cannot be read, or with lines that cannot; "" where there are none."""
        return self.unreadable or damage_of(self.folder.journal, self.damaged)

    @property
    def name(self) -> str:
        """The folder's name, `mnist-3`."""
        return self.folder.name


def summary(folder: RunFolder) -> RunSummary:
    """How a run stands. Raises `UserError` where its journal cannot be read."""
    alive = folder.alive  # before the journal is read: a run that ends in between is not taken for a lost one
    told = JournalSummary()
    for event in events_of(folder.journal, steps=False):
        told.take(event)
    return told.of(folder, alive=alive)


def glance(folder: RunFolder) -> RunSummary:
    """The summary of a run; where it cannot be read, one that says so, so that the others are listed."""
    try:
        return summary(folder)
    except UserError as error:
        return unreadable(folder, str(error))


def unreadable(folder: RunFolder, why: str) -> RunSummary:
    """The summary of a run whose journal cannot be read."""
    return dataclasses.replace(JournalSummary().of(folder, alive=folder.alive), state="unknown", unreadable=why)


class JournalSummary:
    """What the summary of a run needs of its journal, whose events are taken in order; steps change nothing of it."""

    def __init__(self) -> None:
        self.start = Start()  # the newest beginning, with the layers and settings of the run
        self.epochs: list[Epoch] = []
        self.damaged = 0
        self._end: End | None = None
        self._paused = False

    def take(self, event: Event | None) -> None:
        """Take the next event; None is a line that cannot be read."""
        match event:
            case None:
                self.damaged += 1
            case Resumed():
                known = event if event.complete else dataclasses.replace(self.start, epochs=event.epochs)
                self.start = dataclasses.replace(known, time=self.start.time, epochs=event.epochs or self.start.epochs)
                self._end, self._paused = None, False
            case Start():
                self.start, self._end, self._paused = event, None, False
            case Paused() | Unpaused():
                self._paused = isinstance(event, Paused)
            case Epoch():
                if self.epochs and self.epochs[-1].epoch >= event.epoch:  # trained or read once more
                    self.epochs = [epoch for epoch in self.epochs if epoch.epoch != event.epoch]
                self.epochs.append(event)
            case End() if event.state.final:
                self._end = event

    def of(self, folder: RunFolder, *, alive: bool) -> RunSummary:
        """How the run stands; `alive` was found before the journal was read."""
        start, end = self.start, self._end
        best = Epoch(0)
        for epoch in self.epochs:
            if epoch.better_than(best):
                best = epoch
        parameters = end.parameters if end is not None else None
        return RunSummary(
            folder=folder,
            state=end.state if end is not None else "alive" if alive else "lost",
            alive=alive,
            started=start.time if start.time is not None else _modified(folder.path / "net.net"),
            ended=_known(end.time if end is not None else None),
            epochs=max((epoch.epoch for epoch in self.epochs), default=0),
            epochs_planned=start.epochs or None,
            best_val_accuracy=best.val_accuracy,
            test_accuracy=_known(end.test_accuracy if end is not None else None),
            best_val_loss=best.val_loss,
            test_loss=_known(end.test_loss if end is not None else None),
            parameters=parameters if parameters is not None else start.parameters or None,
            message=end.message if end is not None else "",
            trouble=(end and end.trouble) or "",
            damaged=self.damaged,
            paused=self._paused and alive and end is None,
            saved=next(iter(folder.checkpoints.steps()), None),
            overview=start if start.layers else None,
        )


def describe(folder: RunFolder) -> str:
    """A run's state in a few words: `done, 3 epochs, 97.9% on the test images`."""
    try:
        run = summary(folder)
    except UserError:
        return "its journal cannot be read"
    parts = ["paused" if run.paused else run.state]
    if run.epochs:
        of = f" of {run.epochs_planned}" if run.epochs_planned and run.epochs != run.epochs_planned else ""
        parts.append(f"{run.epochs}{of} epoch{'s' * ((run.epochs_planned or run.epochs) != 1)}")
    if not math.isnan(run.test_accuracy):
        parts.append(f"{percent(run.test_accuracy)} on the test images")
    elif not math.isnan(run.best_val_accuracy):
        parts.append(f"{percent(run.best_val_accuracy)} on the validation images")
    elif not math.isnan(run.test_loss):
        parts.append(f"loss {significant(run.test_loss)} on the test images")
    elif not math.isnan(run.best_val_loss):
        parts.append(f"loss {significant(run.best_val_loss)} on the validation images")
    if run.trouble:
        parts.append("not all of it saved")
    return ", ".join(parts)


def why_silent(folder: RunFolder) -> str:
    """The message for a process that exists and does not answer."""
    holder = folder.holder
    if holder is None:
        return f"The process of the run {folder.name} does not answer; its log is {folder.log}."
    if not holder.here:
        return f"The run {folder.name} runs on the machine {holder.host}, and can be watched and controlled there only."
    if holder.is_foreign:
        name = user_name(holder.user or 0)
        return f"The run {folder.name} is trained by {name}, who alone can watch and control it; do this as {name}."
    if holder.elsewhere:
        return f"The run {folder.name} trains on a cluster, by a sweep; end the sweep to end it."
    if holder.suspended:
        return f"The process of the run {folder.name} is suspended; let it go on with: kill -CONT {holder.pid}"
    return f"The process {holder.pid} of the run {folder.name} does not answer; its log is {folder.log}."


def how_to_go_on(folder: RunFolder) -> str:
    """How a run that no process holds any more ended, and what can be done next. Raises `UserError` as `summary`."""
    run = summary(folder)
    anew = f"tuicnn {shlex.quote(str(folder.path / 'net.net'))} trains its net anew"
    if run.state == "lost":
        ended = f"The process of the run {folder.name} is gone before its end ({describe(folder)})"
    else:
        ended = f"The run {folder.name} has ended ({describe(folder)})"
    if run.ended_early and not run.trouble:
        following = f"{folder.resume} --warm begins a new run with its weights"
    elif run.state == "done" and not run.trouble:
        longer = 2 * (run.epochs_planned or run.epochs or 1)
        following = f"{folder.resume} --epochs {longer} trains it longer"
    elif run.state == "diverged":
        following = f"{folder.resume} --on-nan halve-lr goes on with a smaller learning rate"
    elif run.resumable:
        following = f"{folder.resume} goes on with it"
    else:  # it has nothing to go on from
        return f"{ended}; {anew}. Its files are in {folder.path}"
    return f"{ended}; {following}, and {anew}. Its files are in {folder.path}"


def _known(number: float | None) -> float:
    return number if number is not None else math.nan


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
