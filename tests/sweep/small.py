"""Small sweeps on made-up images, and a crew that trains in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.runs.small import made_data
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.resume_point import resume_state
from tuicnn.sweep.events import SweepEnded, to_dict
from tuicnn.sweep.folder import SweepFolder, Trial, create_sweep
from tuicnn.sweep.planning import plan_sweep
from tuicnn.sweep.standing import Standing, SweepWatch
from tuicnn.sweep.variants import variants_of
from tuicnn.training.events import Epoch
from tuicnn.training.options import Options
from tuicnn.worker.runner import Run

__all__ = ["NET", "HereCrew", "made_net", "small_sweep", "table"]

NET = """\
data: npz "{data}" val=10
optim: adam lr=0.01
schedule: cosine
w = 3
train: epochs=4 batch=20 seed=4
conv w 3x3 pad=1 -> relu -> dropout 0.3 -> flatten -> dense 3
"""


def made_net(folder: Path) -> Path:
    """A net and its data."""
    net = folder / "my.net"
    net.write_text(NET.format(data=made_data(folder)))
    return net


def small_sweep(net: Path, folder: Path, *, eta: int | None = 2, seeds: int = 2, **values: str) -> SweepFolder:
    """A sweep that is to begin: `optim_lr="0.1,0.01"` varies `optim.lr`."""
    given = {name.replace("_", "."): text for name, text in values.items()}
    options = Options(threads=1)
    return create_sweep(plan_sweep(net, variants_of(given), options, seeds, eta), options, eta, folder)


class HereCrew:
    """Trains each trial at once, in this process; `before` may raise in its place."""

    jobs = 1
    trouble = ""

    def __init__(self, before: Callable[[Trial, int], object] = lambda trial, until: None) -> None:
        self.before = before
        self.begun: list[tuple[str, int]] = []

    def begin(self, trial: Trial, until: int) -> None:
        self.begun.append((trial.name, until))
        if self.before(trial, until) is False:  # its process died at once
            return
        with trial.folder.lock():
            prepared = PreparedRun.at(trial.folder, resumes=trial.folder.journal.exists())
            run = Run(prepared, "stop", resume_state(prepared, "stop", lambda line: None), until=until)
            run.train()
            run.close()

    def busy(self) -> set[int]:
        return set()

    def last_words(self, trial: Trial) -> str:
        return "it fell over"

    def news(self) -> list[tuple[Trial, Epoch]]:
        return []

    def stop(self) -> None:
        pass


def table(folder: SweepFolder | Path, standing: Standing | None = None) -> list[dict[str, Any]]:
    """The table of a sweep as programs read it, without the place of its runs."""
    if isinstance(folder, Path):
        folder = SweepFolder.open(folder)
    ended = to_dict(SweepEnded.of("", standing or SweepWatch(folder).look()))
    assert ended["state"] == "done"
    rows = json.loads(json.dumps(ended))["trials"]
    for row in rows:
        row["runs"] = [Path(run).name for run in row["runs"]]
    return list(rows)
