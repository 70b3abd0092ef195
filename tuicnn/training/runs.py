"""The runs of a working folder: which there are, how they stand, and which one a person means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuicnn.training.checkpoint_folder import CheckpointFolder
from tuicnn.training.files import RunError, why
from tuicnn.training.folder import RUNS, RunFolder
from tuicnn.training.journal import damage_of, read_journal

__all__ = ["RunSummary", "describe", "find_resumable", "find_run", "list_runs", "summary", "the_only_alive"]

#: what the journal of a run may say at its end
ENDS = ("done", "stopped", "diverged", "failed")


@dataclass(frozen=True)
class RunSummary:
    """How a run stands, from its journal and its lock. Numbers that are not known are NaN.

    `state` is `done`, `stopped`, `diverged` or `failed` where the journal has an end; otherwise `alive`, or `lost`
    where no process holds the run any more. A process stays for a while after the end: `alive` says
    whether one can attach.
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
    damaged: int  # lines of the journal that cannot be read
    paused: bool  # it is alive, and waits for somebody to let it go on, say because it diverged
    saved: int | None  # steps done at the newest checkpoint, as its name tells; None where there is none

    @property
    def resumable(self) -> bool:
        """Whether it can go on to its end, from its newest checkpoint or, where it was lost early, from its start."""
        return not self.alive and (
            self.state == "lost" or (self.state in ("stopped", "failed") and self.saved is not None)
        )

    @property
    def damage(self) -> str:
        """What is said of a journal with lines that cannot be read; "" where there are none."""
        return damage_of(self.folder.journal, self.damaged)

    @property
    def name(self) -> str:
        """The folder's name, `mnist-3`."""
        return self.folder.name


def summary(folder: RunFolder) -> RunSummary:
    """How a run stands. Raises `RunError` where its journal cannot be read."""
    alive = folder.alive  # before the journal is read: a run that ends in between is not taken for a lost one
    journal = read_journal(folder.journal, steps=False)
    start: dict[str, Any] = {}
    end: dict[str, Any] = {}
    epochs, accuracies, paused = 0, [], False
    for event in journal.events:
        match event["event"]:
            case "start":
                start, end, paused = event, {}, False
            case "resumed":
                start, end = {**start, "epochs": event.get("epochs", start.get("epochs"))}, {}
                paused = False
            case "paused" | "unpaused":
                paused = event["event"] == "paused"
            case "epoch":
                epochs = max(epochs, _whole(event.get("epoch")) or 0)
                accuracies.append(_number(event.get("val_accuracy")))
            case "end":
                end = event
    state = end.get("state")
    started = _number(start.get("time"))
    if math.isnan(started):
        started = _modified(folder.path / "net.net")
    planned = _whole(start.get("epochs"))
    parameters = _whole(end.get("parameters"))
    return RunSummary(
        folder=folder,
        state=state if state in ENDS else "alive" if alive else "lost",
        alive=alive,
        started=started,
        ended=_number(end.get("time")),
        epochs=epochs,
        epochs_planned=planned,
        best_val_accuracy=max((a for a in accuracies if not math.isnan(a)), default=math.nan),
        test_accuracy=_number(end.get("test_accuracy")),
        parameters=parameters if parameters is not None else _whole(start.get("parameters")),
        message=str(end.get("message") or end.get("trouble") or ""),
        damaged=journal.damaged,
        paused=paused and alive and not end,
        saved=next(iter(CheckpointFolder(folder.checkpoints).steps()), None),
    )


def describe(folder: RunFolder) -> str:
    """A run's state in a few words: `done, 3 epochs, 97.9% on the test images`."""
    try:
        run = summary(folder)
    except RunError:
        return "its journal cannot be read"
    parts = ["paused" if run.paused else run.state]
    if run.epochs:
        of = f" of {run.epochs_planned}" if run.epochs_planned and run.state != "done" else ""
        parts.append(f"{run.epochs}{of} epoch{'s' * ((run.epochs_planned or run.epochs) != 1)}")
    if not math.isnan(run.test_accuracy):
        parts.append(f"{run.test_accuracy:.1%} on the test images")
    elif not math.isnan(run.best_val_accuracy):
        parts.append(f"{run.best_val_accuracy:.1%} on the validation images")
    return ", ".join(parts)


def list_runs(parent: Path) -> list[RunSummary]:
    """The runs in `parent/runs`, the oldest first. Raises `RunError` where the folder cannot be read.

    The numbers tell the order: a clock may have been set back. Runs that have none, having been renamed, come first.
    """
    runs = parent / RUNS
    try:
        paths = [path for path in runs.iterdir() if path.is_dir() and RunFolder(path).holds_a_run]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise RunError(f"The runs in {runs} cannot be listed: {why(error)}.") from error
    return sorted((summary(RunFolder(path)) for path in paths), key=lambda run: (run.folder.number or 0, run.started))


def find_run(text: str | None, parent: Path) -> RunFolder:
    """The run that a person means: a path, a name (`mnist-3`), a number (`3`), or by None the newest that is alive.

    Raises `RunError` where there is none, or where several answer to the number.
    """
    if text is None:
        alive = [run for run in list_runs(parent) if run.alive]
        if not alive:
            raise RunError(_none_alive(parent))
        return alive[-1].folder
    runs = parent / RUNS
    if "/" not in text and text not in ("", ".", ".."):
        named = RunFolder(runs / text)
        if named.holds_a_run:
            return named
        if text.isdecimal():
            numbered = [run.folder for run in list_runs(parent) if run.folder.number == int(text)]
            if len(numbered) == 1:
                return numbered[0]
            if numbered:
                names = " and ".join(sorted(folder.name for folder in numbered))
                raise RunError(f"The number {text} is that of {names}; give the name.")
    by_path = RunFolder(Path(text))
    if text and by_path.holds_a_run:
        return by_path
    raise RunError(
        f"There is no run {text}: neither a number nor a name in {runs}, nor a folder with a run; see: tuicnn runs"
    )


def find_resumable(text: str | None, parent: Path) -> RunFolder:
    """The run that a person wants to go on with: see `find_run`; by None the newest that can. Raises `RunError`."""
    if text is not None:
        return find_run(text, parent)
    found = [run for run in list_runs(parent) if run.resumable]
    if not found:
        raise RunError(f"No run in {parent / RUNS} was left before its end; tuicnn runs lists them")
    return found[-1].folder


def the_only_alive(parent: Path) -> RunFolder:
    """The one run that is alive. Raises `RunError` where there is none, or several."""
    alive = [run.folder for run in list_runs(parent) if run.alive]
    if not alive:
        raise RunError(_none_alive(parent))
    if len(alive) > 1:
        names = " and ".join(folder.name for folder in alive)
        raise RunError(f"Several runs are alive, {names}; say which one.")
    return alive[0]


def _none_alive(parent: Path) -> str:
    return f"No run in {parent / RUNS} is alive; start one with: tuicnn nets/mnist.net"


def _number(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if good else math.nan


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
