"""The commands, as a user or a script runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, usage_error
from tests.data.made import write_tree

LINE = "conv 8 3x3 pad=1 -> relu -> maxpool 2 -> flatten -> dense 10"


def write(tmp_path: Path, text: str, name: str = "my.net") -> str:
    (tmp_path / "work" / name).write_text(text)
    return name


def test_check_prints_the_network_as_a_table(tuicnn: Run, tmp_path: Path) -> None:
    done = tuicnn("check", write(tmp_path, LINE))
    assert done.returncode == 0
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["conv1", "conv", "8", "3x3", "pad=1", "8x28x28", "80", "56,448"] in lines
    assert ["dense1", "dense", "10", "10", "15,690", "15,680"] in lines
    assert ["total", "15,770", "72,128"] in lines
    for filled in ("data: mnist", "loss: cross_entropy", "optim: adam", "train: epochs=10 batch=64 seed=0"):
        assert any(filled in line for line in done.stdout.splitlines()), filled


def test_check_says_which_folder_is_validated_on(tuicnn: Run, tmp_path: Path) -> None:
    name = write(tmp_path, 'data: folder "pets"\n\nflatten\ndense 2\n')
    pets = tmp_path / "work" / "pets"
    write_tree(pets / "train", ("cat", "dog"), 8, 4, 4)
    assert tuicnn("check", name).stdout.splitlines()[0] == "my: 1x4x4 images, 2 classes"
    write_tree(pets / "val", ("cat", "dog"), 2, 4, 4)
    assert tuicnn("check", name).stdout.splitlines()[0] == "my: 1x4x4 images, 2 classes, validated on pets/val"


def test_check_json_is_one_object(tuicnn: Run, tmp_path: Path) -> None:
    done = tuicnn("check", write(tmp_path, LINE), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["ok"], found["input"], found["parameters"]) == (True, [1, 28, 28], 15770)
    assert [layer["out"] for layer in found["layers"]] == [[8, 28, 28], [8, 28, 28], [8, 14, 14], [1568], [10]]
    assert found["layers"][0] == {
        "name": "conv1",
        "text": "conv 8 3x3 pad=1",
        "out": [8, 28, 28],
        "parameters": 80,
        "macs": 56448,
        "inputs": [-1],
    }
    assert found["diagnostics"] == []


def test_a_broken_file_is_told_whole_and_without_a_traceback(tuicnn: Run, tmp_path: Path) -> None:
    name = write(tmp_path, "optmizer: adam\nconv 8 3x3 strid=2 -> flatten -> dense 10\n")
    for command in (["check", name], ["train", name], [name]):
        done = tuicnn(*command)
        assert done.returncode == 1, command
        assert "Did you mean `optim:`?" in done.stderr
        assert "Did you mean `stride`?" in done.stderr
        assert "my.net:1:1" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "work" / "runs").exists()
    done = tuicnn("check", name, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["ok"] is False
    assert [(d["line"], d["column"], d["severity"]) for d in found["diagnostics"]] == [
        (1, 1, "error"),
        (2, 12, "error"),
    ]
    assert {"severity", "code", "message", "help", "line", "column", "end_line", "end_column"} <= set(
        found["diagnostics"][0]
    )


@pytest.mark.parametrize("arguments", [["check"], ["check", "a", "b"], ["train", "x.net", "--epochs", "0"], ["--wat"]])
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    assert "Usage: " in usage_error(*arguments)


def test_a_missing_file_is_told_in_a_sentence(tuicnn: Run) -> None:
    for command in (["check", "no.net"], ["train", "no.net"], ["no.net"]):
        done = tuicnn(*command)
        assert done.returncode == 1
        assert "no.net" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_bundled_net_is_found_from_anywhere_and_said_to_be_it(tuicnn: Run, tmp_path: Path) -> None:
    done = tuicnn("check", "nets/mnist.net")
    assert done.returncode == 0
    assert "nets/mnist.net is not here; this is the one that comes with tuicnn." in done.stderr
    (tmp_path / "work" / "nets").mkdir()
    write(tmp_path, LINE, "nets/mnist.net")
    done = tuicnn("check", "nets/mnist.net")
    assert done.stderr == ""


def test_train_json_is_one_object_a_line(tuicnn: Run, tmp_path: Path) -> None:
    done = tuicnn(
        "train", "nets/mnist.net", "--json", "--epochs", "2", "--batch", "100", "--seed", "7", "--threads", "1",
        "--limit", "500", "--run", "here",
    )  # fmt: skip
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["event"] for e in events] == ["start", *["step"] * 5, "epoch", *["step"] * 5, "epoch", "end"]
    for epoch in (events[6], events[12]):
        assert {"epoch", "train_loss", "val_loss", "val_accuracy", "images_per_second", "seconds"} <= set(epoch)
    end = events[-1]
    assert end["state"] == "done"
    assert 0.5 < end["test_accuracy"] <= 1
    assert end["parameters"] == 15770
    run = tmp_path / "work" / "here"
    journal = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    assert [e["event"] for e in journal] == [e["event"] for e in events]
    assert (run / "net.net").read_text().strip().endswith(LINE)
    assert (run / "weights.safetensors").exists()
    # the same seed: the same numbers, whatever the number of threads
    again = tuicnn(
        "train", "nets/mnist.net", "--json", "--epochs", "2", "--batch", "100", "--seed", "7", "--threads", "2",
        "--limit", "500",
    )  # fmt: skip
    losses = [[json.loads(x).get("loss") for x in out.stdout.splitlines()] for out in (done, again)]
    assert losses[0] == losses[1]
    # a folder that holds a run is not written over
    twice = tuicnn("train", "nets/mnist.net", "--limit", "500", "--run", "here")
    assert twice.returncode == 1
    assert "here" in twice.stderr
    assert "Traceback" not in twice.stderr


def test_without_a_terminal_a_net_trains_in_plain_lines(tuicnn: Run) -> None:
    for command in (["nets/mnist.net"], ["train", "nets/mnist.net"]):
        done = tuicnn(*command, "--epochs", "1", "--limit", "300", LANG="C")
        assert done.returncode == 0
        assert "\x1b" not in done.stdout + done.stderr
        assert done.stdout.isascii()
        assert "epoch 1/1: training loss" in done.stdout
        assert "test accuracy" in done.stdout
    listed = tuicnn("runs")
    assert [line.split()[:2] for line in listed.stdout.splitlines()[1:]] == [["mnist-1", "done"], ["mnist-2", "done"]]


def test_a_reader_that_leaves_ends_the_training_quietly(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m tuicnn train nets/mnist.net --json --epochs 100 --run r | head -n 3",
        shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 3
    assert json.loads((tmp_path / "r" / "journal.jsonl").read_text().splitlines()[-1])["state"] == "stopped"
    assert (tmp_path / "r" / "weights.safetensors").exists()
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("train nets/mnist.net --limit 300 --epochs 1 >/dev/full", 1, "the output cannot be written: the disk is full"),
        ("train nets/mnist.net --limit 300 --epochs 1 --json >/dev/full", 1, "the output cannot be written"),
        ("check nets/mnist.net >/dev/full", 1, "the output cannot be written: the disk is full"),
        ("train nets/mnist.net --limit 300 --epochs 1 >&-", 0, ""),
        ("check nets/mnist.net >&- 2>&-", 0, ""),
        ("train nets/mnist.net --json --limit 20000 --epochs 5 | true; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_output_that_cannot_be_written_is_told_in_a_line(
    arguments: str, code: int, says: str, environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m tuicnn {arguments}"],
        cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=99,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_training_that_diverges_is_told_once(tuicnn: Run, tmp_path: Path) -> None:
    name = write(tmp_path, "data: mnist limit=500 val=64\noptim: sgd lr=1e6\nconv 4 3x3 -> relu -> flatten -> dense 10")
    done = tuicnn("train", name)
    assert done.returncode == 1
    assert "RuntimeWarning" not in done.stderr
    assert (done.stdout + done.stderr).count("smaller learning rate") == 1


def test_a_training_that_diverges_may_halve_its_rate(tuicnn: Run, tmp_path: Path) -> None:
    settings = "data: mnist limit=500 val=64\nloss: mse\noptim: sgd lr=3 momentum=0.9\nschedule: constant\n"
    name = write(tmp_path, settings + "flatten -> dense 10")
    stopped = tuicnn("train", name, "--on-nan", "stop", "--epochs", "2")
    assert stopped.returncode == 1
    assert "The loss became infinite in step" in stopped.stderr
    again = tuicnn("resume", "my-1")
    assert (again.returncode, again.stdout) == (1, "")
    assert "--on-nan halve-lr" in again.stderr
    done = tuicnn("resume", "my-1", "--on-nan", "halve-lr")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the learning rate is halved to 1.5" in done.stdout
    log = (tmp_path / "work" / "runs" / "my-1" / "worker.log").read_text()
    assert "the learning rate is halved to 1.5" in log
    assert "The loss became infinite in step" in log
    assert tuicnn("train", name, "--on-nan", "sulk").returncode == 2


def test_missing_data_is_told_once(tuicnn: Run) -> None:
    done = tuicnn("train", "nets/fashion.net")
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count("Fashion-MNIST is not here") == 1


@pytest.mark.parametrize("limit", [6, 9, 20])  # with fewer, Python itself may not come to start
def test_where_hardly_a_file_may_be_open_it_is_said_in_a_sentence(
    environment: dict[str, str], tmp_path: Path, limit: int
) -> None:
    for arguments in (["check", "nets/mnist.net"], ["train", "nets/mnist.net"], ["runs"], ["attach"]):
        done = subprocess.run(
            ["bash", "-c", f'ulimit -n {limit}; exec "$@"', "few", sys.executable, "-m", "tuicnn", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert done.stderr == (
            f"tuicnn: only {limit} files may be open at a time here, and tuicnn needs 32; "
            "allow more with: ulimit -n 1024\n"
        )
    assert not (tmp_path / "runs").exists()


def test_a_limit_that_may_be_raised_is_raised(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", 'ulimit -S -n 6; exec "$@"', "few", sys.executable, "-m", "tuicnn", "runs"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("cehck", "check"), ("trian", "train"), ("run", "train, or watch"), ("list", "runs"), ("fit", "train")],
)
def test_a_mistyped_command_is_no_net_unless_there_is_one(tuicnn: Run, tmp_path: Path, word: str, meant: str) -> None:
    for more in ([], ["p.net"]):
        assert f"no command {word}. Did you mean {meant}?" in usage_error(word, *more)
    write(tmp_path, "conv 8", word)
    done = tuicnn(word)
    assert done.returncode == 1
    assert "no command" not in done.stderr


@pytest.mark.parametrize("arguments", [["train", "my.net", "--epochs"], ["attach"], ["check", "a"], ["layers"]])
def test_a_number_of_a_hundred_digits_is_not_repeated_whole(tuicnn: Run, arguments: list[str]) -> None:
    done = tuicnn(*arguments, "1" * 100)
    assert done.returncode in (1, 2)
    assert "1" * 12 in done.stderr
    assert "1" * 40 not in done.stderr
