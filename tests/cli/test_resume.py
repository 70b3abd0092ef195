"""`tuicnn resume`, as a user runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.runs.small import checkpoint_of, same, story, train
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.training.options import Options


@pytest.fixture
def whole(tmp_path: Path, stopped: RunFolder) -> RunFolder:
    """The same run, never interrupted."""
    folder = create_run(tmp_path, "whole", stopped.text)
    train(folder)
    return folder


@pytest.mark.parametrize("arguments", [["resume"], ["resume", "my-1", "--threads", "2"], ["runs/my-1"]])
def test_a_run_goes_on_to_the_same_end(tuicnn: Run, stopped: RunFolder, whole: RunFolder, arguments: list[str]) -> None:
    listed = tuicnn("runs")
    assert "resumes at" in listed.stdout
    assert "step 4" in listed.stdout
    done = tuicnn(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "resumed after step 4 of 6" in done.stdout
    assert re.search(r"^epoch 2/2: .*^test accuracy", done.stdout, re.M | re.S)
    assert same(checkpoint_of(stopped), checkpoint_of(whole))
    assert [e for e in story(stopped) if e["event"] == "epoch"] == [e for e in story(whole) if e["event"] == "epoch"]
    assert stopped.weights.read_bytes() == whole.weights.read_bytes()
    again = tuicnn("resume", "1")
    assert again.returncode == 1
    assert "The run my-1 is done, 2 epochs" in again.stderr
    assert "tuicnn resume my-1 --epochs 4" in again.stderr
    assert "resumes at" not in tuicnn("runs").stdout


def test_in_json_and_longer(tuicnn: Run, stopped: RunFolder) -> None:
    said: dict[str, Any] = json.loads(tuicnn("runs", "--json").stdout)
    assert (said["resumable"], said["saved_step"]) == (True, 4)
    done = tuicnn("train", "runs/my-1", "--json", "--epochs", "3")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["event"] for e in events] == ["resumed", *["step"] * 2, "epoch", *["step"] * 3, "epoch", "end"]
    assert (events[0]["step"], events[0]["epochs_done"], events[0]["epochs"]) == (4, 1, 3)
    assert Origin.of(stopped).options == Options(epochs=3, threads=1)


def test_a_run_that_is_alive_is_refused_with_how_to_attach(tuicnn: Run, stopped: RunFolder) -> None:
    with stopped.lock():
        for arguments in (["resume", "1"], ["runs/my-1"], ["train", "runs/my-1"]):
            done = tuicnn(*arguments)
            assert done.returncode == 1
            assert "has its process already" in done.stderr
            assert "tuicnn attach my-1" in done.stderr


def test_a_changed_net_is_refused_with_the_difference_or_begins_a_warm_run(tuicnn: Run, stopped: RunFolder) -> None:
    net = stopped.path.parent.parent / "my.net"
    net.write_text(stopped.text.replace("flatten -> dense 3", "flatten -> dense 9 -> dense 3"))
    refused = tuicnn("resume", "1", "--net", "my.net")
    assert refused.returncode == 1
    assert "is not what the run my-1 trains any more" in refused.stderr
    assert tuicnn("resume", "1", "--run", "x").returncode == 2

    warm = tuicnn("resume", "1", "--warm", "--epochs", "1")
    assert warm.returncode == 0
    assert "my-2 begins with the weights of my-1 after step 4" in warm.stderr
    assert "Weights kept: conv1, batchnorm1; new: dense1, dense2." in warm.stderr
    assert "resumed" not in warm.stdout


def test_nothing_to_resume_is_said(tuicnn: Run, tmp_path: Path) -> None:
    assert "was left before its end" in tuicnn("resume").stderr
    assert "There is no run 7" in tuicnn("resume", "7").stderr
    (tmp_path / "work" / "empty").mkdir()
    done = tuicnn("empty")
    assert done.returncode == 1
    assert "is a folder without a run" in done.stderr
