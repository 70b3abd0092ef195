"""The client of a run's socket."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.lock import identity_of
from tuicnn.runs.log import last_words
from tuicnn.runs.status import ENDS, describe, summary, why_silent
from tuicnn.training.events import Overview
from tuicnn.training.progress import Progress
from tuicnn.worker.address import peer_is_me, socket_places
from tuicnn.worker.feed import Action, Poll, WorkerGone
from tuicnn.worker.frames import ANSWER_LIMIT, REQUEST_LIMIT, FrameError, checked_length, encode, opened
from tuicnn.worker.messages import Act, AskOverview, AskPoll, Hello, Refusal, kind_of_question
from tuicnn.worker.recorded import RecordedFeed

__all__ = ["RemoteFeed"]

A = TypeVar("A")
T = TypeVar("T")

#: seconds that an answer may take
QUICK = 20.0
START = 120.0  # to begin with; a machine may be very busy, and a process that dies is noticed at once
BETWEEN_STEPS = 120.0  # where a step is to end first, which may be long in a large network
_RETRY = 0.02  # seconds from one search for a socket that is not there yet to the next
AGAIN = 3.0  # seconds for which a request is repeated where the server is full, or the connection breaks at once


class _Full(Exception):  # noqa: N818 - a fact, not a fault
    """The run serves as many connections as it can."""


class _Stranger(Exception):  # noqa: N818 - a fact, not a fault
    """The process that answers is that of another run."""


class _Line:
    """One connection: a request, its answer, the next request. Opened again where it broke."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._at = Path()
        self._strangers: set[Path] = set()  # sockets of other runs

    async def open(self) -> bool:
        """Connect, and name the run; False where no process listens."""
        for path in socket_places(self._folder.path):
            if path in self._strangers:
                continue
            try:
                hello = encode("hello", Hello(identity_of(self._folder.path)), REQUEST_LIMIT)
                reader, writer = await asyncio.open_unix_connection(path, limit=1 << 20)
            except OSError:
                continue
            if peer_is_me(writer.get_extra_info("socket")):
                writer.write(hello)
                self._streams, self._at = (reader, writer), path
                return True
            writer.transport.abort()
        return False

    async def request(self, kind: str, request: Any, answer: type[T], timeout: float) -> T:
        """Raises `WorkerGone`, or `UserError` where the run has no answer to this request."""
        try:
            frame = encode(kind, request, REQUEST_LIMIT)
        except FrameError:
            raise UserError("The image is too large to be sent to the run's process.") from None
        async with self._turn:
            if self._streams is not None and self._streams[0].at_eof():
                self.hang_up()  # the server dropped a connection that was silent for long
            until = time.monotonic() + AGAIN
            while True:
                fresh = self._streams is None
                if fresh and not await self.open():  # its queue of connections may be full
                    if not (self._folder.alive and time.monotonic() < until):
                        raise await _gone(self._folder)
                    await asyncio.sleep(0.1)
                    continue
                try:
                    async with asyncio.timeout(timeout):
                        payload = await self._exchange(frame)
                    return self._read(payload, answer)
                except _Full as full:  # a place may become free
                    self.hang_up()
                    if time.monotonic() > until:
                        raise WorkerGone(str(full)) from None
                    await asyncio.sleep(0.1)
                except _Stranger:
                    self.hang_up()
                    self._strangers.add(self._at)
                except TimeoutError:
                    raise WorkerGone(why_silent(self._folder)) from None
                except (OSError, EOFError):
                    # a question is asked again where the connection breaks; an act might be done twice
                    if kind == "act" or (fresh and not (self._folder.alive and time.monotonic() < until)):
                        raise await _gone(self._folder) from None
                    await asyncio.sleep(0.1 if fresh else 0)
                except FrameError as error:
                    self.hang_up()
                    raise WorkerGone(f"The run's process sent what this tuicnn cannot read: {error}.") from None

    async def _exchange(self, frame: bytes) -> bytes:
        assert self._streams is not None
        reader, writer = self._streams
        done = False
        try:
            writer.write(frame)
            await writer.drain()
            length = checked_length(await reader.readexactly(4), ANSWER_LIMIT)
            payload = await reader.readexactly(length)
            done = True
            return payload
        finally:
            if not done:  # also where the caller was cancelled: a late answer must not go to the next request
                self.hang_up()

    def _read(self, payload: bytes, answer: type[T]) -> T:
        frame = opened(payload)
        said = frame.kind
        if said not in ("refusal", "full", "stranger"):
            return frame.read(answer)
        if said == "stranger":
            raise _Stranger
        refusal = frame.read(Refusal)
        if said == "full":
            raise _Full(refusal.message)
        if refusal.final:
            raise WorkerGone(refusal.message)
        raise UserError(refusal.message)

    def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


