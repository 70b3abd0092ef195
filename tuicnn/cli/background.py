"""Starts a run's process in the background, and shows it, or says how to."""

from __future__ import annotations

import shlex
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from tuicnn.cli.output.streams import complain, say, shown

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.prepared import PreparedRun

__all__ = ["train_in_background"]


class _Terminated(SystemExit):
    """SIGTERM came while a run was being started."""


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated(128 + number)


def train_in_background(
    run: PreparedRun, terminal: TerminalProfile, *, detach: bool, after_logout: str | None
) -> NoReturn:
    """Start the process of a run, show it unless `detach`, and exit. Raises `UserError` where it cannot be started."""
    from tuicnn.cli.logout import past_logout
    from tuicnn.worker.launch import start, start_and_wait

    folder = run.folder
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # unless it is ignored; the screen sets its own handler
        signal.signal(signal.SIGTERM, _end)
    try:
        through = past_logout(after_logout)
    except (click.Abort, KeyboardInterrupt, _Terminated):  # nothing was begun
        if not run.resumes:
            folder.remove()
        raise
    try:
        if detach:
            _, begun = start_and_wait(folder, resume=run.resumes, through=through)
            does = "trains" if begun else "is still reading its data"
            say(f"{_introduced(folder)} {does} in the background; {_commands(folder)}.")
            sys.exit(0)
        with shown(f"{_introduced(folder)} opens..."):  # the screen's libraries take a second to load
            process = start(folder, resume=run.resumes, through=through)
            # imported now, while the process starts: the two start-ups overlap
            from tuicnn.cli.watching import show
        sys.exit(show(folder, terminal, process))
    except (KeyboardInterrupt, _Terminated):  # before the screen handles it
        if folder.alive:
            complain(f"\n{_introduced(folder)} goes on in the background; {_commands(folder)}.")
        raise


def _introduced(folder: RunFolder) -> str:
    return f"Run {folder.number} ({folder.name})" if folder.number is not None else f"The run {folder.name}"


def _commands(folder: RunFolder) -> str:
    short = folder.called
    if short == folder.name and folder.number is not None:
        short = str(folder.number)
    short = shlex.quote(short)
    return f"tuicnn attach {short} shows it, tuicnn stop {short} ends it"
