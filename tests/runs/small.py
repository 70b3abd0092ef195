"""Runs of small nets on made-up images, trained here and now, and what is left of them when they are killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_of
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import PreparedRun, plan_of
from tuicnn.runs.resume_point import resume_state
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import End, Epoch, Event, Step, to_dict
from tuicnn.training.options import OnNan, Options
from tuicnn.worker.runner import Run

__all__ = [
    "NET",
    "RECIPE",
    "SGD",
    "a_run",
    "checkpoint_of",
    "killed_after_each_event",
    "made_data",
    "same",
    "story",
    "train",
]

#: all that keeps something from step to step: running statistics, masks, augmentation, a schedule
NET = """\
data: npz "{data}" val=10
{optim}
schedule: cosine warmup=1
augment: shift=1
train: epochs=2 batch=20 seed=4
conv 3 3x3 pad=1 -> batchnorm -> relu -> dropout 0.3 -> flatten -> dense 3
"""

#: the same with what a recipe may say of first weights, rates and images
RECIPE = (
    NET.replace("shift=1", "shift=1 fill=reflect flip=alternate")
    .replace("seed=4", "seed=4 lookahead=2 alpha=falling")
    .replace("conv 3 3x3 pad=1", "conv 3 3x3 pad=1 init=whiten freeze=weight bias_rate=2")
)

#: an optimizer with all that it can have
SGD = "optim: sgd lr=0.05 momentum=0.9 nesterov=true decay=0.001"
#: what no two runs have in common: when it was, and how long it took
T = TypeVar("T")
_CLOCKS = ("time", "seconds", "images_per_second", "run", "pid", "threads")


def made_data(folder: Path, seed: int = 0) -> Path:
    """A file of 60 training, 10 validation and 12 test images, 8x8, of three classes."""
    rng = np.random.default_rng(seed)
    path = folder / "d.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 255, (70, 8, 8), dtype=np.uint8),
        y_train=np.arange(70) % 3,
        x_test=rng.integers(0, 255, (12, 8, 8), dtype=np.uint8),
        y_test=np.arange(12) % 3,
    )
    return path


def a_run(parent: Path, optim: str = SGD, net: str = NET) -> RunFolder:
    """A run that is to begin, on data of its own in the same folder."""
    return create_run(parent, "small", net.format(data=made_data(parent), optim=optim))


def train(
    folder: RunFolder,
    *,
    resume: bool = False,
    threads: int = 1,
    every: float = 1e-9,
    options: Options | None = None,
    on_nan: OnNan = "stop",
    report: Callable[[Run, Event], object] = lambda run, event: None,
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Train a run to its end, with a checkpoint after each step; `report` is given each event."""
    chosen = replace(options or Options(), threads=threads)
    with folder.lock():
        plan = plan_of(folder, Origin(options=chosen))
        plan = replace(plan, train=replace(plan.train, checkpoint=every))
        prepared = PreparedRun(folder, plan, chosen, resume)

        def tell(event: Event) -> None:
            report(run, event)

        run = Run(prepared, on_nan, resume_state(prepared, on_nan, say), report=tell)
        run.train()
        run.close()
    return run


def stop_after(step: int) -> Callable[[Run, Event], None]:
    """For `train`: what stops a run after a step."""

    def stop(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == step:
            run.act("stop")

    return stop


def killed_after_each_event(
    folder: RunFolder, report: Callable[[Run, Event], object] = lambda run, event: None, **more: Any
) -> list[tuple[str, RunFolder]]:
    """Train a run, and copy its folder at each event: what SIGKILL would have left at that moment."""
    left: list[tuple[str, RunFolder]] = []

    def copy(run: Run, event: Event) -> None:
        report(run, event)
        path = folder.path.with_name(f"{folder.name}-killed-{len(left)}")
        shutil.copytree(folder.path, path)
        left.append((kinds([event])[0], RunFolder(path)))

    train(folder, report=copy, **more)
    return left


def checkpoint_of(folder: RunFolder) -> Checkpoint:
    """Its newest checkpoint."""
    found = folder.checkpoints.newest(lambda line: None)
    assert found is not None
    return found


def same(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints hold the same bits, apart from times."""
    numbers = ("step", "epochs", "best_epoch", "best_step", "best_val_accuracy", "val_loss", "smoothed", "rate_factor")
    arrays = [{name: array.tobytes() for name, array in each.arrays.items()} for each in (one, other)]
    return arrays[0] == arrays[1] and all(getattr(one, name) == getattr(other, name) for name in numbers)


@dataclass(frozen=True)
class JournalRead:
    """What a journal says, and how many lines could not be read."""

    events: list[Event]
    damaged: int


def read_journal(path: Path, *, steps: bool = True) -> JournalRead:
    """All of a journal."""
    found = list(events_of(path, steps=steps))
    return JournalRead([event for event in found if event is not None], found.count(None))


def kinds(events: list[Event]) -> list[str]:
    """What events are called in the journal."""
    return [to_dict(event)["event"] for event in events]


def of(events: list[Event], kind: type[T]) -> list[T]:
    """Those of a kind."""
    return [event for event in events if isinstance(event, kind)]


def story(folder: RunFolder) -> list[dict[str, Any]]:
    """What the journal tells of steps, epochs and the end, apart from times."""
    return [
        {name: value for name, value in to_dict(event).items() if name not in _CLOCKS}
        for event in read_journal(folder.journal).events
        if isinstance(event, Step | Epoch | End)
    ]
