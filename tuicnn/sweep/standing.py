"""How a sweep stands, from the journals of its trials: what each came to, and how far it is to be trained."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from tuicnn.runs.catalogue import Catalogue, CataloguedRun
from tuicnn.runs.folder import RunFolder
from tuicnn.statistics import mean_interval
from tuicnn.sweep.folder import Sweep, SweepFolder, Trial
from tuicnn.sweep.halving import FAILED, Result, goals, ranked
from tuicnn.training.events import Epoch

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

    def after(self, epoch: int) -> Epoch | None:
        """What an epoch came to; None where it is not trained yet.

        A run that ended early (`train: patience`) stays as it was then.
        """
        found = self.run.epochs if self.run is not None else ()
        last = min(epoch, self.epochs) if self.state == "done" else epoch
        return next((each for each in found if each.epoch == last), None)


@dataclass(frozen=True)
class Row:
    """A variant in the table of a sweep: means over its seeds and their 95 % intervals, NaN where they are not known.

    Where the target is the image there is no accuracy, and variants are judged by their loss.
    """

    variant: Mapping[str, str]
    seeds: int
    epochs: int
    val_accuracy: float
    val_accuracy_interval: tuple[float, float]
    state: str  # waiting, training, pruned, done, diverged, failed
    runs: tuple[str, ...]  # folders
    val_loss: float = math.nan
    val_loss_interval: tuple[float, float] = (math.nan, math.nan)
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
        figures = [row.val_accuracy if not math.isnan(row.val_accuracy) else -row.val_loss for row in rows]
        order: list[int] = []
        for rung in reversed(range(len(self.sweep.rungs))):
            order += ranked(figures, [v for v in range(len(rows)) if self.goals[v] == rung and not self._failed(v)])
        order += [variant for variant in range(len(rows)) if self._failed(variant)]
        return tuple(rows[variant] for variant in order)

    def _failed(self, variant: int) -> bool:
        return any(each.failed for each in self.by_variant[variant])

    def _result(self, variant: int, rung: int) -> Result:
        epochs = self.sweep.rungs[rung].epochs[variant]
        trials = self.by_variant[variant]
        found = [each.after(epochs) for each in trials]
        if any(epoch is None and each.failed for epoch, each in zip(found, trials, strict=True)):
            return FAILED
        known = [epoch for epoch in found if epoch is not None]
        if len(known) < len(found):
            return None
        accuracy = fmean(epoch.val_accuracy for epoch in known)
        return accuracy if not math.isnan(accuracy) else -fmean(epoch.val_loss for epoch in known)

    def _row(self, variant: int) -> Row:
        trials = self.by_variant[variant]
        goal = self.goal(trials[0].trial)
        epochs = max(min(each.epochs, goal) for each in trials)
        found = [each.after(goal) for each in trials]
        if None in found:  # on their way: as far as all of them are
            epochs = min(min(each.epochs, goal) for each in trials)
            found = [each.after(epochs) for each in trials]
        known = [epoch for epoch in found if epoch is not None]
        known = known if len(known) == len(found) and not self._failed(variant) else []
        accuracy, accuracies = _mean([epoch.val_accuracy for epoch in known], most=1.0)
        loss, losses = _mean([epoch.val_loss for epoch in known], most=math.inf)
        message = next((each.run.summary.message for each in trials if each.failed and each.run is not None), "")
        runs = tuple(str(each.trial.folder.path) for each in trials)
        state = self._state(variant)
        values = self.sweep.variants[variant]
        return Row(values, len(trials), epochs, accuracy, accuracies, state, runs, loss, losses, message)

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


def _mean(values: Sequence[float], most: float) -> tuple[float, tuple[float, float]]:
    """The mean of values from 0 to `most`, and its 95 % interval, cut at these; NaN where it is not known."""
    if not values or any(map(math.isnan, values)):
        return math.nan, (math.nan, math.nan)
    low, high = mean_interval(values)
    return fmean(values), (max(low, 0.0), min(high, most)) if len(values) > 1 else (low, high)


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
