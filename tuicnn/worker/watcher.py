"""Requests what a screen draws: the numbers once or twice a second, the answers to questions at their own period.

What comes by itself is told with the numbers, so that a screen draws once for all of it: each time takes from the
training. What a person asked for is told at once.

The screen pulls: what is hidden, frozen or not yet answered is not requested. Results are passed on as one frozen
`Snapshot`, which holds all that earlier ones did, so that snapshots may be skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from time import monotonic
from types import MappingProxyType
from typing import Any, TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.system.machine import processors
from tuicnn.training.events import Epoch
from tuicnn.training.progress import Progress
from tuicnn.worker.feed import Action, Feed, WorkerGone
from tuicnn.worker.snapshot import Numbers, Snapshot

__all__ = ["WATCHED_PACE", "Watcher"]

A = TypeVar("A")

NUMBERS_PERIOD = 0.5  # seconds between two requests for the numbers: digits that change faster cannot be read
CROWDED_PERIOD = 1.0  # … where no processor is left beside training: all of its processes wait while a screen is drawn
QUICK_PERIOD = (
    0.1  # … while data is read, where training is slowed to be watched, and for a while after it was controlled
)
QUICK = 2.0  # seconds of that while
WATCHED_PACE = 10  # steps a second up to which each one is to be seen
FROZEN_PERIOD = 1.0  # … in a frozen view, for the one thing that is shown there: that the run has ended
BREATH = 0.02  # seconds left to others between two requests where the answers are slow


@dataclass(frozen=True)
class _Asked:
    """A question that was asked, when, and the state of training then."""

    question: Question[Any]
    at: float
    training: tuple[object, ...]


class Watcher:
    """Keeps the picture of one run up to date. `tell` is called with each new snapshot, in the event loop.

    Numbers and questions are asked for side by side, for an answer waits for a training step to end; one question at a
    time.
    """

    def __init__(self, connect: Callable[[], Awaitable[Feed]], tell: Callable[[Snapshot], object]) -> None:
        self._connect = connect
        self._tell = tell
        self._feed: Feed | None = None
        self._wake_numbers, self._wake_questions = asyncio.Event(), asyncio.Event()
        self._tried = asyncio.Event()  # whether there is a connection is known
        self._losses, self._accuracies = Numbers(), Numbers()
        self._settled = False  # the run has ended and all of it has been fetched
        self._quick_until = 0.0  # by `monotonic`
        self._subscribed: dict[object, tuple[Question[Any], ...]] = {}
        self._periods: dict[object, Mapping[type[Question[Any]], float]] = {}
        self._asked: dict[type[Question[Any]], _Asked] = {}
        self.snapshot = Snapshot()
        self.latest = Progress()  # the newest that is known of the run, also where the view is frozen

    async def run(self) -> None:
        """Connect, then watch until the run's process is gone. Raises nothing of the feed's."""
        try:
            self._feed = await self._connect()
            self._tried.set()
            await self._meet(self._feed)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_numbers(self._feed))
                group.create_task(self._watch_questions(self._feed))
        except* WorkerGone as gone:
            self._lost(gone.exceptions[0])
        finally:
            if self._feed is not None:
                await self._feed.close()

    def subscribe(
        self,
        subscriber: object,
        *questions: Question[Any],
        periods: Mapping[type[Question[Any]], float] = MappingProxyType({}),
    ) -> None:
        """Ask these questions from now on, one of a kind, in the place of what the subscriber wanted before.

        A new one is asked at once, and each again when training has moved on, after its `period` (seconds) at the
        earliest, or that of `periods`. The answers stand in the snapshot.
        """
        self._periods[subscriber] = periods
        if questions != self._subscribed.get(subscriber, ()):
            self._subscribed[subscriber] = questions
            self._wake_questions.set()

    @property
    def _questions(self) -> tuple[Question[Any], ...]:
        return tuple(dict.fromkeys(chain.from_iterable(self._subscribed.values())))

    def freeze(self, frozen: bool) -> None:
        """Hold the picture (the run goes on), or let it go on from where the run is now."""
        self._update(frozen=frozen)
        self._wake()

    async def act(self, action: Action) -> Progress | None:
        """Control the run, once there is a connection; None where there is none (the snapshot then says so).

        Raises `UserError` where it is too late for the action.
        """
        await self._tried.wait()
        if self._feed is None or self.snapshot.gone:
            return None
        try:
            progress = await self._feed.act(action)
        except WorkerGone as gone:
            self._lost(gone)
            return None
        self.latest = progress
        self._quick_until = monotonic() + QUICK
        if not self.snapshot.frozen:
            self._update(progress=progress)
        self._settled = False
        self._wake()
        return progress

    async def ask(self, question: Question[A], epoch: int | None = None) -> A | None:
        """One answer, now; None where the run's process is gone. Raises `UserError` where it refuses.

        With an `epoch`, from 1, the answer is that of the weights after it, also where the process is gone.
        """
        await self._tried.wait()
        if self._feed is None or (self.snapshot.gone and epoch is None):
            return None
        try:
            return await (self._feed if epoch is None else self._feed.at_epoch(epoch)).ask(question)
        except WorkerGone as gone:
            self._lost(gone)
            return None

    def _wake(self) -> None:
        self._wake_numbers.set()
        self._wake_questions.set()

    def _lost(self, why: BaseException) -> None:
        self._tried.set()
        self._update(gone=str(why) or "The training process cannot be reached any more.")

    async def _meet(self, feed: Feed) -> None:
        """Get the overview: at once what needs no data, all of it once that is read; how far, is shown meanwhile."""
        overview = await feed.overview()
        self._update(overview=overview)
        while not overview.complete:
            self._update(progress=(await feed.poll(0, 0)).progress)
            await asyncio.sleep(QUICK_PERIOD)
            overview = await feed.overview()
        self._update(overview=overview)

    async def _watch_numbers(self, feed: Feed) -> None:
        while True:
            self._wake_numbers.clear()
            start = monotonic()
            if not self._settled:
                await self._poll(feed)
            await _rest(self._wake_numbers, None if self._settled else start + self._period)

    @property
    def _period(self) -> float:
        """Seconds between two requests for the numbers."""
        if monotonic() < self._quick_until or 0 < self.latest.pace <= WATCHED_PACE:
            return QUICK_PERIOD
        if self.snapshot.frozen:
            return FROZEN_PERIOD
        overview = self.snapshot.overview
        return CROWDED_PERIOD if overview is not None and overview.threads >= processors() else NUMBERS_PERIOD

    async def _watch_questions(self, feed: Feed) -> None:
        """What a person chose is asked at once, even for a frozen view; else when training has moved on."""
        while True:
            self._wake_questions.clear()
            for question in self._questions:
                if self._due(question) <= monotonic():
                    await self._ask(feed, question)
            due = min(map(self._due, self._questions), default=math.inf)
            await _rest(self._wake_questions, None if math.isinf(due) else due)

    def _due(self, question: Question[Any]) -> float:
        """When a question is to be asked, or to be looked at again, by `monotonic`."""
        asked = self._asked.get(type(question))
        if asked is None or asked.question != question:
            return 0.0
        if self.snapshot.frozen:
            return math.inf
        if asked.training == self._training:
            return math.inf  # the numbers will tell that it has moved on
        return asked.at + self._period_of(question)

    def _period_of(self, question: Question[Any]) -> float:
        """Seconds after which it is asked again: as often as the subscriber wants that wants it most often."""
        asking = [self._periods[subscriber] for subscriber, asked in self._subscribed.items() if question in asked]
        return min((periods.get(type(question), question.period) for periods in asking), default=question.period)

    @property
    def _training(self) -> tuple[object, ...]:
        """What is other once training has moved on; an undone step, or other weights, leave the count of steps."""
        progress = self.snapshot.progress
        return progress.step, progress.state.final, progress.diverged and progress.diverged.step, progress.message

    async def _ask(self, feed: Feed, question: Question[Any]) -> None:
        kind, before = type(question), self._asked.get(type(question))
        self._asked[kind] = _Asked(question, monotonic(), self._training)
        answer: Any
        try:
            answer = await feed.ask(question)
        except UserError as error:  # there is nothing to be shown; the run goes on
            answer = error
        if question not in self._questions:  # somebody chose another one meanwhile
            return
        self.snapshot = replace(self.snapshot, answers={**self.snapshot.answers, kind: answer})
        again = before is not None and before.question == question
        if not again or self._settled or self.snapshot.frozen:  # else it is told with the next numbers
            self._tell(self.snapshot)

    async def _poll(self, feed: Feed) -> None:
        training = self._training
        points, epochs, stride = len(self._losses), len(self.snapshot.epochs), self.snapshot.stride
        poll = await feed.poll(since := points * stride, epochs)
        self.latest = poll.progress
        if self.snapshot.frozen and not poll.progress.state.final:
            self._tell(self.snapshot)  # a question that stands over it follows the run
            return
        if poll.history.stride > stride:  # the run has grown long, and its points are fewer from now on
            for numbers in (self._losses, self._accuracies):
                numbers.thin(poll.history.stride // stride)
        points = len(self._losses)
        new = points - poll.history.start // poll.history.stride  # an answer may begin earlier than asked
        self._losses.extend(poll.history.losses[new:])
        self._accuracies.extend(poll.history.accuracies[new:])
        self._settled = poll.progress.state.final and len(self._losses) == points
        new_epochs = poll.history.epochs[epochs - _first(poll.history.epochs, epochs) :]
        marks = (*(mark for mark in self.snapshot.marks if mark.step < since), *poll.history.marks)
        self._update(
            frozen=False,  # the end of a run is shown also where the view was frozen
            progress=poll.progress,
            losses=self._losses.values,
            accuracies=self._accuracies.values,
            stride=poll.history.stride,
            epochs=self.snapshot.epochs.plus(new_epochs) if new_epochs else self.snapshot.epochs,
            marks=marks if marks != self.snapshot.marks else self.snapshot.marks,
        )
        if self._settled or self._training != training:  # at the end once more, of the final weights
            self._wake_questions.set()

    def _update(self, **changes: object) -> None:
        self.snapshot = replace(self.snapshot, **changes)  # type: ignore[arg-type]
        self._tell(self.snapshot)


def _first(epochs: tuple[Epoch, ...], otherwise: int) -> int:
    """How many epochs come before the first one of these."""
    return epochs[0].epoch - 1 if epochs else otherwise


async def _rest(wake: asyncio.Event, due: float | None) -> None:
    """Until a request is due (None: never), or somebody wants something; `BREATH` at least."""
    if wake.is_set() or (due is not None and due - monotonic() < BREATH):
        await asyncio.sleep(0 if wake.is_set() else BREATH)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if due is None else due - monotonic()):
            await wake.wait()
