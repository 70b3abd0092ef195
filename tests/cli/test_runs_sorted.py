"""`tuicnn runs --sort`: the best run is on top."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.runs.small import train
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder


@pytest.mark.parametrize(("order", "field", "sign"), [
    ("test", "test_accuracy", -1), ("validation", "best_val_accuracy", -1), ("parameters", "parameters", 1),
])  # fmt: skip
def test_the_best_comes_first_and_what_is_not_known_last(
    tuicnn: Run, stopped: RunFolder, tmp_path: Path, order: str, field: str, sign: int
) -> None:
    for text in (stopped.text, stopped.text.replace("conv 3", "conv 2"), stopped.text.replace("lr=0.01", "lr=0.1")):
        train(create_run(tmp_path / "work", "my", text))
    found = [json.loads(line) for line in tuicnn("runs", "--sort", order, "--json").stdout.splitlines()]
    assert len(found) == 4
    known = [sign * run[field] for run in found if run[field] is not None]
    assert known == sorted(known)
    assert len(set(known)) > 1
    assert [run["run"] for run in found if run[field] is None] == [run["run"] for run in found[len(known) :]]
    printed = tuicnn("runs", "--sort", order).stdout
    assert [line.split()[0] for line in printed.splitlines()[1:]] == [run["run"] for run in found]


def test_what_differs_between_the_runs_of_a_net_is_told_and_only_that(
    tuicnn: Run, stopped: RunFolder, tmp_path: Path
) -> None:
    texts = (stopped.text.replace("conv 3", "conv 2"), stopped.text.replace("shift=1", "shift=2"))
    for text in texts:
        create_run(tmp_path / "work", "other", text)
    for folder in sorted((tmp_path / "work/runs").glob("other-*")):
        train(RunFolder(folder))
    create_run(tmp_path / "work", "other", stopped.text)  # it has not begun, and tells nothing
    found = {run["run"]: run["differs"] for run in map(json.loads, tuicnn("runs", "--json").stdout.splitlines())}
    assert found == {
        "my-1": {},
        "other-2": {"augment": "shift=1", "conv1": "conv 2 3x3 pad=1"},
        "other-3": {"augment": "shift=2", "conv1": "conv 3 3x3 pad=1"},
        "other-4": {},
    }
    lines = {line.split()[0]: line.rstrip() for line in tuicnn("runs").stdout.splitlines()}
    assert lines["run"].endswith("what differs")
    assert lines["other-3"].endswith("augment shift=2, conv 3 3x3 pad=1")


def test_runs_of_one_net_are_compared_whatever_their_folders_are_called(
    tuicnn: Run, stopped: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "work/one.net").write_text(stopped.text)
    for name, shift in (("near", 1), ("far", 2)):
        settings = ("--epochs", "1", "--set", f"augment.shift={shift}", "--run", f"runs/{name}")
        done = tuicnn("train", "one.net", *settings)
        assert done.returncode == 0, done.stderr
    found = {run["run"]: run["differs"] for run in map(json.loads, tuicnn("runs", "--json").stdout.splitlines())}
    assert found["near"] == {"augment": "shift=1"}
    assert found["far"] == {"augment": "shift=2"}
