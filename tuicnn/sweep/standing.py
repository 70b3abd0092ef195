"""How a sweep stands, from the journals of its trials: what each came to, and how far it is to be trained."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from tuicnn.runs.catalogue import Catalogue, CataloguedRun
from tuicnn.runs.folder import RunFolder
from tuicnn.statistics import mean_interval
from tuicnn.sweep.folder import Sweep, SweepFolder, Trial
from tuicnn.sweep.halving import FAILED, Result, goals, ranked

__all__ = ["Row", "Standing", "SweepSummary", "SweepWatch", "TrialStanding"]

#: states of a run in which it comes to nothing more
_FAILED = ("diverged", "failed")


@dataclass(frozen=True)
class TrialStanding:
    """A trial, and its run as far as it has begun."""

    trial: Trial
    run: CataloguedRun | None
    again: bool  # it failed, and is to be tried once more

    @property
    def state(self) -> str:
        """That of its run (see `RunSummary`), or `waiting`."""
        return "waiting" if self.run is None or self.again else self.run.summary.state

    @property
    def failed(self) -> bool:
        """Whether it comes to nothing more."""
        return self.state in _FAILED

    @property
    def alive(self) -> bool:
        """Whether a process holds it."""
        return self.run is not None and self.run.summary.alive

    @property
    def epochs(self) -> int:
        """Those that it has."""
        return self.run.summary.epochs if self.run is not None else 0

    def accuracy(self, epoch: int) -> float | None:
        """On the validation images after an epoch, 0 to 1; None where that is not known.

        A run that ended early (`train: patience`) stays as it was then.
        """
        found = self.run.epochs if self.run is not None else ()
        last = min(epoch, self.epochs) if self.state == "done" else epoch
        return next((each.val_accuracy for each in found if each.epoch == last), None)


@dataclass(frozen=True)
class Row:
    """A variant in the table of a sweep; the mean and its 95 % interval are NaN where they are not known."""

    variant: Mapping[str, str]
    seeds: int
    epochs: int
    val_accuracy: float
    val_accuracy_interval: tuple[float, float]
    state: str  # waiting, training, pruned, done, diverged, failed
    runs: tuple[str, ...]  # folders
    message: str = ""  # why it failed


class Standing:
    """All trials at one moment, which is not kept up."""

    def __init__(self, sweep: Sweep, trials: tuple[TrialStanding, ...]) -> None:
        self.sweep, self.trials = sweep, trials
        count = len(sweep.seeds)
        self.by_variant = [trials[first : first + count] for first in range(0, len(trials), count)]
        #: by variant and rung
        self.results = [[self._result(v, rung) for rung in range(len(sweep.rungs))] for v in range(len(sweep.variants))]
        #: the rung that each variant is to be trained to
        self.goals = goals(self.results, sweep.rungs)

    def goal(self, trial: Trial) -> int:
        """The epochs that a trial is to have."""
        return self.sweep.rungs[self.goals[trial.variant]].epochs[trial.variant]

    def settled(self, standing: TrialStanding) -> bool:
        """Whether a trial is where it is to be: its goal is reached, and at its last epoch its test is over."""
        if standing.failed or standing.state == "done":
            return True
        goal = self.goal(standing.trial)
        return standing.epochs >= goal and goal < self.sweep.epochs[standing.trial.variant]

    @property
    def settled_trials(self) -> int:
        """How many trials are where they are to be."""
        return sum(map(self.settled, self.trials))

    @property
    def over(self) -> bool:
        """Whether all is trained."""
        return self.settled_trials == len(self.trials)

    @property
    def trained(self) -> list[RunFolder]:
        """The runs that have weights, in the order of the table."""
        found = [RunFolder(Path(run)) for row in self.rows for run in row.runs]
        return [run for run in found if run.checkpoints.steps()]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table: the farthest and best variants first, failed ones last. The same whatever trained them."""
        rows = [self._row(variant) for variant in range(len(self.sweep.variants))]
        accuracies = [row.val_accuracy for row in rows]
        order: list[int] = []
        for rung in reversed(range(len(self.sweep.rungs))):
            order += ranked(accuracies, [v for v in range(len(rows)) if self.goals[v] == rung and not self._failed(v)])
        order += [variant for variant in range(len(rows)) if self._failed(variant)]
        return tuple(rows[variant] for variant in order)

    def _failed(self, variant: int) -> bool:
        return any(each.failed for each in self.by_variant[variant])

    def _result(self, variant: int, rung: int) -> Result:
        epochs = self.sweep.rungs[rung].epochs[variant]
        accuracies = []
        for each in self.by_variant[variant]:
            accuracy = each.accuracy(epochs)
            if accuracy is None and each.failed:
                return FAILED
            accuracies.append(accuracy)
        known = [accuracy for accuracy in accuracies if accuracy is not None]
        return fmean(known) if len(known) == len(accuracies) else None

    def _row(self, variant: int) -> Row:
        trials = self.by_variant[variant]
        goal = self.goal(trials[0].trial)
        epochs = max(min(each.epochs, goal) for each in trials)
        found = [each.accuracy(goal) for each in trials]
        if None in found:  # on their way: as far as all of them are
            epochs = min(min(each.epochs, goal) for each in trials)
            found = [each.accuracy(epochs) for each in trials]
        known = [accuracy for accuracy in found if accuracy is not None]
        mean, interval = math.nan, (math.nan, math.nan)
        if len(known) == len(found) and not self._failed(variant):
            mean = fmean(known)
            low, high = mean_interval(known)
            interval = (max(low, 0.0), min(high, 1.0)) if len(known) > 1 else interval
        message = next((each.run.summary.message for each in trials if each.failed and each.run is not None), "")
        runs = tuple(str(each.trial.folder.path) for each in trials)
        return Row(
            self.sweep.variants[variant], len(trials), epochs, mean, interval, self._state(variant), runs, message
        )

    def _state(self, variant: int) -> str:
        trials, rung = self.by_variant[variant], self.goals[variant]
        for state in _FAILED:
            if any(each.state == state for each in trials):
                return state
        if any(each.alive and not self.settled(each) for each in trials):
            return "training"
        if not all(map(self.settled, trials)):
            return "waiting"
        if rung == len(self.sweep.rungs) - 1:
            return "done"
        judged = all(self.results[v][rung] is not None for v in range(len(self.goals)) if self.goals[v] >= rung)
        return "pruned" if judged else "waiting"


@dataclass(frozen=True)
class SweepSummary:
    """A sweep as one line in a list of runs."""

    folder: SweepFolder
    alive: bool  # a process leads it
    standing: Standing

    @property
    def state(self) -> str:
        """`done`; `alive` where a process leads it, else `lost`: it can go on."""
        return "done" if self.standing.over else "alive" if self.alive else "lost"

    @property
    def best(self) -> Row:
        """The first variant of the table."""
        return self.standing.rows[0]


class SweepWatch:
    """Looks at a sweep again and again: of a journal that has grown, only what is new is read."""

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self._catalogue = Catalogue(folder.path)

    def look(self, again: Collection[int] = ()) -> Standing:
        """How it stands now; of trials `again`, by number, it does not count that they failed."""
        return Standing(
            self.folder.sweep,
            tuple(
                TrialStanding(
                    trial,
                    self._catalogue.look(trial.folder) if trial.folder.holds_a_run else None,
                    trial.number in again,
                )
                for trial in self.folder.trials
            ),
        )

    def summary(self) -> SweepSummary:
        """The same as one line in a list of runs."""
        alive = self.folder.alive  # before the journals: a sweep that ends in between has not been left
        return SweepSummary(self.folder, alive, self.look())
