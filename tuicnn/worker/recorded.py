"""A run that no process trains, or a past epoch of one, as a screen looks at it: a `Feed` from the run's folder."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.history import Record, read_record
from tuicnn.runs.journal import LONG, size_of
from tuicnn.runs.origin import Origin
from tuicnn.runs.prepared import plan_of
from tuicnn.runs.reopened import ReopenedRun
from tuicnn.system.background import in_background
from tuicnn.training.events import Overview
from tuicnn.training.progress import Progress
from tuicnn.worker.feed import Action, Poll, WorkerGone

__all__ = ["RecordedFeed"]

A = TypeVar("A")
T = TypeVar("T")


class RecordedFeed:
    """Answers from a run's journal, and every question from its newest checkpoint, or from the weights after an epoch.

    The journal is read once, when it is first needed; the data and the weights when a question needs them. `say` is
    told what is being read, in a sentence, and "" when that is done; it is called in the event loop.
    """

    def __init__(
        self,
        folder: RunFolder,
        say: Callable[[str], object] = lambda sentence: None,
        *,
        epoch: int | None = None,
        run: ReopenedRun | None = None,
    ) -> None:
        """`run` shares its data and its memory with another feed of the same run; see `at_epoch`."""
        self._folder, self._epoch, self._say = folder, epoch, say
        self._loop: asyncio.AbstractEventLoop | None = None
        self._run = run or ReopenedRun(folder, self._say_from_thread)
        self._record: Record | None = None
        self._reading = asyncio.Lock()
        self._met = False

    def at_epoch(self, epoch: int) -> RecordedFeed:
        """The same run with the weights after an epoch, from 1."""
        return RecordedFeed(self._folder, self._say, epoch=epoch, run=self._run)

    async def overview(self) -> Overview:
        """See `Feed`; of a run that ended before its data was read, the layers, and then `WorkerGone` says how."""
        record = await self._recorded()
        if record.overview is not None:
            return record.overview
        if self._met:
            raise WorkerGone(self._why_never(record.progress))
        self._met = True
        try:
            return await self._in_thread(self._overview_of_plan)
        except UserError as error:
            raise WorkerGone(str(error)) from None

    async def poll(self, since_step: int, since_epoch: int) -> Poll:
        """See `Feed`."""
        record = await self._recorded()
        return Poll(record.progress, record.history(since_step, since_epoch))

    async def ask(self, question: Question[A]) -> A:
        """See `Feed`."""
        return await self._in_thread(lambda: self._answer(question))

    async def act(self, action: Action) -> Progress:
        """Refused: no process trains the run."""
        raise UserError(f"The run {self._folder.name} is only looked at: no process trains it.")

    async def close(self) -> None:
        """Let its memory go."""
        self._run = ReopenedRun(self._folder)

    # --- from the folder --------------------------------------------------------------------------------------------

    async def _recorded(self) -> Record:
        async with self._reading:
            if self._record is None:
                try:
                    self._record = await self._in_thread(self._read)
                except UserError as error:
                    raise WorkerGone(str(error)) from None
            return self._record

    def _read(self) -> Record:
        if not self._folder.holds_a_run:
            raise UserError(
                f"The run {self._folder.name} was discarded, or its folder moved: {self._folder.path} is not there."
            )
        long = size_of(self._folder.journal) > LONG
        try:
            record = read_record(
                self._folder, lambda share: self._say_from_thread(f"reading the journal: {share:.0%}") if long else None
            )
        finally:
            if long:
                self._say_from_thread("")
        progress = dataclasses.replace(record.progress, learning_rate=self._rate(record))
        return dataclasses.replace(record, progress=progress)

    def _rate(self, record: Record) -> float:
        """The learning rate at the end: the schedule's, changed as the journal tells; NaN where it is not known."""
        from tuicnn.training.trainer import learning_rate

        try:
            plan = plan_of(self._folder, Origin.of(self._folder))
        except UserError:
            return math.nan
        if record.overview is None:
            return math.nan
        per_epoch = record.overview.steps_per_epoch
        factor = 1.0
        if record.rate_told is not None:
            step, told = record.rate_told
            factor = told / (learning_rate(plan, step, per_epoch) or told or 1.0)
        return learning_rate(plan, record.progress.step, per_epoch) * factor

    def _overview_of_plan(self) -> Overview:
        from tuicnn.training.overview import overview_of

        origin = Origin.of(self._folder)
        plan = plan_of(self._folder, origin)
        return overview_of(plan, threads=origin.options.workers(), run=str(self._folder.path))

    def _why_never(self, progress: Progress) -> str:
        """Why there is nothing to be seen of a run that never trained a step."""
        if progress.message:
            return f"The run {self._folder.name} ended before its first step: {progress.message}"
        return f"The run {self._folder.name} was lost before its first step; begin it again with: {self._folder.resume}"

    def _answer(self, question: Question[A]) -> A:
        with self._run.turn, np.errstate(all="ignore"):
            trainer = self._run.trainer(self._epoch)
            return trainer.measured.at_rest(trainer, question.answer)

    # --- beside the event loop --------------------------------------------------------------------------------------

    async def _in_thread(self, work: Callable[[], T]) -> T:
        self._loop = asyncio.get_running_loop()
        return await in_background(work)

    def _say_from_thread(self, sentence: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._say, sentence)
