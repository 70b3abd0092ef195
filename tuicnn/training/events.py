"""What happens in a run: the journal keeps these events, and `tuicnn train --json` prints them.

In JSON an event has its kind in front: `{"event":"step","step":1,"loss":2.3,"accuracy":0.1}`. Numbers that are not
known are NaN, in JSON null. Imports nothing but the standard library: `tuicnn runs` reads journals without NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan, nan
from typing import Annotated, Any

from tuicnn.records import Between, RecordError, from_plain, to_plain
from tuicnn.training.divergence import Divergence
from tuicnn.training.options import OnNan

__all__ = [
    "Diverged",
    "End",
    "Epoch",
    "Event",
    "Imported",
    "LayerRow",
    "Machine",
    "Overview",
    "PaceChanged",
    "Paused",
    "RateChanged",
    "Reading",
    "Resumed",
    "Start",
    "State",
    "Step",
    "Unknown",
    "Unpaused",
    "WarmStart",
    "Warned",
    "WeightsRestored",
    "event_of",
    "to_dict",
]

#: a count that every program reads to the last digit
Count = Annotated[int, Between(0, (1 << 53) - 1)]
#: an accuracy; sums of single precision may come to a little more than 1
Share = Annotated[float, Between(0, 1 + 1e-6)]
#: seconds since 1970, before the year 10,000: a calendar has it
Time = Annotated[float, Between(0, 253_402_300_799 - 86_400)]


class State(StrEnum):
    """What a run is doing. The last five are final; LOST is found by whoever looks, and stands in no journal."""

    STARTING = "starting"  # reading data
    TRAINING = "training"
    PAUSED = "paused"
    VALIDATING = "validating"
    TESTING = "testing"
    DONE = "done"
    STOPPED = "stopped"  # by a person or a signal, before its end
    DIVERGED = "diverged"  # numbers became NaN or infinite
    FAILED = "failed"  # see `message`
    LOST = "lost"  # its process is gone before the end

    @property
    def final(self) -> bool:
        return self in (State.DONE, State.STOPPED, State.DIVERGED, State.FAILED, State.LOST)


@dataclass(frozen=True)
class LayerRow:
    """One layer for the table: `inputs` are indices of rows (-1: the image)."""

    name: str
    text: str
    kind: str  # the word, `conv`
    shape: tuple[int, ...]  # (C, H, W) or (V,)
    parameters: int
    macs: int
    inputs: tuple[int, ...]
    block: str = ""  # the use of a block that it came from, numbered where that is repeated: `basic 16 #2`


@dataclass(frozen=True)
class Overview:
    """What does not change during a run.

    Until the data is read, its counts are 0 and the names of its classes are not there; see `complete`.
    """

    net: str = ""  # `mnist`, the file's name without its suffix
    run: str = ""  # the run's folder, as a path; "" where there is none
    text: str = ""  # the .net text
    data: str = ""  # `mnist`
    data_spec: str = ""  # as written: `mnist val=5000`
    input: tuple[int, int, int] = (0, 0, 0)
    fit: str = "crop"  # how a picture of another size is made to fit, as in training
    border: Count = 0  # zeros around each image, as `pad=` says
    class_names: tuple[str, ...] = ()
    layers: tuple[LayerRow, ...] = ()
    loss: str = ""  # as written: `cross_entropy`
    optimizer: str = ""  # as written: `adam lr=0.001`
    schedule: str = ""
    target: str = "class"  # what the outputs are compared with: `class`, or `image`, the image itself
    augment: str = ""  # as written: `shift=2 flip=horizontal`; "" where images are trained on as they are
    test: str = ""  # as written: `flip=horizontal`; "" where test images are looked at once
    train: str = ""  # as written: `ema=0.999 patience=3`; the next three, and how often checkpoints are, apart
    epochs: Count = 0
    batch: Count = 0
    seed: int = 0
    threads: Count = 0
    parameters: Count = 0
    macs: Count = 0
    train_images: Count = 0
    val_images: Count = 0
    test_images: Count = 0
    steps_per_epoch: Count = 0
    pid: int = 0

    @property
    def complete(self) -> bool:
        """Whether the data is read, and so what depends on it is known too."""
        return self.steps_per_epoch > 0

    @property
    def steps(self) -> int:
        """Those of the whole run."""
        return self.steps_per_epoch * self.epochs


@dataclass(frozen=True)
class Machine:
    """Where a run is trained."""

    system: str = ""
    processor: str = ""
    processors: Count = 0


@dataclass(frozen=True)
class Start(Overview):
    """Training begins."""

    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Machine | None = None
    time: Time | None = None


@dataclass(frozen=True)
class _Place:
    step: Count = 0  # steps done
    epochs_done: Count = 0
    learning_rate: float = nan


@dataclass(frozen=True)
class Resumed(Start, _Place):
    """Training goes on, from a checkpoint or, where there was none yet, from its first step."""


@dataclass(frozen=True)
class Reading:
    """How much of the data is read, as a sentence; of the moment only."""

    message: str


@dataclass(frozen=True)
class WarmStart:
    """A run has begun with the weights of another one."""

    run: str
    at_step: Count
    kept: tuple[str, ...]  # names of the layers whose weights it has


@dataclass(frozen=True)
class Imported:
    """A run has begun with weights from a file."""

    file: str
    kept: tuple[str, ...]  # names of the layers whose weights are from there


@dataclass(frozen=True)
class Step:
    """A step was taken: number `step`, from 1."""

    step: Count
    loss: float = nan
    accuracy: Share = nan


@dataclass(frozen=True)
class Epoch:
    """One completed epoch; `epoch` counts from 1, `step` is the number of steps completed at its end."""

    epoch: Count
    step: Count = 0
    train_loss: float = nan
    train_accuracy: Share = nan
    val_loss: float = nan
    val_accuracy: Share = nan
    images_per_second: float = nan
    seconds: float = nan

    def better_than(self, best: Epoch) -> bool:
        """Whether its validation is better than the `best` so far: its accuracy or, where there is none, its loss."""
        if not isnan(self.val_accuracy):
            return not best.val_accuracy >= self.val_accuracy
        if isnan(self.val_loss):
            return isnan(best.val_accuracy) and isnan(best.val_loss)
        return not best.val_loss <= self.val_loss


@dataclass(frozen=True)
class Paused:
    """Training waits, after so many steps."""

    step: Count = 0


@dataclass(frozen=True)
class Unpaused:
    """Training goes on after a pause."""

    step: Count = 0


@dataclass(frozen=True)
class RateChanged:
    """The learning rate was changed, by somebody or by `schedule: plateau`, after so many steps.

    `factor` is what the schedule's is multiplied by.
    """

    step: Count
    learning_rate: float
    factor: float


@dataclass(frozen=True)
class PaceChanged:
    """Training was slowed to be watched, or not any more, after so many steps; `pace` is in steps a second, 0: full."""

    step: Count
    pace: Count


@dataclass(frozen=True, kw_only=True)
class Diverged(Divergence):
    """A step was undone, since its numbers did not stay finite."""

    action: OnNan
    learning_rate: float = nan
    message: str


@dataclass(frozen=True)
class WeightsRestored:
    """After a divergence training goes on from other weights, which `to` describes."""

    step: Count
    to: str


@dataclass(frozen=True)
class Warned:
    """Something is wrong that does not end the run. `traceback` is that of another process, for the log."""

    message: str
    traceback: str | None = None


@dataclass(frozen=True)
class End:
    """A run has ended in a final state. What is None was not known."""

    state: State
    message: str = ""
    step: Count | None = None
    test_loss: float | None = None
    test_accuracy: Share | None = None
    best_val_accuracy: Share | None = None
    best_epoch: Count | None = None
    parameters: Count | None = None
    seconds: float | None = None
    weights: bool | None = None  # whether they were saved
    trouble: str | None = None  # what could not be saved, as sentences
    time: Time | None = None


@dataclass(frozen=True)
class Unknown:
    """An event of another version of tuicnn."""

    event: str


_Course = (
    Start
    | Resumed
    | Reading
    | WarmStart
    | Imported
    | Step
    | Epoch
    | Paused
    | Unpaused
    | RateChanged
    | PaceChanged
    | End
)
Event = _Course | Diverged | WeightsRestored | Warned | Unknown

_KINDS: dict[str, type[Event]] = {
    "start": Start,
    "resumed": Resumed,
    "reading": Reading,
    "warm": WarmStart,
    "imported": Imported,
    "step": Step,
    "epoch": Epoch,
    "paused": Paused,
    "unpaused": Unpaused,
    "learning_rate": RateChanged,
    "pace": PaceChanged,
    "diverged": Diverged,
    "set_back": WeightsRestored,
    "warning": Warned,
    "end": End,
}
_NAMES = {cls: kind for kind, cls in _KINDS.items()}


def to_dict(event: Event) -> dict[str, Any]:
    """An event as plain data, its kind first."""
    return {"event": _NAMES[type(event)], **to_plain(event)}


def event_of(plain: Any) -> Event:
    """The event in plain data. Raises `RecordError` where it is none, or a value is not one that we write."""
    if not isinstance(plain, dict) or not isinstance(kind := plain.get("event"), str):
        raise RecordError("it is no event")
    return from_plain(_KINDS.get(kind, Unknown), plain)
