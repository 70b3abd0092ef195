"""How other threads steer a run and look into it: they leave word here, and the training thread sees to it.

The training thread comes by between two steps, and between two parts of an evaluation (`hold`); there it answers those
who want to see something, and waits while the run is paused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal

from tuicnn.training.progress import Peek

__all__ = ["Control", "Request"]

#: a layer, a sample, and where the answer is awaited
Request = tuple[int, int, "Future[Peek]"]
#: what is to be done in turn; a number is what the learning rate is multiplied by, with where the end of it is awaited
_Act = Literal["pause", "resume", "step", "save"] | tuple[float, "Future[None]"]


class Control:
    """Pause, resume, one step, save, stop, looks, the learning rate.

    What is asked for is done in the order in which it was asked for, and what comes after a step waits until that is
    trained. Only `stop` does not wait for steps and pauses; saves and rates are still seen to before the run ends.

    The training thread calls `on_pause(first)`, `on_resume()`, `on_save()`, `on_rate(by)` and `answer`.
    """

    def __init__(
        self,
        answer: Callable[[int, int, Future[Peek]], None],
        on_pause: Callable[[bool], None],
        on_resume: Callable[[], None],
        on_save: Callable[[], None] = lambda: None,
        on_rate: Callable[[float], None] = lambda by: None,
    ) -> None:
        self._answer, self._on_pause, self._on_resume, self._on_save = answer, on_pause, on_resume, on_save
        self._on_rate = on_rate
        self._wake = threading.Condition()
        self._requests: list[Request] = []
        self._acts: deque[_Act] = deque()  # appending takes no lock: a signal handler may do it
        self._closed = False
        self._paused = self._told = False  # these, and the next, are the training thread's own
        self._credit = False  # one step is to be trained although the run is paused
        self.stopping = False

    # --- from any thread --------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hold after the step that is being trained, until `resume`."""
        self._put("pause")

    def resume(self) -> None:
        """Go on."""
        self._put("resume")

    def step(self) -> None:
        """Train one more batch, then hold."""
        self._put("step")

    def save(self) -> None:
        """Write a checkpoint at the training thread's next look. May be called by a signal handler."""
        self._acts.append("save")
        self._nudge()

    def scale_rate(self, by: float) -> Future[None]:
        """Multiply the learning rate at the training thread's next look; done once that has seen to it."""
        future: Future[None] = Future()
        with self._wake:
            if self._closed:  # nothing more is trained
                future.set_result(None)
            else:
                self._acts.append((by, future))
                self._wake.notify_all()
        return future

    def stop(self) -> None:
        """End the run at the training thread's next look. May be called by a signal handler."""
        self.stopping = True
        self._nudge()

    def _put(self, act: _Act) -> None:
        with self._wake:
            self._acts.append(act)
            self._wake.notify_all()

    def _nudge(self) -> None:
        if self._wake.acquire(blocking=False):  # a handler may interrupt the very thread that holds the lock
            try:
                self._wake.notify_all()
            finally:
                self._wake.release()

    def ask(self, layer: int, sample: int) -> Future[Peek]:
        """A look, answered by the training thread; or here and now, once that has closed."""
        future: Future[Peek] = Future()
        with self._wake:
            closed = self._closed
            if not closed:
                self._requests.append((layer, sample, future))
                self._wake.notify_all()
        if closed:
            self._answer(layer, sample, future)
        return future

    # --- the training thread ----------------------------------------------------------------------------------------

    def hold(self, *, before_step: bool) -> bool:
        """Answer who waits, and wait while paused. False: end the run. A single step is used up `before_step`."""
        while True:
            self._serve()
            self._do_acts()
            if self.stopping:
                return False
            if self._credit:
                self._credit = not before_step
                return True
            if not self._paused:
                return True
            with self._wake:
                if not (self._requests or self._acts or self.stopping):
                    self._wake.wait(0.5)  # not for ever: `stop` may come from a signal handler

    def close(self) -> None:
        """The training thread is about to leave: answer who waits; later looks are answered where they are asked."""
        with self._wake:
            self._closed = True
        while self._acts:
            match self._acts.popleft():
                case (_, future):
                    _done(future)
        self._serve()

    def _do_acts(self) -> None:
        while self.stopping or not self._credit:
            if self._paused and not self.stopping:
                first, self._told = not self._told, True
                self._on_pause(first)
            if not self._acts:
                return
            match self._acts.popleft():
                case "pause":
                    self._paused = True
                case "resume":
                    self._paused = False
                    if self._told:
                        self._told = False
                        self._on_resume()
                case "step":
                    self._paused = self._credit = True
                case "save":
                    self._on_save()
                case (by, future):
                    self._on_rate(by)
                    _done(future)

    def _serve(self) -> None:
        while self._requests:
            with self._wake:
                waiting, self._requests = self._requests, []
            for layer, sample, future in waiting:
                self._answer(layer, sample, future)


def _done(future: Future[None]) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(None)
