"""`tuicnn compare`: what differs between runs, and whether one is better by more than chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.conftest import Run
from tests.runs.small import made_data, train
from tuicnn import Network
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.statistics import mcnemar


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
