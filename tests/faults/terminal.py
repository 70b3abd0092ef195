"""A command in a terminal of its own."""

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
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Terminal", "plain"]

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?<>=]*[a-zA-Z]|\][^\x07]*\x07|[=>PX_^].*?\x1b\\|[()].)", re.DOTALL)


def plain(data: bytes) -> str:
    """What was printed, without its escape sequences, and with one space where there are several, or a new line."""
    return " ".join(_ESCAPE.sub(" ", data.decode(errors="replace")).split())


def _session(leader: int) -> list[int]:
    """The processes that run in the terminal of a session."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - numbers, no paths
        with contextlib.suppress(ValueError, ProcessLookupError, PermissionError):
            if os.getsid(int(name)) == leader:
                found.append(int(name))
    return found


class Terminal:
    """A command whose terminal we hold the other end of; one that is not `controlling` sends no signals."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        rows: int = 24,
        columns: int = 80,
        *,
        controlling: bool = True,
    ) -> None:
        self._master, slave = pty.openpty()
        self.slave = slave
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._settings = termios.tcgetattr(slave)
        self.said = b""
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            preexec_fn=self._own if controlling else os.setsid,
        )

    @staticmethod
    def _own() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in _session(self.process.pid):  # a shell's jobs too: a training goes on without its terminal
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Close our end, as a lost connection does."""
        for descriptor in (self._master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
        self._master = self.slave = -1

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> None:
        """Take what is printed, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                try:
                    self.said += os.read(self._master, 1 << 16)
                except OSError:  # the other end is closed
                    return

    def wait(self, seconds: float) -> None:
        """Take what is printed next, for so long at most."""
        if select.select([self._master], [], [], seconds)[0]:
            self.said += os.read(self._master, 1 << 16)

    def until(self, mark: str, seconds: float = 60.0) -> None:
        """Read until something is printed."""
        end = time.monotonic() + seconds
        while mark not in plain(self.said):
            over = self.process.poll() is not None or time.monotonic() > end
            self.read(0.05)  # also what it printed last
            if over and mark not in plain(self.said):
                raise AssertionError(f"{mark!r} was not printed, but:\n{plain(self.said)[-3000:]}")

    def forget(self) -> None:
        """Begin anew with what was printed."""
        self.said = b""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        self.process.send_signal(number)

    def ended(self, seconds: float = 30.0) -> int:
        """The command's exit code; reads what it prints meanwhile, and what it printed last."""
        end = time.monotonic() + seconds
        while (code := self.process.poll()) is None:
            assert time.monotonic() < end, f"it did not end, but printed:\n{plain(self.said)[-3000:]}"
            self.read(0.05)
        self.read(0.05)
        return code

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: its settings, its first screen, its cursor, no reports of the mouse."""
        pairs = ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1000h", b"\x1b[?1000l"))
        undone = all(self.said.rfind(undo) >= self.said.rfind(do) for do, undo in pairs)
        return undone and self._now() == self._settings

    def _now(self) -> list[Any]:
        return termios.tcgetattr(self.slave)
