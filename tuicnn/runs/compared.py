"""Compares runs: what differs between them, how good each is, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.comparison import Difference, differences, seed_groups
from tuicnn.runs.evaluating import EvaluatedRun, evaluate_run
from tuicnn.runs.history import read_record
from tuicnn.statistics import WelchTest, mcnemar, mean_interval, welch

if TYPE_CHECKING:
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.events import Epoch, Overview
    from tuicnn.training.predictions import Split

__all__ = ["ComparedRun", "Comparison", "OverSeeds", "Pair", "SeedGroup", "compare_runs"]


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A run among those that are compared."""

    overview: Overview
    seconds: float  # of training
    epochs: tuple[Epoch, ...]
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
class SeedGroup:
    """Runs of the same net and settings from different seeds. Of one seed the first run alone is here."""

    runs: tuple[ComparedRun, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its runs."""
        return tuple(run.evaluated.run for run in self.runs)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """One of each seed."""
        return tuple(run.evaluated.scores.accuracy for run in self.runs)

    @property
    def mean(self) -> float:
        """The mean accuracy over the seeds."""
        return sum(self.accuracies) / len(self.runs)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean over all seeds, of which these are a sample, cut at 0 and 1; NaN of one."""
        low, high = mean_interval(self.accuracies)
        return (max(low, 0.0), min(high, 1.0)) if len(self.accuracies) > 1 else (low, high)


@dataclass(frozen=True)
class OverSeeds:
    """Two groups by the names of their first runs, and whether they differ over the seeds."""

    first: str
    second: str
    test: WelchTest


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs beside each other."""

    runs: tuple[ComparedRun, ...]
    differences: tuple[Difference, ...]
    pairs: tuple[Pair, ...]  # the first run with each other one, where both are on the same images
    groups: tuple[SeedGroup, ...]

    @property
    def over_seeds(self) -> tuple[OverSeeds, ...]:
        """The first group of several seeds with each other one of several."""
        several = [group for group in self.groups if len(group.runs) > 1]
        return tuple(
            OverSeeds(several[0].names[0], other.names[0], welch(several[0].accuracies, other.accuracies))
            for other in several[1:]
        )

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
        if record.overview.target != "class":
            raise UserError(
                f"The target of {folder.name} is the image, so that none of its images is right or wrong: see how good "
                f"it is with tuicnn eval {folder.name}"
            )
        evaluated = evaluate_run(folder, split, warn=warn)
        epochs = record.history(record.progress.steps, 0).epochs
        runs.append(ComparedRun(record.overview, record.progress.seconds, epochs, evaluated))
    first, *others = runs
    pairs = [_pair(first.evaluated, other.evaluated) for other in others]
    overviews = [run.overview for run in runs]
    return Comparison(
        tuple(runs),
        differences(overviews),
        tuple(pair for pair in pairs if pair is not None),
        tuple(_group([runs[index] for index in group]) for group in seed_groups(overviews)),
    )


def _group(runs: Sequence[ComparedRun]) -> SeedGroup:
    """Runs that are the same but for their seed: what a seed gives twice is no second sample."""
    by_seed: dict[int, ComparedRun] = {}
    for run in runs:
        by_seed.setdefault(run.overview.seed, run)
    return SeedGroup(tuple(by_seed.values()))


def _pair(first: EvaluatedRun, second: EvaluatedRun) -> Pair | None:
    if first.images != second.images:
        return None
    wrong, other = first.scores.answers.wrong, second.scores.answers.wrong
    only_first, only_second = int((other & ~wrong).sum()), int((wrong & ~other).sum())
    return Pair(first.run, second.run, only_first, only_second, mcnemar(only_first, only_second))
