"""Trains the trials of a sweep on this machine: a process each, with a processor of its own.

The processes are those of ordinary runs. They survive the one that leads the sweep, and whoever takes it up finds them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

from tuicnn.errors import UserError
from tuicnn.runs.log import last_words
from tuicnn.sweep.folder import SweepFolder, Trial
from tuicnn.training.events import Epoch
from tuicnn.worker.launch import start
from tuicnn.worker.stopping import stop

__all__ = ["LocalCrew"]


class LocalCrew:
    """See `Crew`: so many `jobs` at a time."""

    def __init__(self, folder: SweepFolder, jobs: int) -> None:
        self._folder = folder
        self._places: list[tuple[Trial, subprocess.Popen[bytes]] | None] = [None] * jobs
        self._signals: dict[int, str] = {}  # by which a trial's process ended
        self._processors = sorted(os.sched_getaffinity(0))

    @property
    def jobs(self) -> int:
        """How many trials are trained at a time."""
        return len(self._places)

    @property
    def trouble(self) -> str:
        """None: this machine is there."""
        return ""

    def begin(self, trial: Trial, until: int) -> None:
        """Start the process of a trial. Raises `UserError`."""
        place = self._places.index(None)
        process = start(
            trial.folder,
            resume=trial.folder.journal.exists(),
            until=until,
            processor=self._processors[place % len(self._processors)],
        )
        self._places[place] = trial, process

    def busy(self) -> set[int]:
        """The trials whose processes are there."""
        for place, work in enumerate(self._places):
            if work is not None and (code := work[1].poll()) is not None:
                self._places[place] = None
                self._signals[work[0].number] = f"it was killed by {signal.Signals(-code).name}" if code < 0 else ""
        return {work[0].number for work in self._places if work is not None}

    def last_words(self, trial: Trial) -> str:
        """The last line of a process's log, or the signal that it died of."""
        return last_words(trial.folder.log) or self._signals.get(trial.number, "")

    def news(self) -> list[tuple[Trial, Epoch]]:
        """None: all is in the journals."""
        return []

    def stop(self) -> None:
        """Ask all processes to end after their step, also those that an earlier leader of the sweep has left."""
        own = self.busy()
        for work in self._places:
            if work is not None:
                work[1].terminate()
        for trial in self._folder.trials:
            if trial.number not in own and trial.folder.alive:
                with contextlib.suppress(UserError):  # it has ended, or does not answer: it is waited for
                    stop(trial.folder, timeout=1.0)
