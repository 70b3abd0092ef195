"""The folder of a sweep, `runs/<net>-sweep-<number>/`: `sweep.json`, written once, and a run for each trial.

What the sweep came to is in the journals of its trials alone. A process that leads the sweep holds `lock`.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.records import RecordError, dump, from_plain, parse
from tuicnn.runs.creation import clean_name, create_run_at, numbered_folder
from tuicnn.runs.finding import run_folders
from tuicnn.runs.folder import RUNS, SWEEP, RunFolder
from tuicnn.runs.lock import RunLock, is_held, take
from tuicnn.runs.origin import Origin
from tuicnn.runs.owners import is_shut, make_private
from tuicnn.sweep.halving import Rung, rungs
from tuicnn.sweep.planning import PlannedSweep
from tuicnn.system.files import why, write_atomic
from tuicnn.system.regular_files import read_regular
from tuicnn.training.options import OnNan, Options

__all__ = ["Sweep", "SweepFolder", "Trial", "create_sweep", "find_sweep", "list_sweeps", "sweep_paths"]

_LARGEST = 64 << 20  # bytes of `sweep.json`
#: what a trial does where its numbers are not finite, since nobody may watch
_ON_NAN: OnNan = "stop"


@dataclass(frozen=True)
class Sweep:
    """What a sweep is, as its file keeps it. `net` and `folder`, where it was begun, are absolute."""

    net: Path
    folder: Path
    text: str
    variants: tuple[Mapping[str, str], ...]
    epochs: tuple[int, ...]  # of each variant, in all
    seeds: tuple[int, ...]
    halving: int | None = None
    options: Options = dataclasses.field(default_factory=Options)
    started: float = 0.0  # seconds since 1970

    @cached_property
    def rungs(self) -> tuple[Rung, ...]:
        """To which epochs its variants are trained, and how many of them."""
        return rungs(self.epochs, self.halving)


@dataclass(frozen=True)
class Trial:
    """A variant with a seed: an ordinary run, in a folder that is made when it begins."""

    number: int  # from 0
    variant: int
    seed: int
    folder: RunFolder

    @property
    def name(self) -> str:
        """That of its run."""
        return self.folder.name


@dataclass(frozen=True)
class SweepFolder:
    """A sweep by its folder."""

    path: Path
    sweep: Sweep

    @classmethod
    def open(cls, path: Path) -> SweepFolder:
        """The sweep in a folder. Raises `UserError` where there is none that can be read."""
        file = path / SWEEP
        try:
            sweep = from_plain(Sweep, parse(read_regular(file, _LARGEST)))
        except FileNotFoundError:
            raise UserError(f"{path} is no sweep: there is no {SWEEP} in it; see: tuicnn runs") from None
        except OSError as error:
            raise UserError(f"The sweep {file} cannot be read: {why(error)}.") from error
        except RecordError:
            raise UserError(f"{file} is damaged, or was not written by tuicnn.") from None
        if not (sweep.variants and sweep.seeds and len(sweep.epochs) == len(sweep.variants) and min(sweep.epochs) > 0):
            raise UserError(f"{file} is damaged, or was not written by tuicnn.")
        return cls(path, sweep)

    @property
    def name(self) -> str:
        """The folder's own name, `mnist-sweep-3`."""
        return RunFolder(self.path).name

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """All of them, those of a variant together."""
        sweep = self.sweep
        net, count = clean_name(sweep.net.stem), len(sweep.seeds)
        return tuple(
            Trial(number, number // count, sweep.seeds[number % count], RunFolder(self.path / f"{net}-{number + 1}"))
            for number in range(len(sweep.variants) * count)
        )

    @property
    def alive(self) -> bool:
        """Whether a process leads it."""
        return is_held(self.path)

    @property
    def called(self) -> str:
        """Its folder in a command, from the working folder of this moment."""
        try:
            here = self.path.absolute().relative_to(Path.cwd())
        except (ValueError, OSError):
            here = self.path
        return shlex.quote(str(here))

    @property
    def go_on(self) -> str:
        """The command that goes on with it."""
        return f"tuicnn sweep {self.called}"

    def lock(self) -> RunLock:
        """Take the sweep for this process. Raises `UserError` where another one leads it."""
        try:
            lock = take(self.path)
        except OSError as error:
            raise UserError(f"The sweep cannot be written to {self.path}: {why(error)}.") from error
        if lock is None:
            raise UserError(f"Another process leads the sweep {self.name}; look at it with: {self.go_on} --table")
        lock.note(None)
        return lock

    def prepare(self, trial: Trial) -> RunFolder:
        """The run of a trial, which is made where it is not there, or was only half made. Raises `UserError`."""
        from tuicnn.language import override

        run, sweep = trial.folder, self.sweep
        if run.holds_a_run and Origin.of(run).known:
            return run
        if os.path.lexists(run.journal):
            raise UserError(f"The run {run.path} has lost its origin.json; remove its folder, and it is trained anew.")
        run.remove()
        values = dict(sweep.variants[trial.variant])
        options = dataclasses.replace(sweep.options, on_nan=sweep.options.on_nan or _ON_NAN)
        if len(sweep.seeds) > 1:
            values["train.seed"] = str(trial.seed)
            options = dataclasses.replace(options, seed=None)
        made = create_run_at(run.path, override(sweep.text, values, name=str(sweep.net), path=sweep.net))
        Origin(sweep.net, sweep.folder, options).keep(made)
        return made


def find_sweep(text: str, parent: Path) -> SweepFolder | None:
    """The sweep that a person means, by its folder or by its name in `parent/runs`; None where it is none.

    Raises `UserError` where it cannot be read.
    """
    for path in (parent / RUNS / text, Path(text)):
        if text and RunFolder(path).holds_a_sweep:
            return SweepFolder.open(path)
    return None


def sweep_paths(parent: Path) -> list[Path]:
    """The folders in `parent/runs` with a sweep that this user may read. Raises `UserError` as `run_folders`."""
    return [each.path for each in run_folders(parent) if each.holds_a_sweep and not is_shut(each.path)]


def list_sweeps(parent: Path, say: Callable[[str], object] = lambda line: None) -> list[SweepFolder]:
    """The sweeps in `parent/runs` that this user may read, the oldest first; `say` is told of those that are damaged.

    Raises `UserError` where the folder cannot be listed.
    """
    found = []
    for path in sweep_paths(parent):
        try:
            found.append(SweepFolder.open(path))
        except UserError as error:
            say(str(error))
    return sorted(found, key=lambda each: (RunFolder(each.path).number or 0, each.sweep.started))


def create_sweep(plan: PlannedSweep, options: Options, eta: int | None, folder: Path | None = None) -> SweepFolder:
    """Make the folder of a new sweep: `folder`, or the next one in `runs` of the working folder. Raises `UserError`."""
    net = Path(os.path.abspath(plan.net.path))  # noqa: PTH100 - links stay as they are
    sweep = Sweep(
        net,
        Path.cwd(),
        plan.net.text,
        tuple(variant.values for variant in plan.variants),
        tuple(variant.epochs for variant in plan.variants),
        plan.seeds,
        eta,
        options,
        round(time.time(), 3),
    )
    path = numbered_folder(Path.cwd(), f"{net.stem}-sweep") if folder is None else _made(folder)
    try:
        write_atomic(path / SWEEP, dump(sweep).encode(errors="backslashreplace"))
    except OSError as error:
        raise UserError(f"The sweep cannot be written to {path}: {why(error)}.") from error
    return SweepFolder(path, sweep)


def _made(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {path} cannot be made: {why(error)}; choose another one.") from error
    folder = RunFolder(path)
    if folder.holds_a_sweep:
        raise UserError(f"{path} already holds a sweep; tuicnn sweep {shlex.quote(str(path))} goes on with it.")
    if folder.holds_a_run:
        raise UserError(f"{path} already holds a run; choose another folder.")
    make_private(path)
    return path
