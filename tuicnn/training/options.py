"""What the command line may change of a plan: `--epochs`, `--batch`, `--seed`, `--limit`; and how it is trained.

Imports no more than the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from tuicnn.limits import BATCH, EPOCHS, LIMIT, SEED, THREADS
from tuicnn.system.machine import processors

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["ON_NAN", "ON_NAN_ALONE", "ON_NAN_WATCHED", "OnNan", "Options"]

#: what a run does where its numbers become NaN or infinite, once the step is undone
OnNan = Literal["stop", "pause", "halve-lr"]
ON_NAN: tuple[OnNan, ...] = get_args(OnNan)
#: what is usual where a screen may watch, and in a command that trains by itself
ON_NAN_WATCHED: OnNan = "pause"
ON_NAN_ALONE: OnNan = "stop"


@dataclass(frozen=True)
class Options:
    """Choices that stand above those in the file; None leaves the file's, or what is usual."""

    epochs: Annotated[int, EPOCHS] | None = None
    batch: Annotated[int, BATCH] | None = None
    seed: Annotated[int, SEED] | None = None
    limit: Annotated[int, LIMIT] | None = None
    threads: Annotated[int, THREADS] | None = None
    on_nan: OnNan | None = None

    def apply(self, plan: Plan) -> Plan:
        """The plan with these choices in it."""
        given = {"epochs": self.epochs, "batch": self.batch, "seed": self.seed}
        train: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        changed = replace(plan, train=replace(plan.train, **train)) if train else plan
        return changed if self.limit is None else replace(changed, data=replace(changed.data, limit=self.limit))

    def overridden_by(self, other: Options) -> Options:
        """These choices, with another's in their place where it has some."""
        return replace(self, **{name: value for name, value in vars(other).items() if value is not None})

    @classmethod
    def changed(cls, before: Plan, after: Plan) -> Options:
        """What a text says otherwise than it did before; it is meant, whatever was chosen for the former text."""
        told = {name: getattr(after.train, name) for name in ("epochs", "batch", "seed")}
        found: dict[str, Any] = {name: now for name, now in told.items() if now != getattr(before.train, name)}
        limits = [getattr(plan.data, "limit", None) for plan in (before, after)]
        return cls(**found, limit=limits[1] if limits[0] != limits[1] else None)

    def workers(self) -> int:
        """How many threads to train with: as chosen, or as many as the processors this process may use."""
        return self.threads if self.threads is not None else processors()
