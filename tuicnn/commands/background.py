"""Starts a run's process in the background, and shows it, or says how to."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tuicnn.console.streams import complain, say
from tuicnn.training.files import RunError

if TYPE_CHECKING:
    from tuicnn.training.folder import RunFolder
    from tuicnn.training.options import Options
    from tuicnn.tui.look import Look

__all__ = ["train_in_background"]

#: seconds within which a process should have begun; one that takes longer is not waited for
PATIENCE = 20.0


def train_in_background(
    folder: RunFolder,
    options: Options,
    path: Path | None,
    look: Look,
    *,
    detach: bool,
    after_logout: str | None,
    resume: bool = False,
) -> NoReturn:
    """Start the process of a run, show it unless `detach`, and exit; `resume`: from its last checkpoint.

    Raises `RunError` where it cannot be started.
    """
    from tuicnn.console.logout import past_logout
    from tuicnn.worker.launch import start

    try:
        through = past_logout(after_logout)
    except (click.Abort, KeyboardInterrupt):  # nothing was begun
        if not resume:
            folder.remove()
        raise
    try:
        process = start(folder, options, path, through=through, resume=resume)
        if detach:
            _see_it_begin(folder, process)
            say(f"{_introduced(folder)} trains in the background; {_commands(folder)}.")
            sys.exit(0)
        # imported now, while the process starts: the two start-ups overlap
        from tuicnn.tui.show import show

        sys.exit(show(folder, look, process))
    except KeyboardInterrupt:  # before the screen was there to take it
        if folder.alive:
            complain(f"\n{_introduced(folder)} goes on in the background; {_commands(folder)}.")
        raise


def _see_it_begin(folder: RunFolder, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process can be reached. Raises `RunError` where it ended instead."""
    from tuicnn.worker.log import last_words

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        holder = folder.holder
        if holder is not None and holder.pid == process.pid:
            return
        if process.poll() is not None:
            words = last_words(folder.log) or f"it left nothing in its log, {folder.log}"
            raise RunError(f"The process of the run {folder.name} ended at once: {words}")
        time.sleep(0.02)


def _introduced(folder: RunFolder) -> str:
    return f"Run {folder.number} ({folder.name})" if folder.number is not None else f"The run {folder.name}"


def _commands(folder: RunFolder) -> str:
    short = folder.called
    if short == folder.name and folder.number is not None:
        short = str(folder.number)
    short = shlex.quote(short)
    return f"tuicnn attach {short} shows it, tuicnn stop {short} ends it"