class RemoteFeed:
    """A `Feed` over a run's socket. Two connections, so that slow answers do not delay the numbers."""

    def __init__(self, folder: RunFolder, say: Callable[[str], object] = lambda sentence: None) -> None:
        """`say` is told what is read for a past epoch; see `RecordedFeed`."""
        self._folder, self._say = folder, say
        self._quick, self._slow = _Line(folder), _Line(folder)
        self._recorded: RecordedFeed | None = None  # for past epochs

    @classmethod
    async def connect(
        cls,
        folder: RunFolder,
        timeout: float | None = None,
        process: subprocess.Popen[bytes] | None = None,
        say: Callable[[str], object] = lambda sentence: None,
    ) -> RemoteFeed:
        """Reach a run's process, waiting for one that is just starting (`process`). Raises `WorkerGone`."""
        feed = cls(folder, say)
        until = time.monotonic() + (timeout or (QUICK if process is None else START))
        while True:
            # checked before the attempt: a process that ends in between is noticed in the next turn
            there = folder.alive or (process is not None and process.poll() is None)
            if await feed._quick.open():
                if (holder := folder.holder) is not None and (holder.suspended or holder.is_foreign):
                    raise WorkerGone(why_silent(folder))  # the kernel accepts, but nobody answers
                return feed
            if not there:
                raise await _gone(folder)
            holder = folder.holder
            if time.monotonic() > until or (holder is not None and (not holder.here or holder.is_foreign)):
                raise WorkerGone(why_silent(folder))
            await asyncio.sleep(_RETRY)

    async def overview(self) -> Overview:
        """See `Feed`."""
        return await self._slow.request("overview", AskOverview(), Overview, QUICK)

    async def poll(self, since_step: int, since_epoch: int) -> Poll:
        """See `Feed`."""
        return await self._quick.request("poll", AskPoll(since_step, since_epoch), Poll, QUICK)

    async def ask(self, question: Question[A]) -> A:
        """See `Feed`."""
        kind, answer = kind_of_question(type(question)), question.answer_type
        return await self._slow.request(kind, question, answer, BETWEEN_STEPS)

    def at_epoch(self, epoch: int) -> RecordedFeed:
        """See `Feed`; answered in this process, from the run's folder."""
        self._recorded = self._recorded or RecordedFeed(self._folder, self._say)
        return self._recorded.at_epoch(epoch)

    async def act(self, action: Action) -> Progress:
        """See `Feed`."""
        return await self._quick.request("act", Act(action), Progress, BETWEEN_STEPS)  # between two steps

    async def close(self) -> None:
        """Hang up; the run goes on."""
        self._quick.hang_up()
        self._slow.hang_up()
        if self._recorded is not None:
            await self._recorded.close()
        await asyncio.sleep(0)  # the transports close at the loop's next turn


async def _gone(folder: RunFolder) -> WorkerGone:
    """The error for a process that is gone: how its run ended, or the last words of its log."""
    until = time.monotonic() + 1.0
    while folder.alive and time.monotonic() < until:  # it closes its connections just before it releases the lock
        await asyncio.sleep(_RETRY)
    if not folder.holds_a_run:
        return WorkerGone(f"The run {folder.name} was discarded, or its folder moved: {folder.path} is not there.")
    try:
        state = summary(folder)
    except UserError as error:
        return WorkerGone(str(error))
    if state.alive:
        return WorkerGone(why_silent(folder))
    if state.state in ENDS:
        said = " ".join(filter(None, (state.message, state.trouble)))
        reason = f": {said}" if said else ""
        return WorkerGone(f"The run {folder.name} has ended ({describe(folder)}){reason}")
    words = last_words(folder.log)
    how = f"its log ends with: {words}" if words else "it was killed; its log does not say why"
    return WorkerGone(f"The process of the run {folder.name} is gone; go on with: {folder.resume} ({how})")
