"""Starts the process of a contender, and sends it orders.

Each side has a process of its own: for its peak of memory, and because the linear algebra libraries read how many
threads they may use when they are loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Any

from tuicnn.errors import UserError
from tuicnn.system.files import why
from tuicnn.system.process import ONE_THREAD
from tuicnn.worker.launch import environment

__all__ = ["SIDES", "SideProcess"]

#: this engine, and PyTorch with both of its memory formats
SIDES = ("tuicnn", "contiguous", "channels_last")


class SideProcess:
    """The process of one side; a context, at whose end it is gone. Raises `UserError` where it cannot go on."""

    def __init__(self, side: str, threads: int) -> None:
        self.side = side
        # this engine has processes of its own; PyTorch uses the threads of its libraries
        one = ONE_THREAD if side == "tuicnn" else dict.fromkeys(ONE_THREAD, str(threads))
        try:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the process runs
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tuicnn.bench.side"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C is for the command, which ends this process itself
                env={**environment(), **one},
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise UserError(f"The process that measures {self._name} cannot be started: {why(error)}.") from error

    def __enter__(self) -> SideProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # and the processes that it has forked
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                with contextlib.suppress(OSError):  # what it was still to be told
                    stream.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send an order and wait for the answer."""
        self.send(order)
        return self.answer()

    def send(self, order: dict[str, Any]) -> None:
        """Send an order."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to what was sent."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise UserError(f"{self._name} cannot go on: {found['error'].splitlines()[0]}")
        return found

    @property
    def _name(self) -> str:
        return "tuicnn" if self.side == "tuicnn" else "PyTorch"

    def _ended(self) -> UserError:
        """The error for a process that has ended without an answer."""
        code = self._process.wait()
        if code < 0:
            hint = "; there may not be enough memory" if -code == signal.SIGKILL else ""
            return UserError(f"The process that measures {self._name} was ended by {signal.Signals(-code).name}{hint}.")
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - 2000))
        last = self._log.read().decode(errors="replace").strip().splitlines()
        return UserError(f"The process that measures {self._name} has ended: {last[-1] if last else f'exit {code}'}")
