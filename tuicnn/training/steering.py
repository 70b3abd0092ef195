"""How other threads steer a run and look into it: they leave word here, and the training thread sees to it.

The training thread comes by between two steps, and between two parts of an evaluation (`hold`); there it answers those
who want to see something, and waits while the run is paused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from tuicnn.training.progress import Peek

__all__ = ["Request", "Steering"]

#: a layer, a sample, and where the answer is awaited
Request = tuple[int, int, "Future[Peek]"]


class Steering:
    """Pause, resume, one step, save, stop, looks, the learning rate.

    The training thread calls `on_pause(first)`, `on_resume()`, `on_save()`, `on_rate(factors)` and `answer`.
    """

    def __init__(
        self,
        answer: Callable[[int, int, Future[Peek]], None],
        on_pause: Callable[[bool], None],
        on_resume: Callable[[], None],
        on_save: Callable[[], None] = lambda: None,
        on_rate: Callable[[Sequence[float]], None] = lambda factors: None,
    ) -> None:
        self._answer, self._on_pause, self._on_resume, self._on_save = answer, on_pause, on_resume, on_save
        self._on_rate = on_rate
        self._wake = threading.Condition()
        self._requests: list[Request] = []
        self._paused = self._told = self._closed = False
        self._saving = False
        self._rates: list[tuple[float, Future[None]]] = []  # what the learning rate is to be multiplied by, in turn
        self._credit = 0  # steps to train although the run is paused
        self.stopping = False

    # --- from any thread --------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hold after the step that is being trained, until `resume`."""
        with self._wake:
            self._paused, self._credit = True, 0

    def resume(self) -> None:
        """Go on."""
        with self._wake:
            self._paused, self._credit = False, 0
            self._wake.notify_all()

    def step(self) -> None:
        """Train one more batch, then hold."""
        with self._wake:
            self._credit = self._credit + 1 if self._paused else 1
            self._paused = True
            self._wake.notify_all()

    def save(self) -> None:
        """Write a checkpoint at the training thread's next look. May be called by a signal handler."""
        self._saving = True
        self._nudge()

    def scale_rate(self, by: float) -> Future[None]:
        """Multiply the learning rate at the training thread's next look; done once that has seen to it."""
        future: Future[None] = Future()
        with self._wake:
            if self._closed:  # nothing more is trained
                future.set_result(None)
            else:
                self._rates.append((by, future))
                self._wake.notify_all()
        return future

    def stop(self) -> None:
        """End the run at the training thread's next look. May be called by a signal handler."""
        self.stopping = True
        self._nudge()

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
            if self._saving:
                self._saving = False
                self._on_save()
            if self._rates:
                with self._wake:
                    rates, self._rates = self._rates, []
                self._on_rate([by for by, _ in rates])
                _done(rates)
            with self._wake:
                if self.stopping:
                    return False
                if not self._paused:
                    resumed, self._told = self._told, False
                    break
                if self._credit > 0:
                    self._credit -= before_step
                    return True
                first, self._told = not self._told, True
            self._on_pause(first)
            with self._wake:
                if (
                    self._paused
                    and not self._credit
                    and not (self._requests or self._saving or self.stopping or self._rates)
                ):
                    self._wake.wait(0.5)  # not for ever: `stop` may come from a signal handler
        if resumed:
            self._on_resume()
        return True

    def close(self) -> None:
        """The training thread is about to leave: answer who waits; later looks are answered where they are asked."""
        with self._wake:
            self._closed = True
            rates, self._rates = self._rates, []
        _done(rates)
        self._serve()

    def _serve(self) -> None:
        while self._requests:
            with self._wake:
                waiting, self._requests = self._requests, []
            for layer, sample, future in waiting:
                self._answer(layer, sample, future)


def _done(rates: Sequence[tuple[float, Future[None]]]) -> None:
    for _, future in rates:
        if future.set_running_or_notify_cancel():
            future.set_result(None)
