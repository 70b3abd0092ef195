"""The screen of a made-up run: what a hang-up without a signal does to it, and what is drawn again after a stop."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.faults.looking import state
from tests.faults.terminal import Terminal
from tests.faults.waiting import until


@pytest.fixture
def terminal(request: pytest.FixtureRequest, environment: dict[str, str]) -> Iterator[Terminal]:
    """The screen in a terminal; `False` as the parameter: one that sends no SIGHUP when it is closed."""
    command = [sys.executable, "-m", "tests.tui.demo", "--reading", "0"]
    with Terminal(command, ROOT, environment, controlling=getattr(request, "param", True)) as made:
        yield made


def rows_written(terminal: Terminal) -> set[int]:
    """The rows in which something was written since the screen was taken over, by where the cursor was moved."""
    terminal.read(0.05)
    drawn = terminal.said.rpartition(b"\x1b[?1049h")[2]
    return {int(row) for row in re.findall(rb"\x1b\[(\d+);1H", drawn)}


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("terminal", [False], indirect=True, ids=["without SIGHUP"])
def test_a_terminal_that_is_closed_ends_the_screen(terminal: Terminal, shown: bool) -> None:
    if shown:
        terminal.until("maxpool 2")
    terminal.close()
    terminal.process.wait(20)


@pytest.mark.parametrize("keys", [" ", " ?"], ids=["the view", "a dialog over it"])
@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_every_line_is_written_again_after_a_stop(terminal: Terminal, stop: signal.Signals, keys: str) -> None:
    terminal.until("maxpool 2")
    terminal.press(keys)  # paused, so that nothing changes by itself
    terminal.until("Keys and words" if "?" in keys else "paused")
    terminal.read(0.5)
    terminal.signal(stop)
    until(lambda: state(terminal.process.pid) == "T", 10)
    terminal.read(0.1)
    terminal.forget()
    terminal.signal(signal.SIGCONT)
    until(lambda: rows_written(terminal) == set(range(1, 25)), 10)
