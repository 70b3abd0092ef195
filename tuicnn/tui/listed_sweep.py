"""A sweep as a line among runs, with the curve of its best variant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from tuicnn.numbers import counted
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import RunSummary
from tuicnn.sweep.standing import SweepSummary, TrialStanding
from tuicnn.training.events import Epoch

__all__ = ["ListedSweep", "mean_epochs"]


@dataclass(frozen=True)
class ListedSweep(CataloguedRun):
    """A sweep as a run: its best variant's epochs, mean accuracy and curve."""

    found: SweepSummary

    @classmethod
    def of(cls, found: SweepSummary) -> ListedSweep:
        """How a sweep stands."""
        best, standing = found.best, found.standing
        runs = set(best.runs)
        trials = [each for each in standing.trials if str(each.trial.folder.path) in runs]
        return cls(
            RunSummary(
                folder=RunFolder(found.folder.path),
                state=found.state,
                alive=found.alive,
                started=found.folder.sweep.started,
                ended=math.nan,
                epochs=best.epochs,
                epochs_planned=max(standing.sweep.epochs),
                best_val_accuracy=best.val_accuracy,
                best_val_loss=best.val_loss,
                test_accuracy=math.nan,
                parameters=None,
                message="",
                trouble="",
                damaged=0,
                paused=False,
                saved=None,
            ),
            mean_epochs(trials),
            found,
        )

    @property
    def told(self) -> str:
        """What it is, in a line."""
        standing = self.found.standing
        settled, trials = standing.settled_trials, counted(len(standing.trials), "trial")
        of = trials if settled == len(standing.trials) else f"{settled} of {trials}"
        return f"sweep: {counted(len(standing.sweep.variants), 'variant')}, {of}"

    def same(self, other: ListedSweep) -> bool:
        """Whether nothing has changed: what was read of a run that has not is the same object."""
        before, now = self.found.standing.trials, other.found.standing.trials
        return self.found.alive == other.found.alive and all(
            one.run is two.run for one, two in zip(before, now, strict=True)
        )


def mean_epochs(trials: Sequence[TrialStanding]) -> tuple[Epoch, ...]:
    """The epochs that all trials of a variant have, with the means of their figures."""
    found = [each.run.epochs if each.run is not None else () for each in trials]
    return tuple(
        Epoch(
            epochs[0].epoch,
            train_loss=fmean(each.train_loss for each in epochs),
            val_loss=fmean(each.val_loss for each in epochs),
            val_accuracy=fmean(each.val_accuracy for each in epochs),
            seconds=math.fsum(each.seconds for each in epochs),
        )
        for epochs in zip(*found, strict=False)
    )
