"""The screen in a terminal of its own: what signals and a hang-up do to it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Terminal:
    process: subprocess.Popen[bytes]
    master: int
    said: bytes = field(default=b"")

    def read_until(self, mark: bytes, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while mark not in self.said:
            assert time.monotonic() < until, self.said[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.said += os.read(self.master, 65536)
                except OSError:
                    assert mark in self.said, self.said[-2000:]

    def read_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                self.said += os.read(self.master, 65536)

    @property
    def state(self) -> str:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    @property
    def rows_written(self) -> set[int]:
        """The rows in which something was written since the screen was taken over, by where the cursor was moved."""
        drawn = self.said.rpartition(b"\x1b[?1049h")[2]
        return {int(row) for row in re.findall(rb"\x1b\[(\d+);1H", drawn)}


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The screen in a terminal; `False` as the parameter: one that sends no SIGHUP when it is closed."""
    controlling = getattr(request, "param", True)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def own() -> None:
        os.setsid()
        if controlling:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    root = Path(__file__).resolve().parent.parent.parent
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.demo", "--reading", "0"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=root,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(root)},
        preexec_fn=own,
    )
    os.close(slave)
    made = Terminal(process, master)
    yield made
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
    with contextlib.suppress(OSError):
        os.close(master)


def test_sigterm_restores_the_terminal_and_leaves_the_run_alone(terminal: Terminal) -> None:
    terminal.read_until(b"maxpool 2")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read_until(b"\x1b[?1049l")
    terminal.read_until(b"tuicnn attach mnist-3")
    assert terminal.process.wait(10) == 0


@pytest.mark.parametrize("terminal", [True, False], indirect=True, ids=["with SIGHUP", "without SIGHUP"])
def test_a_closed_terminal_ends_the_screen(terminal: Terminal) -> None:
    terminal.read_until(b"maxpool 2")
    os.close(terminal.master)
    terminal.process.wait(10)


@pytest.mark.parametrize("terminal", [False], indirect=True, ids=["without SIGHUP"])
def test_a_terminal_that_is_closed_before_the_screen_is_there_ends_it(terminal: Terminal) -> None:
    os.close(terminal.master)
    terminal.process.wait(20)


@pytest.mark.parametrize("keys", [b" ", b" ?"], ids=["the view", "a dialog over it"])
@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_every_line_is_written_again_after_a_stop(terminal: Terminal, stop: signal.Signals, keys: bytes) -> None:
    terminal.read_until(b"maxpool 2")
    os.write(terminal.master, keys)  # paused, so that nothing changes by itself
    terminal.read_until(b"Keys and words" if b"?" in keys else b"paused")
    terminal.read_for(0.5)
    terminal.process.send_signal(stop)
    until = time.monotonic() + 10
    while terminal.state != "T":
        assert time.monotonic() < until
        terminal.read_for(0.02)
    terminal.read_for(0.1)
    terminal.said = b""
    terminal.process.send_signal(signal.SIGCONT)
    until = time.monotonic() + 10
    while terminal.rows_written != set(range(1, 25)):
        assert time.monotonic() < until, sorted(set(range(1, 25)) - terminal.rows_written)
        terminal.read_for(0.05)


def test_ctrl_z_and_back(terminal: Terminal) -> None:
    terminal.read_until(b"maxpool 2")
    os.write(terminal.master, b"\x1a")
    terminal.read_until(b"\x1b[?1049l")
    until = time.monotonic() + 10
    while terminal.state != "T":
        assert time.monotonic() < until
        time.sleep(0.02)
    terminal.said = b""
    terminal.process.send_signal(signal.SIGCONT)
    terminal.read_until(b"\x1b[?1049h")
    terminal.read_until(b"maxpool 2")
    os.write(terminal.master, b"qk")
    assert terminal.process.wait(10) == 0
