"""One question to a run that trains at this moment, from a program that is no screen."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import WorkerGone

__all__ = ["ask"]

A = TypeVar("A")


def ask(folder: RunFolder, question: Question[A]) -> A | None:
    """The answer of a run's process, which is made between two steps; None where there is none to be had.

    Must not be called where an event loop runs.
    """
    return asyncio.run(_answer(folder, question)) if folder.alive else None


async def _answer(folder: RunFolder, question: Question[A]) -> A | None:
    try:
        feed = await RemoteFeed.connect(folder)
        try:
            return await feed.ask(question)
        finally:
            await feed.close()
    except (WorkerGone, UserError):
        return None
