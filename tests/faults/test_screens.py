"""Screens that are closed, stalled, stopped, killed or broken: training goes on, and the terminal is as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import Begin, Shell
from tests.faults.looking import state
from tests.faults.terminal import plain
from tests.faults.waiting import steps, until
from tuicnn.runs.folder import RunFolder
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import Action

#: attaches a screen whose key s breaks it
BROKEN = """
import sys
from tuicnn.cli.program import run
from tuicnn.tui.app import TrainApp

def break_down(app, action):
    raise TypeError("on purpose")

TrainApp.action_control = break_down
run()
"""


def stopped(pid: int) -> bool:
    return state(pid) == "T"


def act(folder: RunFolder, action: Action) -> None:
    async def once() -> None:
        feed = await RemoteFeed.connect(folder)
        await feed.act(action)
        await feed.close()

    asyncio.run(once())


def test_training_goes_on_whatever_becomes_of_its_screens(begin: Begin, terminals: Shell) -> None:
    folder, worker = begin()
    closed, stalled, stopped = (terminals("attach") for _ in range(3))
    screens = (closed, stalled, stopped)
    for screen in screens:
        screen.until("training")
    # what one does the others see
    stopped.press(" ")
    for screen in screens:
        screen.until("paused")
    stopped.forget()
    closed.press(" ")
    stopped.until("training")

    stopped.signal(signal.SIGSTOP)
    closed.close()
    steps(folder, 300)  # nobody reads what `stalled` prints
    assert closed.process.wait(20) == 129
    assert (state(stopped.process.pid), state(worker.pid)) != ("", "")

    stalled.signal(signal.SIGTERM)
    assert stalled.ended() == 143
    assert stalled.restored

    stopped.forget()
    stopped.signal(signal.SIGCONT)
    stopped.until("training")
    stopped.forget()
    worker.kill()
    stopped.until("is gone; go on with: tuicnn resume tiny-1")
    stopped.press("q")
    assert stopped.ended() == 1
    assert stopped.restored
    assert "tuicnn resume tiny-1" in plain(stopped.said.rpartition(b"\x1b[?1049l")[2])


def test_a_screen_that_was_stopped_and_let_go_on_reads_its_keys_once_and_ends(begin: Begin, terminals: Shell) -> None:
    folder, _ = begin()
    act(folder, "pause")
    screens = [terminals("attach") for _ in range(4)]
    for screen in screens:
        screen.until("paused")
        for _ in range(2):
            screen.signal(signal.SIGSTOP)
            until(partial(stopped, screen.process.pid))
            screen.forget()
            screen.press("?")  # typed while it is stopped, read when it goes on
            screen.signal(signal.SIGCONT)
            screen.until("Keys and words")
            screen.forget()
            screen.press("?")
            screen.until("paused")
        screen.press("qp")
    for screen in screens:
        assert screen.ended() == 0
        assert screen.restored


def test_a_signal_ends_the_screen_and_nothing_else(begin: Begin, terminals: Shell) -> None:
    folder, worker = begin()
    act(folder, "pause")  # so that it does not take our time; it is there all the same
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
    screens = {number: terminals("attach") for number in numbers}
    broken = terminals("attach", program=(sys.executable, "-c", BROKEN))
    for number, screen in screens.items():
        screen.until("paused")
        screen.signal(signal.SIGUSR1)  # which is for runs
        screen.press("?")
        screen.until("Keys and words")
        screen.signal(number)
    for number, screen in screens.items():
        assert (number, screen.ended()) == (number, 128 + number)
        assert screen.restored
        said = plain(screen.said.rpartition(b"\x1b[?1049l")[2])
        assert ("tuicnn attach tiny-1" in said) == (number != signal.SIGHUP)  # after that one nobody reads

    broken.until("paused")
    broken.press("s")
    assert broken.ended() == 1
    assert broken.restored
    said = plain(broken.said)
    assert "The screen broke down (TypeError: on purpose)" in said
    assert "watch it again with: tuicnn attach tiny-1" in said
    assert "Traceback" not in said
    assert "Traceback" in (folder.path / "screen.log").read_text()
    assert worker.poll() is None


def test_suspending_the_screen_and_coming_back(begin: Begin, terminals: Shell) -> None:
    folder, _ = begin()
    act(folder, "pause")
    command = f"{sys.executable} -m tuicnn attach; echo STOPPED; read line; fg; echo LEFT $?"
    shell = terminals(program=("bash", "-mc", command), HISTFILE="")
    shell.until("paused")
    shell.press("\x1a")
    shell.until("STOPPED")
    assert shell.restored
    act(folder, "resume")
    steps(folder, 50)
    shell.forget()
    shell.press("\n")
    shell.until("training")
    shell.press("qk")
    shell.until("LEFT 0")
    assert shell.restored


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_screen_is_there_says_where_the_run_is(
    terminals: Shell, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "my.net").write_text("flatten -> dense 10\n")
    shell = terminals("my.net", "--epochs", "1000", "--threads", "1")
    until(lambda: (tmp_path / "runs/my-1/worker.log").exists())
    if number == signal.SIGINT:
        shell.press("\x03")
    else:
        shell.signal(number)
    code = shell.ended()
    folder = RunFolder(tmp_path / "runs/my-1")
    try:
        assert code == 128 + number
        assert "Traceback" not in plain(shell.said)
        assert "tuicnn attach" in plain(shell.said)
        until(lambda: folder.holder)
    finally:
        until(lambda: folder.holder)
        holder = folder.holder
        assert holder is not None
        os.kill(holder.pid, signal.SIGKILL)


def test_a_run_whose_process_is_suspended_is_not_waited_for(begin: Begin, terminals: Shell) -> None:
    _, worker = begin()
    worker.send_signal(signal.SIGSTOP)
    screen = terminals("attach", "tiny-1")
    screen.until(f"is suspended; let it go on with: kill -CONT {worker.pid}")
    screen.press("q")
    assert screen.ended() == 1
