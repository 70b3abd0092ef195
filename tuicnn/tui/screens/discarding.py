"""Asks, and removes a run that has ended."""

from __future__ import annotations

from typing import Any

from textual.app import App

from tuicnn.display.terminal import TerminalProfile
from tuicnn.errors import UserError
from tuicnn.numbers import duration
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.tui.screens.question import QuestionScreen
from tuicnn.tui.shelf import seconds_of

__all__ = ["discard"]

HARMLESS_SECONDS = 60.0  # training that is discarded without a second question


async def discard(app: App[Any], terminal: TerminalProfile, run: CataloguedRun) -> str:
    """Remove a run for good: asked once, and twice where it has trained for more than a minute; in a worker.

    Gives a sentence about what became of it, "" where it is kept.
    """
    folder, seconds = run.summary.folder, seconds_of(run)
    trained = f" It has trained for {duration(seconds)}." if seconds > 0 else ""
    answers = (("k", "keep it"), ("d", "discard it"))
    for question in (f"Remove {folder.name} with all of its files, for good?{trained}", "Discard it for good?"):
        if await app.push_screen_wait(QuestionScreen(terminal, "Discard", question, answers)) != "d":
            return ""
        if not seconds > HARMLESS_SECONDS:
            break
    try:
        with folder.lock():
            folder.remove()
    except UserError as error:
        return str(error)
    return f"{folder.name} was discarded"
