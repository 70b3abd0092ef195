"""The runs of a folder, looked at again and again: of a journal that has grown, only what is new is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from tuicnn.runs.finding import run_folders
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import events_in
from tuicnn.runs.owners import is_shut
from tuicnn.runs.status import JournalSummary, RunSummary, unreadable
from tuicnn.system.files import why
from tuicnn.system.regular_files import open_regular
from tuicnn.training.events import Epoch, Overview

__all__ = ["Catalogue", "CataloguedRun"]

REPORT_EVERY = 0.3  # seconds
TAIL = 128  # bytes by which a journal is known to be the same up to there


@dataclass(frozen=True)
class CataloguedRun:
    """A run: how it stands, and its epochs so far."""

    summary: RunSummary
    epochs: tuple[Epoch, ...]

    @property
    def overview(self) -> Overview | None:
        """What is trained; None where its journal does not tell."""
        return self.summary.overview

    @property
    def name(self) -> str:
        """The folder's name, `mnist-3`."""
        return self.summary.name


#: of a journal: its file, length, time of change
_Stamp = tuple[int, int, int]


@dataclass
class _Known:
    """What was read of a journal: up to which byte, and what the file was then."""

    told: JournalSummary
    end: int
    tail: bytes  # what stands before that
    stamp: _Stamp
    signs: object
    run: CataloguedRun

    def goes_on_in(self, file: BinaryIO, stamp: _Stamp) -> bool:
        """Whether the journal has but grown since."""
        return self.stamp[0] == stamp[0] and self.stamp[1] < stamp[1] and _before(file, self.end) == self.tail


class Catalogue:
    """The runs in `parent/runs`; not for several threads at once."""

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        self._known: dict[Path, _Known] = {}

    def read(self, report: Callable[[list[CataloguedRun]], object] = lambda runs: None) -> list[CataloguedRun]:
        """All runs that this user may read, the newest first; `report` is given those so far where it takes a while.

        Raises `UserError` where the folder cannot be listed.
        """
        folders = [folder for folder in run_folders(self.parent) if folder.holds_a_run and not is_shut(folder.path)]
        folders.sort(key=lambda folder: -(folder.number or 0))
        found: list[CataloguedRun] = []
        due = monotonic() + REPORT_EVERY
        for folder in folders:
            found.append(self.look(folder))
            if monotonic() >= due:
                report(list(found))
                due = monotonic() + REPORT_EVERY
        self._known = {path: known for path, known in self._known.items() if path in {f.path for f in folders}}
        return sorted(found, key=lambda run: (-(run.summary.folder.number or 0), -run.summary.started))

    def look(self, folder: RunFolder) -> CataloguedRun:
        """A run as it is now, wherever it is."""
        alive = folder.alive  # before the journal is read: a run that ends in between is not taken for a lost one
        known = self._known.get(folder.path)
        try:
            with os.fdopen(open_regular(folder.journal), "rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
                signs = (alive, tuple(folder.checkpoints.steps()))
                if known is not None and (known.stamp, known.signs) == (stamp, signs):
                    return known.run
                if known is not None and (known.stamp == stamp or known.goes_on_in(file, stamp)):
                    told, start = known.told, known.end
                else:  # another file, or one that a process which goes on from a checkpoint has cut off
                    told, start = JournalSummary(), 0
                end = _take(file, start, told)
                tail = _before(file, end)
        except FileNotFoundError:
            return CataloguedRun(JournalSummary().of(folder, alive=alive), ())
        except OSError as error:
            return CataloguedRun(unreadable(folder, f"{folder.journal} cannot be read: {why(error)}."), ())
        run = CataloguedRun(told.of(folder, alive=alive), tuple(told.epochs))
        self._known[folder.path] = _Known(told, end, tail, stamp, signs, run)
        return run


def _take(file: BinaryIO, start: int, told: JournalSummary) -> int:
    """Take the events of a journal from a byte on; gives where the next one begins."""
    file.seek(start)
    for _, event in events_in(file, steps=False):
        told.take(event)
    return _end_of_lines(file)


def _before(file: BinaryIO, end: int) -> bytes:
    """The bytes before a place in a file."""
    begin = max(0, end - TAIL)
    file.seek(begin)
    return file.read(end - begin)


def _end_of_lines(file: BinaryIO) -> int:
    """Behind the last newline of a file that was read to its end: a line that is being written is read when whole."""
    end = file.tell()
    while end > 0:
        begin = max(0, end - 4096)
        file.seek(begin)
        if (place := file.read(end - begin).rfind(b"\n")) >= 0:
            return begin + place + 1
        end = begin
    return 0
