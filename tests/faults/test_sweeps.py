"""A sweep in processes of its own: whatever dies, and however many train at a time, its table is the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Sweep
from tests.faults.waiting import begun, until
from tests.sweep.small import HereCrew, made_net, small_sweep, table
from tuicnn.sweep.controller import Controller
from tuicnn.sweep.folder import SweepFolder
from tuicnn.sweep.stopping import stop_sweep

#: two variants with two seeds, of which one is trained on
ARGUMENTS = ("--set", "optim.lr=0.001,0.03", "--seeds", "2", "--halving", "2")


@pytest.fixture
def truth(tmp_path: Path) -> list[dict[str, Any]]:
    """The table of the sweep, led in this process, where nothing dies."""
    folder = small_sweep(made_net(tmp_path), tmp_path / "whole", optim_lr="0.001,0.03")
    return table(folder, Controller(folder, HereCrew(), lambda event: None).run())


def to_its_end(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The events that a sweep printed, once it has ended."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_one_at_a_time_and_two_give_the_same_table(sweep: Sweep, tmp_path: Path, truth: list[dict[str, Any]]) -> None:
    for jobs in ("1", "2"):
        events = to_its_end(sweep("my.net", *ARGUMENTS, "--jobs", jobs, "--run", f"s{jobs}"))
        assert table(tmp_path / f"s{jobs}") == truth
        assert events[0]["event"] == "sweep"
        assert events[0]["jobs"] == int(jobs)
        (later,) = to_its_end(sweep(f"s{jobs}", "--table"))
        assert events[-1] == later
        assert later["event"] == "end"
        assert later["trials"][0].keys() >= {
            *("variant", "seeds", "epochs", "val_accuracy", "val_accuracy_interval", "state", "runs")
        }
        assert all(Path(tmp_path, run, "journal.jsonl").is_file() for row in later["trials"] for run in row["runs"])


def test_trials_and_the_sweep_are_killed_and_it_goes_on_to_the_same_table(
    sweep: Sweep, tmp_path: Path, truth: list[dict[str, Any]]
) -> None:
    process = sweep("my.net", *ARGUMENTS, "--jobs", "2", "--run", "s")
    until((tmp_path / "s" / "sweep.json").exists)
    folder = SweepFolder.open(tmp_path / "s")
    killed = 0
    for trial in folder.trials[:2]:
        until(lambda trial=trial: begun(trial.folder))  # type: ignore[misc]
        if (holder := trial.folder.holder) is not None:
            os.kill(holder.pid, signal.SIGKILL)
            killed += 1
    assert killed
    until(lambda: begun(folder.trials[3].folder))
    process.kill()
    process.communicate()
    assert not folder.alive
    to_its_end(sweep("s", "--jobs", "1"))
    assert table(tmp_path / "s") == truth


@pytest.mark.parametrize("stopped", ["by Ctrl-C", "by tuicnn stop"])
def test_it_is_stopped_with_its_trials_and_goes_on(
    stopped: str, sweep: Sweep, tmp_path: Path, truth: list[dict[str, Any]]
) -> None:
    process = sweep("my.net", *ARGUMENTS, "--jobs", "2", "--run", "s")
    until((tmp_path / "s" / "sweep.json").exists)
    folder = SweepFolder.open(tmp_path / "s")
    until(lambda: begun(folder.trials[0].folder))
    if stopped == "by Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        stop_sweep(folder)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if stopped == "by Ctrl-C" else 143)
    assert "tuicnn sweep s goes on with it" in err
    assert json.loads(out.splitlines()[-1])["state"] == "stopped"
    assert not any(trial.folder.alive for trial in folder.trials)
    to_its_end(sweep("s"))
    assert table(tmp_path / "s") == truth
