"""Trains networks that come with tuicnn with several seeds, each by `tuicnn train`, and reads what they reached."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tuicnn.errors import UserError
from tuicnn.reproduce.figures import Figures, recipe
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.history import read_record
from tuicnn.runs.starters import Starter
from tuicnn.runs.status import summary

__all__ = ["figures_of", "measure_seconds", "train"]


def train(net: Starter, seed: int, runs: Path) -> None:
    """Train a net to its end; nothing is done where that was done before, and a run that was ended goes on.

    Raises `UserError` where it does not come to its end, `KeyboardInterrupt` where somebody has ended it.
    """
    folder = _run(net, seed, runs)
    if not math.isnan(_accuracy(net, folder)):
        return
    if folder.holds_a_run:
        _tuicnn("train", str(folder.path))
    else:
        _tuicnn("train", str(net.path), "--seed", str(seed), "--run", str(folder.path))
    if math.isnan(_accuracy(net, folder)):
        raise UserError(
            f"{folder.path} did not come to the end of its {net.plan.train.epochs} epochs; see: tuicnn runs"
        )


def figures_of(net: Starter, runs: Path) -> Figures:
    """What the runs in a folder reached that were trained to their end by the net as it is now."""
    found = {}
    for path in runs.glob(f"{_prefix(net)}*"):
        seed = path.name.removeprefix(_prefix(net))
        accuracy = _accuracy(net, RunFolder(path))
        if seed.isdecimal() and not math.isnan(accuracy):
            found[seed] = accuracy
    return Figures(recipe(net.plan), {seed: found[seed] for seed in sorted(found, key=int)})


def measure_seconds(net: Starter) -> float:
    """How long a run trains on this machine: one epoch is trained, and all take as long as that.

    Raises as `train`.
    """
    with TemporaryDirectory(prefix="tuicnn-") as place:
        folder = RunFolder(Path(place) / net.name)
        _tuicnn("train", str(net.path), "--epochs", "1", "--run", str(folder.path))
        return read_record(folder).progress.seconds * net.plan.train.epochs


def _prefix(net: Starter) -> str:
    """What the names of its runs begin with: a net that has changed is trained anew, beside its former runs."""
    return f"{net.name}-{recipe(net.plan)[:6]}-seed"


def _run(net: Starter, seed: int, runs: Path) -> RunFolder:
    return RunFolder(runs / f"{_prefix(net)}{seed}")


def _accuracy(net: Starter, folder: RunFolder) -> float:
    """On the test images; NaN where the run is not at its end, or was trained longer or less long than the net says."""
    if not folder.holds_a_run:
        return math.nan
    run = summary(folder)
    whole = run.ended_early or run.epochs == net.plan.train.epochs
    return run.test_accuracy if run.state == "done" and whole else math.nan


def _tuicnn(*arguments: str) -> None:
    code = subprocess.call([sys.executable, "-m", "tuicnn", *arguments])
    if code in (130, 143):
        raise KeyboardInterrupt
    if code:
        raise UserError(f"tuicnn {' '.join(arguments)} ended with exit code {code}")
