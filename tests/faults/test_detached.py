"""Runs that are started without a screen, and the logout that would end them."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.faults.conftest import TEXT, Shell
from tests.faults.terminal import plain
from tests.faults.waiting import until
from tests.worker.test_logout import EVERYBODY, MAIN, command, machine
from tuicnn.runs.folder import RunFolder

#: `tuicnn` on a machine whose files are elsewhere
ELSEWHERE = """
import sys
from pathlib import Path
import tuicnn.worker.logout as logout
logout.ROOT = Path(sys.argv.pop(1))
from tuicnn.cli.program import run
run()
"""


def end(folder: RunFolder) -> None:
    """Kill the process of a run, where it has one."""
    if (holder := folder.holder) is not None:
        os.kill(holder.pid, signal.SIGKILL)


def test_detached_it_says_how_to_come_back(tuicnn: Run, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "my.net").write_text(TEXT)
    try:
        done = tuicnn("my.net", "--detach", "--epochs", "100000", "--threads", "1")
        assert (done.returncode, done.stderr) == (0, "")
        assert (
            done.stdout == "Run 1 (my-1) trains in the background; tuicnn attach 1 shows it, tuicnn stop 1 ends it.\n"
        )
        assert RunFolder(work / "runs/my-1").holder is not None
        until(lambda: re.search(r"my-1 +training", tuicnn("runs").stdout))
        elsewhere = tuicnn("my.net", "--detach", "--epochs", "100000", "--threads", "1", "--run", "a b")
        assert "tuicnn attach 'a b' shows it" in elsewhere.stdout
        assert tuicnn("stop", "a b").returncode == 0
        again = tuicnn("resume", "1", "--detach")
        assert again.returncode == 1
        assert re.search(r"my-1 has its process already; watch it with: tuicnn attach my-1", again.stderr)
        assert tuicnn("stop", "1").stdout.startswith("my-1: stopped")
        assert re.search(r"my-1 +stopped", tuicnn("runs").stdout)
        for named in (("1",), ()):
            gone = tuicnn("attach", *named)
            assert gone.returncode == 1
            assert "The run my-1 has ended (stopped" in gone.stderr
            assert "; tuicnn resume my-1 goes on with it, and tuicnn " in gone.stderr
        assert tuicnn("stop").returncode == 1
        bad = tuicnn("my.net", "--detach", TUICNN_DATA="/nowhere", XDG_CACHE_HOME="/nowhere")
        assert "Traceback" not in bad.stderr
    finally:
        for path in [*(work / "runs").iterdir(), work / "a b"]:
            end(RunFolder(path))


def test_a_run_that_begins_says_so_before_its_screen_is_there_and_leaves_no_line(
    terminals: Shell, tmp_path: Path
) -> None:
    (tmp_path / "my.net").write_text(TEXT)
    try:
        shell = terminals("my.net", "--epochs", "100000", "--threads", "1")
        shell.until("[1 Train]")
        assert shell.said.startswith(b"Run 1 (my-1) opens...\r\x1b[2K\x1b[")
    finally:
        end(RunFolder(tmp_path / "runs/my-1"))


def test_what_ends_runs_at_logout_is_told_once_and_prevented_where_one_agrees(
    terminals: Shell, tmp_path: Path, tuicnn: Run
) -> None:
    root = machine(tmp_path / "root", {MAIN: EVERYBODY + "KillUserProcesses=yes"})
    programs = tmp_path / "bin"
    programs.mkdir()
    command(programs, "loginctl", f'echo loginctl "$@" >> {tmp_path}/asked')
    command(
        programs,
        "systemd-run",
        f'echo systemd-run "$@" >> {tmp_path}/asked; while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    )
    (tmp_path / "my.net").write_text(TEXT)
    path = f"{programs}:{os.environ['PATH']}"
    program = (sys.executable, "-c", ELSEWHERE, root)
    folders = [RunFolder(tmp_path / f"runs/my-{number}") for number in (1, 2)]
    try:
        shell = terminals("my.net", "--detach", program=program, PATH=path)
        shell.until("When you log out, this run will be ended too: KillUserProcesses=yes in /etc/systemd/logind.conf")
        shell.until("now and for later runs? [Y/n]")
        shell.press("\n")
        assert shell.ended() == 0
        asked = (tmp_path / "asked").read_text()
        assert "loginctl enable-linger\n" in asked
        assert re.search(r"^systemd-run --user --scope .* -m tuicnn\.worker ", asked, re.MULTILINE)
        assert folders[0].holder is not None  # what systemd-run became holds the lock
        again = terminals("my.net", "--detach", program=program, PATH=path)
        assert again.ended() == 0
        assert "log out" not in plain(again.said)
        assert folders[1].holder is not None
        assert len(re.findall(r"-m tuicnn\.worker ", (tmp_path / "asked").read_text())) == 2
    finally:
        for folder in folders:
            end(folder)


@pytest.mark.parametrize("answer", ["n\n", "\x03"])
def test_who_does_not_agree_is_not_asked_again(terminals: Shell, tmp_path: Path, answer: str) -> None:
    root = machine(tmp_path / "root", {MAIN: EVERYBODY + "KillUserProcesses=yes"})
    (tmp_path / "my.net").write_text(TEXT)
    program = (sys.executable, "-c", ELSEWHERE, root)
    try:
        shell = terminals("my.net", "--detach", "--epochs", "1", program=program)
        shell.until("[Y/n]")
        shell.press(answer)
        assert shell.ended() == (130 if answer == "\x03" else 0)
        if answer != "\x03":
            again = terminals("my.net", "--detach", "--epochs", "1", program=program)
            assert again.ended() == 0
            assert "log out" not in plain(again.said)
        else:
            assert not (tmp_path / "runs/my-1").exists()  # nothing was begun
    finally:
        for path in (tmp_path / "runs").glob("*"):
            end(RunFolder(path))
