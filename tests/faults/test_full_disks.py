"""What could not be saved at a run's end is no success, whoever looks: and the run can be brought to its end again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.conftest import Run, start_worker
from tests.faults.conftest import Shell
from tests.faults.terminal import plain
from tests.faults.waiting import steps
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.training.options import Options

#: a command that may write no file of more than 1.1 MB (a checkpoint of `wide` has three times as many as its weights)
NARROW = ("bash", "-c", 'ulimit -f 1100; exec "$@"', "narrow")
NET = "data: mnist val=50 limit=100\ntrain: batch=20\nflatten -> dense {wide} -> relu -> dense 10\n"
#: how wide the layer is, and what cannot be saved then
WIDE = [(300, "no checkpoint can be written"), (400, "The weights could not be saved")]

Narrow = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def narrow(tmp_path: Path, environment: dict[str, str]) -> Narrow:
    """Runs `tuicnn …` where no file may be large, in the folder of `tuicnn`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*NARROW, sys.executable, "-m", "tuicnn", *arguments],
            cwd=tmp_path / "work", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(("wide", "says"), WIDE)
def test_a_training_in_the_foreground(narrow: Narrow, tuicnn: Run, tmp_path: Path, wide: int, says: str) -> None:
    (tmp_path / "work/my.net").write_text(NET.format(wide=wide))
    done = narrow("train", "my.net", "--epochs", "1")
    assert done.returncode == 1
    assert "test accuracy" in done.stdout
    (said,) = done.stderr.splitlines()
    assert said.startswith("tuicnn: ")
    assert says in said
    assert said.endswith("Once that is fixed, tuicnn resume my-1 goes on from its first step.")
    assert "Training goes on" not in said
    listed = tuicnn("runs")
    assert "done, unsaved" in listed.stdout
    assert "its start" in listed.stdout
    assert listed.stderr == said.replace("tuicnn: ", "my-1: ", 1) + "\n"
    # and now there is room
    again = tuicnn("resume")
    assert (again.returncode, "test accuracy" in again.stdout) == (0, True)
    folder = RunFolder(tmp_path / "work/runs/my-1")
    assert (summary(folder).state, summary(folder).trouble, summary(folder).resumable) == ("done", "", False)
    assert load_file(folder.weights)["dense1.weight"].shape == (wide, 784)
    assert "unsaved" not in tuicnn("runs").stdout


def test_weights_alone_are_made_up_for_from_the_last_checkpoint(narrow: Narrow, tuicnn: Run, tmp_path: Path) -> None:
    (tmp_path / "work/my.net").write_text(NET.format(wide=10))
    folder = RunFolder(tmp_path / "work/runs/my-1")
    began = tuicnn("train", "my.net", "--epochs", "1")
    assert began.returncode == 0
    folder.weights.unlink()
    folder.weights.mkdir()  # nothing can be put in its place
    done = tuicnn("resume", "my-1", "--epochs", "2")
    assert done.returncode == 1
    assert "The weights could not be saved" in done.stderr
    assert "tuicnn resume my-1 goes on after step 10." in done.stderr
    folder.weights.rmdir()
    again = tuicnn("resume")
    assert (again.returncode, again.stderr) == (0, "")
    assert load_file(folder.weights)


def test_a_run_in_the_background(tmp_path: Path, tuicnn: Run) -> None:
    wide, says = WIDE[0]
    folder = create_run(tmp_path / "work", "my", NET.format(wide=wide))
    process = start_worker(folder, Options(epochs=100_000, threads=1), through=NARROW)
    try:
        steps(folder, 10)
        stopped = tuicnn("stop")
        assert stopped.returncode == 1
        assert "my-1: stopped, " in stopped.stdout
        assert "not all of it saved" in stopped.stdout
        assert says in stopped.stderr
        assert process.wait(30) == 1
    finally:
        process.kill()
        process.wait()


def test_a_screen(terminals: Shell, tmp_path: Path) -> None:
    wide, says = WIDE[1]
    (tmp_path / "my.net").write_text(NET.format(wide=wide))
    shell = terminals("my.net", "--epochs", "1", program=(*NARROW, sys.executable, "-m", "tuicnn"))
    shell.until("test images are right")
    shell.forget()
    shell.press("q")
    assert shell.ended() == 1
    said = plain(shell.said)
    assert says in said
    assert "Once that is fixed, tuicnn resume my-1 goes on from its first step." in said
    assert shell.restored
