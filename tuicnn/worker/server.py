"""Serves a run's socket in one thread: one answer for each request, and no work without a request.

The thread never blocks on a viewer, and a viewer takes bounded memory (one request that arrives, one answer that is
sent). A socket file that was removed is created again.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.lock import Identity
from tuicnn.runs.log import log_error
from tuicnn.training.events import Overview
from tuicnn.training.progress import History, Progress
from tuicnn.worker.address import peer_is_me
from tuicnn.worker.feed import Action, Poll
from tuicnn.worker.frames import REQUEST_LIMIT, FrameError, Splitter, encode, opened
from tuicnn.worker.listener import Listener
from tuicnn.worker.messages import REQUESTS, Act, AskOverview, AskPoll, Hello, Refusal

__all__ = ["ServedRun", "Server"]

VIEWERS = 32  # connections at the same time; a screen has two
IDLE_TIMEOUT = 30.0  # seconds after which a silent viewer may be dropped for a new one
SILENT_TIMEOUT = 1.0  # … and one that has sent no request
REQUEST_TIMEOUT = 10.0  # seconds that a request may take to arrive
CHECK_PERIOD = 2.0  # seconds between two checks of whether the socket file exists
CLOSING_POLL = 0.02  # seconds between two checks of whether the last answers are sent, when it closes

#: the answer to a connection beyond `VIEWERS`
FULL = encode(
    "full", Refusal(f"{VIEWERS} connections to this run are open, the most that it serves; close a screen.", False)
)


class ServedRun(Protocol):
    """What the server needs of a run. Every method returns at once, with a future where the answer takes a step."""

    @property
    def overview(self) -> Overview: ...
    def progress(self) -> Progress: ...
    def history(self, since_step: int, since_epoch: int) -> History: ...
    def ask(self, question: Question[Any]) -> Future[Any]: ...
    def act(self, action: Action) -> Future[None] | None: ...


class _Viewer:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.incoming = Splitter(REQUEST_LIMIT)
        self.outgoing: memoryview | None = None
        self.awaited: Future[Any] | None = None  # the answer to its question, or the end of its act
        self.closing = False
        self.greeted = False  # it has named this run
        self.asked = False  # it has sent a whole request
        self.heard = self.began = time.monotonic()  # its last byte; the first of its request

    @property
    def busy(self) -> bool:
        """Whether its last request is not answered yet; the next one is not read until then."""
        return self.outgoing is not None or self.awaited is not None


class Server:
    """The socket of one run; a connection must name the `identity` of the run.

    `address` gives the path to listen at, and is called again where the file was removed. `on_check` is called every
    `CHECK_PERIOD`, with `quiet_for`.
    """

    def __init__(
        self,
        run: ServedRun,
        identity: Identity,
        address: Callable[[], Path],
        on_check: Callable[[float], None] = lambda quiet_for: None,
    ) -> None:
        """Start to listen. Raises `UserError`."""
        self._run, self._identity = run, identity
        self._address, self._on_check = address, on_check
        self._selector = selectors.DefaultSelector()
        self._viewers: list[_Viewer] = []
        self._answered: deque[_Viewer] = deque()
        self._left_at = time.monotonic()
        self._closing = False
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._listener: Listener | None = None
        try:
            self._listen()
        except BaseException:
            self._release()
            raise
        self._thread = threading.Thread(target=self._serve, name="viewers", daemon=True)
        self._thread.start()

    @property
    def quiet_for(self) -> float:
        """Seconds since the last viewer left, or since the start; 0 while one is there."""
        return 0.0 if self._viewers else time.monotonic() - self._left_at

    def close(self) -> None:
        """Send pending answers, close all connections, and remove the socket."""
        self._closing = True
        self._wake()
        self._thread.join(timeout=5)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        check_at = 0.0
        patience = 0.5
        while not self._closing or (patience > 0 and any(v.outgoing is not None for v in self._viewers)):
            timeout = CLOSING_POLL if self._closing else CHECK_PERIOD
            patience -= CLOSING_POLL if self._closing else 0
            try:
                for key, events in self._selector.select(timeout):
                    self._ready(key, events)
                while self._answered:
                    self._send_awaited_answer(self._answered.popleft())
                if time.monotonic() >= check_at:
                    check_at = time.monotonic() + CHECK_PERIOD
                    self._restore_socket_file()
                    self._drop_silent_viewers()
                    self._on_check(self.quiet_for)
            except Exception as error:  # the other viewers must still be served
                log_error(error)
                time.sleep(0.1)
        self._release()

    def _ready(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._wake_out:
            with contextlib.suppress(OSError):
                self._wake_out.recv(4096)
        elif key.data is self._listener:
            for _ in range(VIEWERS):  # at once: the training thread may run long before the next turn
                if not self._accept():
                    break
        else:
            viewer: _Viewer = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    self._send(viewer)
                if events & selectors.EVENT_READ and viewer in self._viewers:
                    self._receive(viewer)
            except OSError:
                self._drop(viewer)
            except Exception as error:
                log_error(error)
                self._drop(viewer)

    def _accept(self) -> bool:
        """Accept or refuse the next connection; False where there is none."""
        assert self._listener is not None
        try:
            connection, _ = self._listener.socket.accept()
        except (BlockingIOError, ConnectionError):
            return False
        except OSError:
            time.sleep(0.05)  # such as no descriptors left: do not spin
            return False
        connection.setblocking(False)
        if not peer_is_me(connection):
            connection.close()
            return True
        if not self._has_room():
            with contextlib.suppress(OSError):  # a frame this short fits into the socket's own memory
                connection.send(FULL)
            connection.close()
            return True
        viewer = _Viewer(connection)
        self._viewers.append(viewer)
        self._selector.register(connection, selectors.EVENT_READ, viewer)
        return True

    def _has_room(self) -> bool:
        if len(self._viewers) < VIEWERS:
            return True
        idle = min(self._viewers, key=lambda viewer: (viewer.asked, viewer.heard))
        if time.monotonic() - idle.heard < (IDLE_TIMEOUT if idle.asked else SILENT_TIMEOUT):
            return False
        self._drop(idle)
        return True

    def _drop_silent_viewers(self) -> None:
        """Drop viewers that did not complete a request in time, or sent none."""
        now = time.monotonic()
        for viewer in list(self._viewers):
            half = bool(viewer.incoming) and not viewer.busy
            if (half and now - viewer.began > REQUEST_TIMEOUT) or (
                not viewer.asked and now - viewer.heard > IDLE_TIMEOUT
            ):
                self._drop(viewer)

    def _receive(self, viewer: _Viewer) -> None:
        data = viewer.socket.recv(REQUEST_LIMIT)
        if not data or len(viewer.incoming) + len(data) > 2 * REQUEST_LIMIT:
            self._drop(viewer)
            return
        viewer.heard = time.monotonic()
        if not viewer.incoming:
            viewer.began = viewer.heard
        viewer.incoming.feed(data)
        self._next(viewer)

    def _next(self, viewer: _Viewer) -> None:
        """Answer the next request, if one has arrived and the last one is answered."""
        if viewer.busy or viewer.closing:
            return
        try:
            while not (viewer.busy or viewer.closing) and (payload := viewer.incoming.next()) is not None:
                viewer.began = time.monotonic()
                self._ask(viewer, payload)
        except FrameError as error:
            viewer.closing = True
            self._reply(
                viewer, "refusal", Refusal(f"The run's process does not understand this screen: {error}.", True)
            )

    def _ask(self, viewer: _Viewer, payload: bytes) -> None:
        frame = opened(payload)
        if frame.kind not in REQUESTS:
            raise FrameError("a request that is not known here")
        run, request = self._run, frame.read(REQUESTS[frame.kind])
        if not (viewer.greeted or isinstance(request, Hello)):
            raise FrameError("a request that does not say which run is meant")
        viewer.asked = viewer.greeted
        match request:
            case Hello(identity):
                viewer.greeted = identity == self._identity
                if not viewer.greeted:
                    viewer.closing = True
                    self._reply(viewer, "stranger", Refusal("This is the process of another run.", True))
            case AskOverview():
                self._answer_overview(viewer)
            case AskPoll(since_step, since_epoch):
                # the history before the progress, so that the curves are never ahead of the numbers
                history = run.history(since_step, since_epoch)
                self._reply(viewer, "poll", Poll(run.progress(), history))
            case Question() as question:
                self._await(viewer, run.ask(question))
            case Act(action):
                if (done := run.act(action)) is None:
                    self._reply(viewer, "progress", run.progress())
                else:
                    self._await(viewer, done)

    def _answer_overview(self, viewer: _Viewer) -> None:
        overview, progress = self._run.overview, self._run.progress()
        if progress.state.final and not overview.complete:  # the data could not be read
            self._reply(viewer, "refusal", Refusal(progress.message or f"The run is {progress.state}.", True))
        else:
            self._reply(viewer, "overview", overview)

    def _await(self, viewer: _Viewer, future: Future[Any]) -> None:
        viewer.awaited = future

        def done(_: Future[Any]) -> None:
            """Called by the training thread, which must not wait."""
            self._answered.append(viewer)
            self._wake()

        future.add_done_callback(done)

    def _send_awaited_answer(self, viewer: _Viewer) -> None:
        future = viewer.awaited
        if future is None or not future.done() or viewer not in self._viewers:
            return
        if (error := future.exception()) is None:
            answer = future.result()  # None of an act: it is done
            self._reply(viewer, "answer", self._run.progress() if answer is None else answer)
        elif isinstance(error, UserError):
            self._reply(viewer, "refusal", Refusal(str(error), False))
        else:
            log_error(error)
            self._reply(
                viewer, "refusal", Refusal("There is no answer, because of an error in the run; its log has it.", False)
            )

    def _reply(self, viewer: _Viewer, kind: str, value: Any) -> None:
        viewer.awaited = None
        try:
            frame = encode(kind, value)
        except FrameError:
            frame = encode("refusal", Refusal("The answer is too large to be sent.", False))
        viewer.outgoing = memoryview(frame)
        self._selector.modify(viewer.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, viewer)
        try:
            self._send(viewer)
        except BlockingIOError:
            pass  # its socket is full: the rest is sent as it reads
        except OSError:
            self._drop(viewer)

    def _send(self, viewer: _Viewer) -> None:
        if viewer.outgoing is not None:
            viewer.outgoing = viewer.outgoing[viewer.socket.send(viewer.outgoing[: 1 << 20]) :]
            if viewer.outgoing:
                return
            viewer.outgoing = None
        if viewer.closing:
            self._drop(viewer)
            return
        self._selector.modify(viewer.socket, selectors.EVENT_READ, viewer)
        self._next(viewer)

    def _drop(self, viewer: _Viewer) -> None:
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._left_at = time.monotonic()
            self._selector.unregister(viewer.socket)
            viewer.socket.close()
        if viewer.awaited is not None:
            viewer.awaited.cancel()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already
            self._wake_in.send(b"!")

    # --- the socket's file ------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Listen, in place of a socket whose file was removed. Raises `UserError`."""
        listener = Listener(self._address(), VIEWERS)
        self._stop_listening()
        self._listener = listener
        self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def _restore_socket_file(self) -> None:
        if self._listener is None or not self._listener.there:
            with contextlib.suppress(UserError):  # tried again at the next check
                self._listen()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener.socket)
            self._listener.close()
            self._listener = None

    def _release(self) -> None:
        for viewer in list(self._viewers):
            self._drop(viewer)
        self._stop_listening()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
