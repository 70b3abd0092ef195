"""What the command line may change of a plan: `--epochs`, `--batch`, `--seed`, `--limit`, and how many threads.

Imports nothing but the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """Choices that stand above those in the file; None leaves the file's (or, for threads, the machine's)."""

    epochs: int | None = None
    batch: int | None = None
    seed: int | None = None
    limit: int | None = None
    threads: int | None = None

    def apply(self, plan: Plan) -> Plan:
        """The plan with these choices in it."""
        given = {"epochs": self.epochs, "batch": self.batch, "seed": self.seed}
        train: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        changed = replace(plan, train=replace(plan.train, **train)) if train else plan
        return changed if self.limit is None else replace(changed, data=replace(changed.data, limit=self.limit))

    def arguments(self) -> list[str]:
        """The choices as arguments of a command: `["--epochs", "3"]`."""
        given = ("epochs", "batch", "seed", "limit", "threads")
        return [
            part for name in given if (value := getattr(self, name)) is not None for part in (f"--{name}", str(value))
        ]

    def workers(self) -> int:
        """How many threads to train with: as chosen, or as many as the processors this process may use."""
        return self.threads if self.threads is not None else max(1, len(os.sched_getaffinity(0)))
