"""`tuicnn train` in a terminal: what signals do to it, and what is left of the terminal."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Run, start_worker
from tests.faults.conftest import TEXT, Shell
from tests.faults.looking import state
from tests.faults.terminal import Terminal, plain
from tests.faults.waiting import begun, steps, until
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.training.options import Options
from tuicnn.worker.stopping import stop as stop_run


@pytest.fixture
def training(terminals: Shell, tmp_path: Path) -> tuple[Terminal, RunFolder]:
    """A training in a terminal that goes on for ever."""
    (tmp_path / "my.net").write_text(TEXT)
    shell = terminals("train", "my.net", "--epochs", "100000", "--threads", "1")
    shell.until("images/s")
    return shell, RunFolder(tmp_path / "runs/my-1")


def test_ctrl_c_ends_in_order_and_a_second_one_at_once(training: tuple[Terminal, RunFolder]) -> None:
    shell, folder = training
    os.kill(shell.process.pid, signal.SIGSTOP)
    shell.press("\x03")  # a wrapper passes on what the terminal has sent already: the same one
    os.kill(shell.process.pid, signal.SIGINT)
    os.kill(shell.process.pid, signal.SIGCONT)
    assert shell.ended() == 130
    assert shell.restored
    assert summary(folder).state == "stopped"
    assert folder.weights.exists()
    assert "stopped after step" in plain(shell.said)


def test_a_second_ctrl_c_does_not_wait_for_the_step(terminals: Shell, tmp_path: Path) -> None:
    (tmp_path / "slow.net").write_text(
        "train: batch=6000\nconv 64 5x5 pad=2 -> conv 64 5x5 pad=2 -> flatten -> dense 10\n"
    )
    shell = terminals("train", "slow.net", "--threads", "1")
    shell.until("epoch 1")
    shell.press("\x03")
    shell.until("Once more: end at once.")
    time.sleep(0.6)
    shell.press("\x03")
    assert shell.ended(10) == -signal.SIGINT
    assert shell.restored


def test_a_lost_terminal_does_not_end_it(training: tuple[Terminal, RunFolder], tuicnn: Run) -> None:
    shell, folder = training
    shell.close()
    until(lambda: "The terminal is gone; training goes on." in folder.log.read_text())
    steps(folder, 50)
    assert shell.process.poll() is None
    stop_run(folder, 30)
    assert shell.process.wait(30) == 0
    assert summary(folder).state == "stopped"


def test_a_signal_that_saves(training: tuple[Terminal, RunFolder]) -> None:
    shell, folder = training

    def saved() -> set[str]:
        return {path.name for path in (folder.path / "checkpoints").glob("*")}

    for _ in range(2):
        before = saved()
        shell.signal(signal.SIGUSR1)
        until(lambda before=before: saved() - before)  # type: ignore[misc]
    steps(folder, 10)
    shell.signal(signal.SIGQUIT)
    assert shell.ended() == -signal.SIGQUIT
    assert shell.restored
    assert summary(folder).state == "lost"


def test_a_signal_that_saves_where_there_is_nothing_yet(terminals: Shell, tmp_path: Path) -> None:
    (tmp_path / "my.net").write_text(TEXT)
    shell = terminals("train", "my.net", "--epochs", "100000", "--threads", "1")
    folder = RunFolder(tmp_path / "runs/my-1")
    until(folder.path.exists)
    while not begun(folder):
        assert shell.process.poll() is None
        shell.signal(signal.SIGUSR1)
        time.sleep(0.002)
    steps(folder, 10)
    stop_run(folder, 30)
    assert shell.ended(30) == 0


def test_a_signal_that_saves_reaches_a_process_that_just_begins(tmp_path: Path) -> None:
    folder = create_run(tmp_path, "my", TEXT)
    process = start_worker(folder, Options(epochs=100_000, threads=1))
    try:
        while not begun(folder):
            assert process.poll() is None
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.002)
        steps(folder, 10)
        stop_run(folder, 30)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def test_suspended_and_continued(terminals: Shell, tmp_path: Path) -> None:
    (tmp_path / "my.net").write_text(TEXT)
    command = (
        f"{sys.executable} -m tuicnn train my.net --epochs 100000 --threads 1; echo HELD; read x; fg; echo LEFT $?"
    )
    shell = terminals(program=("bash", "-mc", command), HISTFILE="")
    shell.until("images/s")
    shell.press("\x1a")
    shell.until("HELD")
    assert shell.restored
    folder = RunFolder(tmp_path / "runs/my-1")
    holder = folder.holder
    assert holder is not None
    assert state(holder.pid) == "T"
    with pytest.raises(UserError, match=f"my-1 is suspended; let it go on with: kill -CONT {holder.pid}"):
        stop_run(folder)
    shell.forget()
    shell.press("\n")
    shell.until("images/s")
    shell.press("\x03")
    shell.until("LEFT 130")
    assert shell.restored
