"""Compares runs: what differs between them, how good each is, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.comparison import Difference, differences
from tuicnn.runs.evaluating import EvaluatedRun, evaluate_run
from tuicnn.runs.history import read_record
from tuicnn.statistics import mcnemar

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.events import Overview
    from tuicnn.training.predictions import Split

__all__ = ["ComparedRun", "Comparison", "Pair", "compare_runs"]


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A run among those that are compared."""

    overview: Overview
    seconds: float  # of training
    evaluated: EvaluatedRun


@dataclass(frozen=True)
class Pair:
    """Two runs on the same images: how many only one of them is right on, and McNemar's p."""

    first: str
    second: str
    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs beside each other."""

    runs: tuple[ComparedRun, ...]
    differences: tuple[Difference, ...]
    pairs: tuple[Pair, ...]  # the first run with each other one, where both are on the same images

    @property
    def same_images(self) -> bool:
        """Whether all were evaluated on the same images."""
        return len(self.pairs) == len(self.runs) - 1


def compare_runs(
    folders: Sequence[RunFolder], split: Split, warn: Callable[[str], None] = lambda line: None
) -> Comparison:
    """Compare runs at their newest checkpoints, on a part of their data. Raises `UserError`, as `evaluate_run`."""
    runs = []
    for folder in folders:
        record = read_record(folder)
        if record.overview is None:
            raise UserError(f"The journal of the run {folder.name} has no beginning: it cannot be compared.")
        evaluated = evaluate_run(folder, split, warn=warn)
        runs.append(ComparedRun(record.overview, record.progress.seconds, evaluated))
    first, *others = runs
    pairs = [_pair(first.evaluated, other.evaluated) for other in others]
    return Comparison(
        tuple(runs), differences([run.overview for run in runs]), tuple(pair for pair in pairs if pair is not None)
    )


def _pair(first: EvaluatedRun, second: EvaluatedRun) -> Pair | None:
    if first.images != second.images:
        return None
    wrong, other = first.scores.answers.wrong, second.scores.answers.wrong
    only_first, only_second = int((other & ~wrong).sum()), int((wrong & ~other).sum())
    return Pair(first.run, second.run, only_first, only_second, mcnemar(only_first, only_second))
