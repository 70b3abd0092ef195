"""The runs of a folder as a person looks at them: read, sorted, searched, marked; the same in each run's Runs view."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.catalogue import Catalogue, CataloguedRun
from tuicnn.runs.comparison import by_net, differences, told
from tuicnn.runs.folder import RUNS
from tuicnn.sweep.folder import SweepFolder, sweep_paths
from tuicnn.sweep.standing import SweepWatch
from tuicnn.tui.listed_sweep import ListedSweep

if TYPE_CHECKING:
    from tuicnn.runs.starters import Starter

__all__ = ["LETTERS", "SORTS", "Shelf", "seconds_of"]

#: by which marked runs are known on the chart; no more are marked
LETTERS = "abcdef"


def seconds_of(run: CataloguedRun) -> float:
    """How long a run has trained, with its validations, up to its last whole epoch; NaN where that is not known."""
    return sum(epoch.seconds for epoch in run.epochs) if run.epochs else math.nan


def _best(run: CataloguedRun) -> float:
    best = run.summary.best_val_accuracy
    return -math.inf if math.isnan(best) else best


def _quickest(run: CataloguedRun) -> float:
    seconds = seconds_of(run)
    return math.inf if math.isnan(seconds) else seconds


#: how runs are sorted: the words for it, and the key, before which they are sorted from the newest on
SORTS: tuple[tuple[str, Callable[[CataloguedRun], tuple[object, ...]]], ...] = (
    ("newest first", lambda run: ()),
    ("best first", lambda run: (-_best(run),)),
    ("quickest first", lambda run: (_quickest(run),)),
    ("by name", lambda run: (run.summary.folder.net,)),
)


@dataclass
class Shelf:
    """`runs` are all that were read, the newest first; None before that."""

    catalogue: Catalogue
    runs: list[CataloguedRun] | None = None
    #: the networks that come with tuicnn; None before they are read
    starters: tuple[Starter, ...] | None = None
    sort: int = 0
    query: str = ""
    marked: list[Path] = field(default_factory=list)
    chosen: Path | None = None
    _told: tuple[object, dict[Path, str]] = ((), {})

    #: the sweeps among them, each with what looks at it
    _sweeps: dict[Path, tuple[SweepWatch, ListedSweep]] = field(default_factory=dict)
    #: the sweep that is looked into
    sweep: Path | None = None

    @classmethod
    def of(cls, parent: Path) -> Shelf:
        """That of the runs in `parent/runs`."""
        return cls(Catalogue(parent))

    def read(self, report: Callable[[list[CataloguedRun]], object]) -> list[CataloguedRun]:
        """All runs and sweeps, the newest first; what has not changed is the same object.

        `report` is given runs so far where reading takes a while. Raises `UserError` where they cannot be listed.
        """
        runs = self.catalogue.read(report)
        sweeps = {}
        for path in sweep_paths(self.catalogue.parent):
            watch, known = self._sweeps.get(path, (None, None))
            try:
                watch = watch or SweepWatch(SweepFolder.open(path))
            except UserError:  # it is damaged, or just being made; `tuicnn runs` says which
                continue
            now = ListedSweep.of(watch.summary())
            sweeps[path] = watch, known if known is not None and known.same(now) else now
        self._sweeps = sweeps
        listed = [*runs, *(sweep for _, sweep in sweeps.values())]
        return sorted(listed, key=lambda run: (-(run.summary.folder.number or 0), -run.summary.started))

    @property
    def place(self) -> str:
        """The folder of the runs as a person writes it: relative to the working folder or the home, if it is there."""
        path = self.catalogue.parent / RUNS
        for base, prefix in ((Path.cwd(), ""), (Path.home(), "~/")):
            if path.is_relative_to(base):
                return f"{prefix}{path.relative_to(base)}"
        return str(path)

    def facts(self, shown: Sequence[CataloguedRun]) -> list[str]:
        """What is told of the runs that are shown: how many, where, how many train, their order, the search."""
        runs = self.runs or []
        facts = [f"{len(shown)} of {len(runs)}" if len(shown) < len(runs) else str(len(runs)), f"in {self.place}"]
        if alive := sum(run.summary.state == "alive" for run in runs):
            facts.append(f"{alive} training")
        facts.append(SORTS[self.sort][0])
        if self.query:
            facts.append(f'with "{self.query}"')
        return facts

    @property
    def shown(self) -> list[CataloguedRun]:
        """The runs that are searched for, sorted."""
        words = self.query.casefold().split()
        found = [run for run in self.runs or () if all(word in _text(run) for word in words)]
        return sorted(found, key=SORTS[self.sort][1])

    def letter(self, run: CataloguedRun) -> str:
        """The letter of a marked run; "" for another one."""
        path = run.summary.folder.path
        return LETTERS[self.marked.index(path)] if path in self.marked else ""

    def mark(self, run: CataloguedRun) -> bool:
        """Mark a run, or unmark it; False where so many are marked that there is no letter left."""
        path = run.summary.folder.path
        if path in self.marked:
            self.marked.remove(path)
        elif len(self.marked) < len(LETTERS):
            self.marked.append(path)
        else:
            return False
        return True

    def compared(self, shown: list[CataloguedRun]) -> dict[Path, str]:
        """What differs between the marked runs, in each of them; of fewer than two, between all of one net's name."""
        marked = [run for run in shown if self.letter(run) and run.overview is not None]
        compared = marked if len(marked) > 1 else shown
        sweeps = [id(run) for run in shown if isinstance(run, ListedSweep)]
        key = len(marked) > 1, [(run.summary.folder.path, id(run.overview)) for run in compared], sweeps
        if key != self._told[0]:
            summaries = [run.summary for run in compared]
            if len(marked) > 1:
                groups = [(summaries, differences([run.overview for run in marked if run.overview is not None]))]
            else:
                groups = by_net(summaries)
            self._told = (
                key,
                {
                    run.folder.path: told(different, index)
                    for group, different in groups
                    for index, run in enumerate(group)
                }
                | {run.summary.folder.path: run.told for run in shown if isinstance(run, ListedSweep)},
            )
        return self._told[1]


def _text(run: CataloguedRun) -> str:
    """What is searched in."""
    overview = run.overview
    net = f"{overview.data} {overview.optimizer} {overview.text}" if overview is not None else ""
    return f"{run.name} {run.summary.state} {net}".casefold()
