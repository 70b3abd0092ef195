"""Ends a run from another process: `stop` keeps what it has come to, `discard` removes it."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.runs.status import ENDS, describe, summary, why_silent
from tuicnn.worker.address import peer_is_me, socket_places
from tuicnn.worker.feed import Action
from tuicnn.worker.frames import ANSWER_LIMIT, REQUEST_LIMIT, FrameError, checked_length, encode, opened
from tuicnn.worker.messages import Act, Hello

__all__ = ["discard", "stop"]

#: seconds that the answer to an act may take
_ANSWER = 20.0


def stop(folder: RunFolder, timeout: float = 60.0) -> None:
    """Ask a run to end, and wait until its weights are saved, and its process gone unless somebody watches it.

    Raises `UserError` where it is not running, or does not end within `timeout` seconds.
    """
    if not folder.alive:
        raise UserError(f"The run {folder.name} is not running ({describe(folder)}).")
    until = time.monotonic() + timeout
    _ask(folder, "stop", until)
    grace: float | None = None
    while folder.alive:
        now = time.monotonic()
        if grace is None and summary(folder).state in ENDS:
            grace = now + 1.0
        if grace is not None and now > grace:
            return
        _wait(folder, until)


def discard(folder: RunFolder, timeout: float = 60.0) -> None:
    """Remove a run's files; one that is running is ended first, and saves nothing.

    Raises `UserError` where it does not end within `timeout` seconds, or its files cannot be removed.
    """
    until = time.monotonic() + timeout
    if folder.alive:
        _ask(folder, "discard", until)
        while folder.alive:
            _wait(folder, until)
    folder.remove()


def _ask(folder: RunFolder, action: Action, until: float) -> None:
    """Ask a run's process for an act, once it listens. Raises `UserError` where it does not answer."""
    holder = folder.holder
    if holder is None or not (holder.suspended or not holder.here or holder.is_foreign or holder.elsewhere):
        while folder.alive and time.monotonic() < until:
            for path in socket_places(folder.path):
                with contextlib.suppress(OSError, FrameError):
                    if _asked(path, folder, action, max(0.1, min(_ANSWER, until - time.monotonic()))):
                        return
            time.sleep(0.05)  # it may be just starting
    if folder.alive:
        raise UserError(why_silent(folder))


def _asked(path: Path, folder: RunFolder, action: Action, timeout: float) -> bool:
    """Whether the process that listens at a path is that of the run, and did what was asked for.

    Raises `OSError` or `FrameError` where it cannot be asked.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        if not peer_is_me(connection):
            return False
        hello = encode("hello", Hello(identity_of(folder.path)), REQUEST_LIMIT)
        connection.sendall(hello + encode("act", Act(action), REQUEST_LIMIT))
        with connection.makefile("rb") as answers:
            return opened(answers.read(checked_length(answers.read(4), ANSWER_LIMIT))).kind == "progress"


def _wait(folder: RunFolder, until: float) -> None:
    """A moment; raises `UserError` where there is no time left."""
    if time.monotonic() > until:
        raise UserError(f"The run {folder.name} was asked to end, and has not yet; its log is {folder.log}.")
    time.sleep(0.05)
