"""`tuicnn sweep`: what it says before it trains, and where runs are listed and compared."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run
from tests.sweep.small import HereCrew, made_net, small_sweep
from tuicnn.sweep.controller import Controller


def a_sweep(work: Path, values: str) -> None:
    """A sweep that has ended, in `runs` of a folder."""
    (work / "runs").mkdir(exist_ok=True)
    folder = small_sweep(made_net(work), work / "runs" / "my-sweep-1", optim_lr=values)
    Controller(folder, HereCrew(), lambda event: None).run()


def test_a_dry_run_says_what_it_takes_and_leaves_nothing(tuicnn: Run, tmp_path: Path) -> None:
    work = tmp_path / "work"
    made_net(work)
    given = ("sweep", "my.net", "--set", "optim.lr=1e-3..1e-1:log:3", "--set", "w=2,3,4", "--seeds", "3")
    done = tuicnn(*given, "--halving", "3", "--jobs", "2", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert len(plan["variants"]) == 9
    assert (plan["seeds"], plan["trials"], plan["jobs"]) == ([4, 5, 6], 27, 2)
    assert plan["rungs"] == [{"variants": 9, "epochs": 2}, {"variants": 3, "epochs": 4}]
    assert plan["epochs"] == 3 * (9 * 2 + 3 * 2)
    assert plan["variants"][0]["variant"] == {"optim.lr": "0.001", "w": "2"}
    assert all(variant["memory"] > 0 and variant["disk"] > 0 for variant in plan["variants"])
    printed = tuicnn(*given, "--halving", "3", "--dry-run", "--ascii").stdout
    assert "the best 3 to 4 epochs" in printed
    assert "27 trials" in printed
    assert not (work / "runs").exists()


def test_what_cannot_be_trained_starts_nothing(tuicnn: Run, tmp_path: Path) -> None:
    made_net(tmp_path / "work")
    for values, said in {"w=2,0": "w=0", "wide=2": "no setting or constant called `wide`"}.items():
        refused = tuicnn("sweep", "my.net", "--set", values)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    too_many = tuicnn("sweep", "my.net", "--set", "w=2,3,4", "--seeds", "9999", "--jobs", "1024")
    assert "more than this machine's memory" in too_many.stderr
    assert "write --jobs" in too_many.stderr
    assert not (tmp_path / "work" / "runs").exists()


def test_a_sweep_is_one_line_among_the_runs_and_is_compared_as_a_whole(tuicnn: Run, tmp_path: Path) -> None:
    a_sweep(tmp_path / "work", "0.001,0.03")
    (line,) = map(json.loads, tuicnn("runs", "--json").stdout.splitlines())
    assert (line["run"], line["state"], line["sweep"]["trials"]) == ("my-sweep-1", "done", 4)
    assert "my-sweep-1" in tuicnn("runs").stdout
    shown = json.loads(tuicnn("sweep", "my-sweep-1", "--table", "--json").stdout)
    assert line["best_val_accuracy"] == shown["trials"][0]["val_accuracy"]
    compared = json.loads(tuicnn("compare", "my-sweep-1", "--json").stdout)
    assert [run["run"] for run in compared["runs"]] == [
        Path(run).name for row in shown["trials"] for run in row["runs"]
    ]
    assert len(compared["over_seeds"]) == 1


def test_a_sweep_is_no_run_and_goes_on_as_it_was_begun(tuicnn: Run, tmp_path: Path) -> None:
    a_sweep(tmp_path / "work", "0.01,0.02")
    assert "No process leads the sweep my-sweep-1" in tuicnn("stop", "my-sweep-1").stderr
    for command in ("attach", "resume", "train"):
        refused = tuicnn(command, "my-sweep-1" if command != "train" else "runs/my-sweep-1")
        assert refused.returncode == 1
        assert "is a sweep" in refused.stderr, command
    assert "leave --seeds out" in tuicnn("sweep", "my-sweep-1", "--seeds", "3").stderr
    assert "leave --set out" in tuicnn("sweep", "runs/my-sweep-1", "--set", "w=5").stderr
    assert "is no sweep" in tuicnn("sweep", ".").stderr
    assert "--table is for a sweep" in tuicnn("sweep", "my.net", "--table").stderr
