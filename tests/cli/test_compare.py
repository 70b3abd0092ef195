"""`tuicnn compare`: what differs between runs, and whether one is better by more than chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.conftest import Run
from tests.runs.small import made_data, train
from tuicnn import Network
from tuicnn.numbers import percent
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.history import history_of
from tuicnn.statistics import mcnemar, mean_interval, welch


def other_run(work: Path, text: str) -> RunFolder:
    folder = create_run(work, "my", text)
    train(folder)
    return folder


def test_images_that_only_one_is_right_on_decide(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    other = other_run(tmp_path / "work", stopped.text.replace("lr=0.01", "lr=0.03"))
    done = tuicnn("compare", "my-1", "my-2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    with np.load(tmp_path / "d.npz") as data:
        images, labels = data["x_test"], data["y_test"]
    one, two = (Network.from_run(run.path).predict(images).argmax(axis=1) == labels for run in (stopped, other))
    only = int((one & ~two).sum()), int((two & ~one).sum())
    (pair,) = found["pairs"]
    assert (pair["only_first"], pair["only_second"], pair["p"]) == (*only, mcnemar(*only))
    assert [run["accuracy"] for run in found["runs"]] == [one.mean(), two.mean()]
    assert found["differences"] == [{"what": "optim", "values": ["lr=0.01", "lr=0.03"]}]
    printed = tuicnn("compare", "my-1", "my-2", "--ascii").stdout
    assert "my-2: lr=0.03" in printed
    assert "McNemar" in printed
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= 80


def test_nothing_is_said_of_chance_on_different_images(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    text = stopped.text.replace(str(tmp_path / "d.npz"), str(made_data(tmp_path / "elsewhere", seed=1)))
    other_run(tmp_path / "work", text)
    assert json.loads(tuicnn("compare", "1", "2", "--json").stdout)["pairs"] == []
    assert "Where two runs have different images, nothing is said of chance." in tuicnn("compare", "1", "2").stdout


def test_a_run_is_not_compared_with_itself(tuicnn: Run, stopped: RunFolder) -> None:
    for runs in (["my-1"], ["my-1", "1"]):
        refused = tuicnn("compare", *runs)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "Two runs or more are compared, each named once" in refused.stderr


def test_several_seeds_of_a_net_are_judged_by_their_means(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    for text in (stopped.text, stopped.text.replace("lr=0.01", "lr=0.1")):
        for seed in (5, 6):
            other_run(tmp_path / "work", text.replace("seed=4", f"seed={seed}"))
    other_run(tmp_path / "work", stopped.text.replace("seed=4", "seed=6"))  # the same once more: no further sample
    names = [f"my-{number}" for number in range(2, 7)]
    found = json.loads(tuicnn("compare", *names, "--json").stdout)
    assert [group["runs"] for group in found["groups"]] == [["my-2", "my-3"], ["my-4", "my-5"]]
    by_name = {run["run"]: run["accuracy"] for run in found["runs"]}
    one, two = ([by_name[name] for name in group["runs"]] for group in found["groups"])
    (over,) = found["over_seeds"]
    assert (over["first"], over["second"], over["p"]) == ("my-2", "my-4", welch(one, two).p)
    low, high = mean_interval(one)
    assert found["groups"][0]["interval"] == [max(low, 0), min(high, 1)]
    printed = tuicnn("compare", *names, "--ascii").stdout
    assert "  my-2 and 1 more: 5, 6\n" in printed
    assert "Welch's t" in printed
    assert "McNemar" not in printed
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= 100


def test_the_curves_of_the_runs_lie_over_each_other(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    runs = [other_run(tmp_path / "work", stopped.text.replace("lr=0.01", f"lr={lr}")) for lr in ("0.01", "0.1")]
    printed = tuicnn("compare", "my-2", "my-3", "--ascii").stdout
    chart = printed.partition("validation accuracy after each epoch\n")[2].partition("\n\n")[0]
    assert ":" in chart
    assert "*" in chart
    last = [percent(history_of(run).epochs[-1].val_accuracy, 2) for run in runs]
    legend = [line.split()[1:] for line in chart.splitlines()[-2:]]
    assert legend == [["my-2", last[0]], ["my-3", last[1]]]
