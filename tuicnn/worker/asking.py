"""Questions to a run from a program that is no screen: to its process where it trains, else to what it has saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.worker.client import RemoteFeed
from tuicnn.worker.feed import WorkerGone

if TYPE_CHECKING:
    from tuicnn.observing.image import PinnedImage
    from tuicnn.observing.specimen import SpecimenState

__all__ = ["ask", "live_specimen", "specimen_state"]

A = TypeVar("A")


def ask(folder: RunFolder, question: Question[A]) -> A | None:
    """The answer of a run's process, which is made between two steps; None where no process can be reached.

    Raises `UserError` where it has no answer, such as while it reads its data.
    """
    if not folder.alive:
        return None
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_answer(folder, question))
    with ThreadPoolExecutor(1) as pool:  # a notebook has a loop that runs
        return pool.submit(asyncio.run, _answer(folder, question)).result()


async def _answer(folder: RunFolder, question: Question[A]) -> A | None:
    try:
        feed = await RemoteFeed.connect(folder)
        try:
            if not (await feed.overview()).complete:  # reading may take an hour, and questions wait for its end
                raise UserError(f"The run {folder.name} still reads its data: it has no weights yet. Ask again later.")
            return await feed.ask(question)
        finally:
            await feed.close()
    except WorkerGone:
        return None


def live_specimen(
    folder: RunFolder, image: PinnedImage | None = None, *, next_step: bool = False
) -> SpecimenState | None:
    """A run as it is at this moment; None where no process trains it, or it has a checkpoint but no weights yet.

    Raises `UserError` where there is neither.
    """
    from tuicnn.observing.image import PinnedImage
    from tuicnn.observing.specimen import AskSpecimen

    try:
        return ask(folder, AskSpecimen(image or PinnedImage(), next_step))
    except UserError:
        if folder.checkpoints.steps():  # one that is resumed still reads its data
            return None
        raise


def specimen_state(
    folder: RunFolder, image: PinnedImage, epoch: int | None = None, say: Callable[[str], None] = lambda line: None
) -> SpecimenState:
    """A run as it is at this moment, where it trains; else at its newest checkpoint, or after an `epoch`.

    `say` is told of damaged checkpoints. Raises `UserError` where there is nothing.
    """
    from tuicnn.observing.specimen import AskSpecimen
    from tuicnn.runs.reopened import ReopenedRun

    if epoch is None and (live := live_specimen(folder, image, next_step=True)) is not None:
        return live
    run = ReopenedRun(folder, warn=say)
    with run.turn:
        return AskSpecimen(image, next_step=True).answer(run.trainer(epoch))
