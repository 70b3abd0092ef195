"""Starts a run's process in the background, and shows it, or says how to."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from tuicnn.cli.output.streams import complain, say
from tuicnn.errors import UserError
from tuicnn.system.regular_files import open_regular

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.folder import RunFolder
    from tuicnn.training.options import Options

__all__ = ["train_in_background"]

#: seconds within which a process should have begun; one that takes longer is not waited for
PATIENCE = 20.0
TAIL = 1 << 20  # bytes of a journal: thousands of steps
_TURNS = tuple(b'{"event":"%s"' % kind for kind in (b"start", b"resumed", b"end"))


class _Terminated(SystemExit):
    """SIGTERM came while a run was being started."""


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated(128 + number)


def train_in_background(
    folder: RunFolder,
    options: Options,
    path: Path | None,
    terminal: TerminalProfile,
    *,
    detach: bool,
    after_logout: str | None,
    resume: bool = False,
) -> NoReturn:
    """Start the process of a run, show it unless `detach`, and exit; `resume`: from its last checkpoint.

    Raises `UserError` where it cannot be started.
    """
    from tuicnn.cli.logout import past_logout
    from tuicnn.worker.launch import start

    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # not where it is ignored; the screen takes it later itself
        signal.signal(signal.SIGTERM, _end)
    try:
        through = past_logout(after_logout)
    except (click.Abort, KeyboardInterrupt, _Terminated):  # nothing was begun
        if not resume:
            folder.remove()
        raise
    try:
        before = _turns(folder) if detach else set()
        process = start(folder, options, path, through=through, resume=resume)
        if detach:
            does = "trains" if _see_it_begin(folder, process, before) else "is still reading its data"
            say(f"{_introduced(folder)} {does} in the background; {_commands(folder)}.")
            sys.exit(0)
        # imported now, while the process starts: the two start-ups overlap
        from tuicnn.tui.show import show

        sys.exit(show(folder, terminal, process))
    except (KeyboardInterrupt, _Terminated):  # before the screen was there to take it
        if folder.alive:
            complain(f"\n{_introduced(folder)} goes on in the background; {_commands(folder)}.")
        raise


def _see_it_begin(folder: RunFolder, process: subprocess.Popen[bytes], before: set[bytes]) -> bool:
    """Wait until the process trains; False where that takes long. Raises `UserError` where it ended instead.

    `before` is what `_turns` gave before the process was started.
    """
    from tuicnn.runs.journal import parse
    from tuicnn.training.events import End, State
    from tuicnn.worker.log import last_words

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        over = process.poll() is not None  # before its journal is read: its last words are then there
        turns = [parse(line) for line in _turns(folder) - before]
        for event in turns:
            if isinstance(event, End) and event.state is State.FAILED:
                raise UserError(f"The run {folder.name} failed: {event.message}")
        if turns:
            return True
        if over:
            words = last_words(folder.log) or f"it left nothing in its log, {folder.log}"
            raise UserError(f"The process of the run {folder.name} ended at once: {words}")
        time.sleep(0.05)
    return False


def _turns(folder: RunFolder) -> set[bytes]:
    """The newest lines of a run's journal in which training begins or ends."""
    try:
        with os.fdopen(open_regular(folder.journal), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            return {line for line in file if line.endswith(b"\n") and line.startswith(_TURNS)}
    except OSError:
        return set()


def _introduced(folder: RunFolder) -> str:
    return f"Run {folder.number} ({folder.name})" if folder.number is not None else f"The run {folder.name}"


def _commands(folder: RunFolder) -> str:
    short = folder.called
    if short == folder.name and folder.number is not None:
        short = str(folder.number)
    short = shlex.quote(short)
    return f"tuicnn attach {short} shows it, tuicnn stop {short} ends it"
