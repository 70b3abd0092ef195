"""What happens in a sweep: `tuicnn sweep --json` prints these, one a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from tuicnn.records import to_plain
from tuicnn.sweep.standing import Row, Standing

__all__ = [
    "SweepBegan",
    "SweepEnded",
    "SweepEvent",
    "SweepTrouble",
    "TrialBegan",
    "TrialEnded",
    "TrialEpoch",
    "VariantsKept",
    "to_dict",
]  # fmt: skip


@dataclass(frozen=True)
class SweepBegan:
    """A sweep begins, or goes on."""

    folder: str
    variants: int
    seeds: int
    trials: int
    rungs: tuple[Mapping[str, int], ...]  # of each, how many `variants` come to it, and the most `epochs` there
    jobs: int


@dataclass(frozen=True)
class TrialBegan:
    """A trial begins, or goes on, up to so many epochs."""

    run: str
    variant: Mapping[str, str]
    seed: int
    until: int


@dataclass(frozen=True)
class TrialEpoch:
    """A trial has one more epoch."""

    run: str
    epoch: int
    train_loss: float = nan
    val_loss: float = nan
    val_accuracy: float = nan


@dataclass(frozen=True)
class TrialEnded:
    """A trial is where it was to be trained to, or comes to nothing more; `state` is that of its run."""

    run: str
    state: str
    epochs: int
    message: str = ""


@dataclass(frozen=True)
class VariantsKept:
    """A rung is judged: these variants are trained on, to so many epochs at most."""

    epochs: int
    variants: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class SweepTrouble:
    """Something is wrong that does not end the sweep."""

    message: str


@dataclass(frozen=True)
class SweepEnded:
    """The table, as it stands at the end, or now."""

    folder: str
    state: str  # done; training, where a process leads it; stopped, where it can go on
    trials: tuple[Row, ...]

    @classmethod
    def of(cls, folder: str, standing: Standing, *, led: bool = False) -> SweepEnded:
        """The table of a sweep; `led`: a process leads it."""
        return cls(folder, "done" if standing.over else "training" if led else "stopped", standing.rows)


SweepEvent = SweepBegan | TrialBegan | TrialEpoch | TrialEnded | VariantsKept | SweepTrouble | SweepEnded

_NAMES: dict[type[SweepEvent], str] = {
    SweepBegan: "sweep",
    TrialBegan: "trial",
    TrialEpoch: "epoch",
    TrialEnded: "trial_end",
    VariantsKept: "rung",
    SweepTrouble: "warning",
    SweepEnded: "end",
}


def to_dict(event: SweepEvent) -> dict[str, Any]:
    """An event as plain data, its kind first; an interval that is not known is null."""
    plain = {"event": _NAMES[type(event)], **to_plain(event)}
    for row in plain["trials"] if isinstance(event, SweepEnded) else ():
        for name in ("val_accuracy_interval", "val_loss_interval"):
            row[name] = None if None in row[name] else row[name]
    return plain
