"""`--set`: a net with other values, as a user or a script gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run, usage_error
from tests.runs.small import NET, made_data

TEXT = "# mine\n\n" + NET


@pytest.fixture
def net(tmp_path: Path, tuicnn: Run) -> Path:
    path = tmp_path / "work" / "my.net"
    path.write_text(TEXT.format(data=made_data(tmp_path), optim="optim: adam lr=0.01  # why"))
    return path


def test_a_run_keeps_the_text_with_the_values_that_it_was_given_and_the_file_stays(net: Path, tuicnn: Run) -> None:
    text = net.read_text()
    done = tuicnn("train", "my.net", "--set", "optim.lr=0.02", "--set", "train.epochs=1", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert "adam lr=0.02" in done.stdout
    assert net.read_text() == text
    kept = (net.parent / "runs" / "my-1" / "net.net").read_text()
    assert "optim: adam lr=0.02  # why" in kept
    assert "epoch 1/1" in done.stdout
    assert tuicnn("check", "runs/my-1/net.net").returncode == 0
    # it goes on with what it was begun with
    refused = tuicnn("train", "runs/my-1", "--set", "optim.lr=0.5")
    assert refused.returncode == 1
    assert "tuicnn resume my-1 --warm --set" in refused.stderr
    warm = tuicnn("resume", "my-1", "--warm", "--set", "optim.lr=0.5", "--set", "train.epochs=1")
    assert warm.returncode == 0, warm.stderr
    assert "adam lr=0.5" in (net.parent / "runs" / "my-2" / "net.net").read_text()


def test_a_wrong_value_is_shown_in_the_option_and_nothing_is_begun(net: Path, tuicnn: Run) -> None:
    done = tuicnn("train", "my.net", "--set", "optim.lr=-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error[range]: `lr` of adam must be a number above 0 and at most 1e+06, not -1",
        " │ --set optim.lr=-1",
        " │                ^^",
        "help: write `lr=1`",
    ]
    assert not (net.parent / "runs").exists()
    (problem,) = json.loads(tuicnn("check", "my.net", "--json", "--set", "optim.lr=-1").stdout)["diagnostics"]
    assert (problem["file"], problem["column"], problem["fixes"]) == ("--set", 16, [])


def test_check_shows_the_network_as_it_is_with_the_values(net: Path, tuicnn: Run) -> None:
    before, after = (
        json.loads(tuicnn("check", "my.net", "--json", *more).stdout)["layers"]
        for more in ([], ["--set", "conv1.filters=5", "--set", "conv1.filters=7"])
    )
    assert after[0]["out"][0] == 7
    assert before[0]["out"][0] != 7


def test_an_option_without_a_value_is_told_what_to_write() -> None:
    assert "'w' has no value; write --set w=16, say" in usage_error("check", "mnist", "--set", "w")
    assert "give one of them" in usage_error("check", "mnist", "--fix", "--set", "w=1")
    assert "it goes with --warm" in usage_error("resume", "--set", "w=1")
