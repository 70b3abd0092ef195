"""Lists the runs of a working folder, and finds the one that a name, number or path means."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from tuicnn.errors import UserError
from tuicnn.runs.folder import RUNS, RunFolder
from tuicnn.runs.journal import LONG, size_of
from tuicnn.runs.owners import is_shut, me, why_shut
from tuicnn.runs.status import RunSummary, glance
from tuicnn.system.files import why

__all__ = [
    "Order",
    "best_first",
    "find_resumable",
    "find_run",
    "hidden_runs",
    "list_runs",
    "run_at",
    "run_before",
    "run_folders",
    "the_only_alive",
]

#: what runs may be listed by
Order = Literal["test", "validation", "parameters"]
#: folders that may not be read which are named in a sentence
MOST_NAMES = 5


def list_runs(parent: Path, say: Callable[[str], None] = lambda _: None) -> list[RunSummary]:
    """The runs in `parent/runs` that this user may read, the oldest first. Raises `UserError` if it cannot be listed.

    The numbers tell the order: a clock may have been set back. Runs that have none, having been renamed, come first.
    `say` is told beforehand where reading their journals takes a while.
    """
    found = [folder for folder in run_folders(parent) if folder.holds_a_run and not is_shut(folder.path)]
    if (size := sum(size_of(folder.journal) for folder in found)) > LONG:
        say(f"The journals of the runs have {size / 1e6:,.0f} MB; reading them takes a while.")
    return sorted(map(glance, found), key=lambda run: (run.folder.number or 0, run.started))


def best_first(runs: Iterable[RunSummary], by: Order) -> list[RunSummary]:
    """Runs by the accuracy on `test` or `validation` images, the highest first, or by `parameters`, the fewest first.

    Where it is not known, they come last; what is equal stays in its order.
    """

    def key(run: RunSummary) -> tuple[bool, float]:
        if by == "parameters":
            value = math.nan if run.parameters is None else float(run.parameters)
        else:
            value = -(run.test_accuracy if by == "test" else run.best_val_accuracy)
        return math.isnan(value), value if not math.isnan(value) else 0.0

    return sorted(runs, key=key)


def hidden_runs(parent: Path) -> str:
    """A sentence about the folders in `parent/runs` that this user may not read; "" where there are none.

    Raises `UserError` as `list_runs`.
    """
    shut = sorted(folder.name for folder in run_folders(parent) if is_shut(folder.path))
    if not shut:
        return ""
    names = ", ".join(shut[:MOST_NAMES]) + (f" and {len(shut) - MOST_NAMES} more" if len(shut) > MOST_NAMES else "")
    return f"Not shown: {names}, which {me()} may not read."


def run_folders(parent: Path) -> list[RunFolder]:
    """The folders in `parent/runs`. Raises `UserError` where they cannot be listed."""
    runs = parent / RUNS
    try:
        return [RunFolder(path) for path in runs.iterdir() if path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise UserError(why_shut(runs)) from None
    except OSError as error:
        raise UserError(f"The runs in {runs} cannot be listed: {why(error)}.") from error


def find_run(text: str | None, parent: Path) -> RunFolder:
    """The run that a person means: a path, a name (`mnist-3`), a number (`3`), or by None the newest that is alive,
    else the newest.

    Raises `UserError` where there is none, or where several answer to the number.
    """
    if text is None:
        found = list_runs(parent)
        alive = [run for run in found if run.alive]
        if not found:
            raise UserError(_none_alive(parent))
        return (alive or found)[-1].folder
    runs = parent / RUNS
    if not text:
        raise UserError("Which run is meant? Give its name, its number or its folder; see: tuicnn runs")
    if text.rstrip("/"):
        text = text.rstrip("/")  # as the shell completes the name of a folder
    if "/" not in text and text not in (".", ".."):
        named = RunFolder(runs / text)
        if named.holds_a_run:
            return named
        if text.isdecimal():
            numbered = [run.folder for run in list_runs(parent) if run.folder.number == int(text)]
            if len(numbered) == 1:
                return numbered[0]
            if numbered:
                names = " and ".join(sorted(folder.name for folder in numbered))
                raise UserError(f"The number {text} is that of {names}; give the name.")
    by_path = RunFolder(Path(text))
    if by_path.holds_a_run:
        return by_path
    if (shut := _shut(text, parent)) is not None:
        raise UserError(why_shut(shut))
    if (sweep := next((f for f in (RunFolder(runs / text), by_path) if f.holds_a_sweep), None)) is not None:
        raise UserError(_is_a_sweep(sweep))
    raise UserError(
        f"There is no run {text}: neither a number nor a name in {runs}, nor a folder with a run; see: tuicnn runs"
    )


def _shut(text: str, parent: Path) -> Path | None:
    """What a person may mean, by path, name or number, and may not look into."""
    given = [path for path in (parent / RUNS / text, Path(text)) if text and is_shut(path)]
    if text.isdecimal():
        given += [f.path for f in run_folders(parent) if f.number == int(text) and is_shut(f.path)]
    return given[0] if given else None


def run_at(path: Path) -> RunFolder | None:
    """The run in a folder that was given in the place of a net; None where it is no folder.

    Raises `UserError` where it is a folder without a run, or one that this user may not look into.
    """
    try:
        if not path.is_dir():
            return None
    except PermissionError:
        raise UserError(why_shut(path)) from None
    if is_shut(path):
        raise UserError(why_shut(path))
    if RunFolder(path).holds_a_sweep:
        raise UserError(_is_a_sweep(RunFolder(path)))
    if not RunFolder(path).holds_a_run:
        raise UserError(
            f"{path} is a folder without a run; give a .net file, or the folder of a run (see: tuicnn runs)"
        )
    return RunFolder(path)


def _is_a_sweep(folder: RunFolder) -> str:
    shown = shlex.quote(folder.called)
    return (
        f"{folder.name} is a sweep of many runs, each in a folder in {folder.path}. tuicnn sweep {shown} goes on with "
        f"it, tuicnn sweep {shown} --table says how it stands, tuicnn attach {shown} shows it."
    )


def run_before(folder: RunFolder) -> RunFolder | None:
    """The run of the same net before this one, in the same place; None where there is none that can be read."""
    try:
        beside = [RunFolder(path) for path in folder.path.resolve().parent.iterdir()]
    except OSError:
        return None
    own = folder.number or 0
    earlier = [run for run in beside if run.net == folder.net and 0 < (run.number or 0) < own and run.holds_a_run]
    return max((run for run in earlier if not is_shut(run.path)), key=lambda run: run.number or 0, default=None)


def find_resumable(text: str | None, parent: Path) -> RunFolder:
    """The run that a person wants to go on with: see `find_run`; by None the newest that can. Raises `UserError`."""
    if text is not None:
        return find_run(text, parent)
    found = [run for run in list_runs(parent) if run.resumable]
    if not found:
        raise UserError(f"No run in {parent / RUNS} was left before its end; tuicnn runs lists them" + _hidden(parent))
    return found[-1].folder


def the_only_alive(parent: Path) -> RunFolder:
    """The one run that is alive. Raises `UserError` where there is none, or several."""
    alive = [run.folder for run in list_runs(parent) if run.alive]
    if not alive:
        raise UserError(_none_alive(parent))
    if len(alive) > 1:
        names = " and ".join(folder.name for folder in alive)
        raise UserError(f"Several runs are alive, {names}; say which one.")
    return alive[0]


def _none_alive(parent: Path) -> str:
    return f"No run in {parent / RUNS} is alive; start one with: tuicnn nets/mnist.net" + _hidden(parent)


def _hidden(parent: Path) -> str:
    said = hidden_runs(parent)
    return f". {said}" if said else ""
