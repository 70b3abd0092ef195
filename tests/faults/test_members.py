"""Trainings of several processes, one of which fails, is killed or is stopped; and what a terminal sees of it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.faults.conftest import Begin, Shell
from tests.faults.looking import state
from tests.faults.terminal import plain
from tests.faults.waiting import steps, until
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.training.options import Options
from tuicnn.worker.stopping import stop as stop_run

#: batches that are worth sharing
TEXT = "data: mnist val=50 limit=1200\ntrain: batch=400\nflatten -> dense 10\n"
FOR_EVER = Options(epochs=100_000, threads=2)

#: `tuicnn` whose other process meets an error at its fifth step
FAULTY = """
from tuicnn.engine.network import Network
step = Network.forward_backward
def faulty(network, *given, **more):
    if network.group.rank and more["step"] == 4:
        raise ValueError("an \\x1b[31munforeseen\\x1b[0m\\nerror")
    return step(network, *given, **more)
Network.forward_backward = faulty
from tuicnn.cli.program import run
run()
"""


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net whose steps are shared, also for runs in the background."""
    (tmp_path / "my.net").write_text(TEXT)
    monkeypatch.setattr("tests.faults.conftest.TEXT", TEXT)


def children(pid: int) -> list[int]:
    """The processes that one started and that are there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def member(pid: int) -> int:
    """The other process of a group of two."""
    (found,) = children(pid)
    return found


def gone(pid: int) -> None:
    """Wait until a process is gone; a zombie waits to be reaped by init."""
    until(lambda: state(pid) in ("", "Z"), 20)


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x1c", -signal.SIGQUIT)])
def test_what_the_terminal_tells_all_is_answered_by_one(terminals: Shell, key: str, code: int) -> None:
    shell = terminals("train", "my.net", "--epochs", "100000", "--threads", "2")
    shell.until("images/s")
    other = member(shell.process.pid)
    shell.press(key)
    assert shell.ended() == code
    assert shell.restored
    said = plain(shell.said)
    assert said.count("Ending after this step") == (code == 130)
    assert "Traceback" not in said
    assert "warning" not in said
    gone(other)


def test_a_suspended_team_goes_on_with_its_leader(terminals: Shell, tmp_path: Path) -> None:
    command = f"{sys.executable} -m tuicnn train my.net --epochs 100000 --threads 2; echo HELD; read x"
    shell = terminals(program=("bash", "-mc", command), HISTFILE="")
    shell.until("images/s")
    folder = RunFolder(tmp_path / "runs/my-1")
    holder = folder.holder
    assert holder is not None
    other = member(holder.pid)
    shell.press("\x1a")
    shell.until("HELD")
    until(lambda: state(holder.pid) == state(other) == "T")
    os.kill(holder.pid, signal.SIGCONT)  # as `tuicnn stop` advises: this one alone
    steps(folder, 20)
    assert member(holder.pid) == other
    stop_run(folder, 30)
    assert summary(folder).state == "stopped"
    assert "warning" not in folder.journal.read_text()
    gone(other)


@pytest.mark.parametrize("how", ["stop", "SIGTERM"])
def test_a_stopped_member_is_let_go_on_and_the_run_ends_when_it_is_told(begin: Begin, how: str) -> None:
    folder, worker = begin(FOR_EVER)
    other = member(worker.pid)
    os.kill(other, signal.SIGSTOP)
    steps(folder, 20)
    os.kill(other, signal.SIGSTOP)
    if how == "stop":
        stop_run(folder, 30)
    else:
        worker.terminate()
    assert worker.wait(30) == 0
    assert summary(folder).state == "stopped"
    assert "another process" not in folder.log.read_text()
    gone(other)


def test_an_error_in_a_member_is_a_sentence_in_the_terminal_and_whole_in_the_log(
    terminals: Shell, tmp_path: Path, tuicnn: Run
) -> None:
    shell = terminals("train", "my.net", "--epochs", "3", "--threads", "2", program=(sys.executable, "-c", FAULTY))
    assert shell.ended() == 0
    assert shell.restored
    because = "failed with ValueError: an \\x1b[31munforeseen\\x1b[0m error"
    sentence = f"Training goes on in one process: another process {because}."
    said = plain(shell.said)
    assert said.count("another process") == 1
    assert f"warning: {sentence}" in said
    assert "Traceback" not in said
    folder = RunFolder(tmp_path / "runs/my-1")
    log = folder.log.read_text()
    assert log.count("Traceback (most recent call last):") == log.count(f"{sentence}\n") == 1
    journal = folder.journal.read_text()
    assert "another process failed with ValueError" in journal
    assert "Traceback" not in journal
    (tmp_path / "work/my.net").write_text(TEXT)
    assert tuicnn("train", "my.net", "--epochs", "3", "--threads", "1").returncode == 0
    alone = RunFolder(tmp_path / "work/runs/my-1")
    assert folder.weights.read_bytes() == alone.weights.read_bytes()
