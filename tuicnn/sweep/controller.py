"""Leads a sweep: again and again it looks at the journals, and has trained what is to be trained.

It keeps nothing that these do not tell, so whoever takes the sweep up after it decides as it would have done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from tuicnn.runs.journal import note_failure
from tuicnn.sweep.events import (
    SweepBegan,
    SweepEnded,
    SweepEvent,
    SweepTrouble,
    TrialBegan,
    TrialEnded,
    TrialEpoch,
    VariantsKept,
)
from tuicnn.sweep.folder import SweepFolder, Trial
from tuicnn.sweep.standing import Standing, SweepWatch, TrialStanding
from tuicnn.training.events import Epoch

__all__ = ["Controller", "Crew"]

#: seconds between two looks, at least; and the share of the time that looking may take
PERIOD, SHARE = 0.1, 0.1
#: states of a run that comes to nothing more
ENDED = ("done", "diverged", "failed")
#: deaths of a trial that comes no farther in between, after which it has failed
MOST_DEATHS = 3


class Crew(Protocol):
    """Trains trials, several at a time, each up to some epoch."""

    @property
    def jobs(self) -> int:
        """How many at a time."""

    @property
    def trouble(self) -> str:
        """Why nothing is trained at the moment, as a sentence; "" where that is not so."""

    def begin(self, trial: Trial, until: int) -> None:
        """Have a trial trained until it has so many epochs. Raises `UserError` where that is not possible."""

    def busy(self) -> set[int]:
        """The trials that are being trained, by number; all that those which are not came to is in their folders.

        Raises `UserError` where the crew is lost as a whole.
        """

    def last_words(self, trial: Trial) -> str:
        """What is known of the end of a trial that died, or ""."""

    def news(self) -> list[tuple[Trial, Epoch]]:
        """Epochs that were trained since the last call, and are not in the journals yet."""

    def stop(self) -> None:
        """Have all trials that are trained end soon, each with a checkpoint where that is possible."""


class Controller:
    """See the module. `report` is told what happens; `stop` may be called by a signal handler."""

    def __init__(self, folder: SweepFolder, crew: Crew, report: Callable[[SweepEvent], None]) -> None:
        self.folder, self.crew, self._report = folder, crew, report
        self._watch = SweepWatch(folder)
        self._again: set[int] = set()  # trials that failed before, and have not been begun again
        self._tries: dict[int, tuple[int, int]] = {}  # the epochs that a trial had when it was begun, and how often
        self._told: dict[int, int] = {}  # the epochs of each trial that were reported
        self._until: dict[int, int] = {}  # the trials that are trained, and to which epoch
        self._rung = 0  # the highest that was reported
        self._trouble = ""  # that of the crew, as it was reported
        self._wake = threading.Event()
        self._stopping = False

    def stop(self) -> None:
        """End the sweep, so that it can go on later."""
        self._stopping = True
        self._wake.set()

    def run(self) -> Standing:
        """Lead the sweep to its end, or until it is stopped; the caller holds its lock.

        Raises `UserError` where no trial can be trained any more.
        """
        first = self._watch.look()
        self._again = {each.trial.number for each in first.trials if each.state == "failed"}
        self._told = {each.trial.number: each.epochs for each in first.trials}
        self._begin(self._watch.look(self._again))
        asked = False
        while True:
            began = time.monotonic()
            busy = self.crew.busy()  # before the journals: of a trial that is not, all is there
            standing = self._watch.look(self._again)
            busy |= {each.trial.number for each in standing.trials if each.alive}  # of a leader that was killed, too
            self._tell(standing, busy)
            looked = time.monotonic() - began
            for number in busy - self._until.keys():
                self._until[number] = standing.goal(self.folder.trials[number])
            if self._stopping and not asked:
                self.crew.stop()
                asked = True
            if not self._stopping:
                busy |= self._begin_some(standing, busy)
            if not busy and (self._stopping or standing.over):
                self._report(SweepEnded.of(str(self.folder.path), standing))
                return standing
            self._wake.wait(max(PERIOD, looked / SHARE))
            if asked:
                self._wake.clear()

    def _begin_some(self, standing: Standing, busy: set[int]) -> set[int]:
        """Begin as many trials as there is room for; which ones."""
        begun: set[int] = set()
        for each in standing.trials:
            trial = each.trial
            if len(busy) + len(begun) >= self.crew.jobs:
                break
            if trial.number in busy or standing.settled(each) or self._gave_up(each):
                continue
            until = standing.goal(trial)
            self.folder.prepare(trial)
            self.crew.begin(trial, until)
            begun.add(trial.number)
            self._until[trial.number] = until
            self._again.discard(trial.number)
            before, times = self._tries.get(trial.number, (-1, 0))
            self._tries[trial.number] = each.epochs, times + 1 if before == each.epochs else 1
            variant = self.folder.sweep.variants[trial.variant]
            self._report(TrialBegan(trial.name, variant, trial.seed, until))
        return begun

    def _gave_up(self, each: TrialStanding) -> bool:
        """Whether a trial has died too often where it is; then its journal is told so."""
        trial = each.trial
        before, times = self._tries.get(trial.number, (-1, 0))
        if before != each.epochs or times < MOST_DEATHS:
            return False
        words = self.crew.last_words(trial)
        said = f"Its process died {times} times after {each.epochs} epochs" + (f": {words}" if words else ".")
        with trial.folder.lock():
            note_failure(trial.folder.journal, said)
        return True

    # --- what is told -----------------------------------------------------------------------------------------------

    def _begin(self, standing: Standing) -> None:
        sweep = self.folder.sweep
        self._rung = max(standing.goals)
        steps = tuple({"variants": rung.variants, "epochs": max(rung.epochs)} for rung in sweep.rungs)
        trials = len(self.folder.trials)
        self._report(
            SweepBegan(
                str(self.folder.path), len(sweep.variants), len(sweep.seeds), trials, steps, min(self.crew.jobs, trials)
            )
        )

    def _tell(self, standing: Standing, busy: set[int]) -> None:
        if (trouble := self.crew.trouble) and trouble != self._trouble:
            self._report(SweepTrouble(trouble))
        self._trouble = trouble
        for trial, epoch in self.crew.news():
            self._tell_epoch(trial, epoch)
        for each in standing.trials:
            trial = each.trial
            for epoch in each.run.epochs if each.run is not None and each.epochs > self._told[trial.number] else ():
                self._tell_epoch(trial, epoch)
            if trial.number in self._until and trial.number not in busy:
                self._tell_end(each, self._until.pop(trial.number))
        if (rung := max(standing.goals)) > self._rung:
            kept = [variant for variant, goal in enumerate(standing.goals) if goal == rung]
            sweep = self.folder.sweep
            epochs = max(sweep.rungs[rung].epochs[variant] for variant in kept)
            self._report(VariantsKept(epochs, tuple(sweep.variants[variant] for variant in kept)))
            self._rung = rung

    def _tell_epoch(self, trial: Trial, epoch: Epoch) -> None:
        """Report an epoch, once."""
        if epoch.epoch > self._told[trial.number]:
            self._told[trial.number] = epoch.epoch
            self._report(TrialEpoch(trial.name, epoch.epoch, epoch.train_loss, epoch.val_loss, epoch.val_accuracy))

    def _tell_end(self, each: TrialStanding, until: int) -> None:
        trial = each.trial
        if each.run is not None and (each.epochs >= until or each.state in ENDED or self._stopping):
            self._report(TrialEnded(trial.name, each.state, each.epochs, each.run.summary.message))
        elif each.state == "stopped":
            self._report(SweepTrouble(f"The trial {trial.name} was stopped; it is taken up again."))
        else:
            words = self.crew.last_words(trial)
            said = f"The process of the trial {trial.name} died" + (f": {words}" if words else ".")
            self._report(SweepTrouble(f"{said} It is taken up from its last checkpoint."))
