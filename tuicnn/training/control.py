"""Lets other threads control and question a training: they queue requests here, which the training thread carries out.

The training thread calls `hold` between two steps, and between two parts of an evaluation. There it answers questions,
and waits while the run is paused, or slowed for somebody to watch it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Literal, TypeVar

from tuicnn.errors import UserError
from tuicnn.training.pace import FULL, PACES, Pacer

__all__ = ["Control"]

#: seconds after which a run that waits checks for a request of a signal handler that could not wake it
PATIENCE = 0.5

T = TypeVar("T")
#: a queued request; a number is a factor on the learning rate, with the future that is done when it is applied
_Act = Literal["pause", "resume", "step", "save", "slower", "faster", "full speed"] | tuple[float, "Future[None]"]


class Control:
    """Pause, resume, one step, the pace, save, stop, questions, the learning rate.

    Requests are carried out in order. Before a step, those after a single step wait until it is trained; during an
    evaluation they do not, and the single steps are trained after it. `stop` is not queued; saves and rates that are
    queued are still carried out before the run ends.

    The training thread calls `on_pause(first)`, `on_resume()`, `on_save()`, `on_rate(by)`, `on_pace(pace)`.
    """

    def __init__(
        self,
        on_pause: Callable[[bool], None],
        on_resume: Callable[[], None],
        on_save: Callable[[], None],
        on_rate: Callable[[float], None],
        on_pace: Callable[[int], None],
    ) -> None:
        self._on_pause, self._on_resume, self._on_save = on_pause, on_resume, on_save
        self._on_rate, self._on_pace = on_rate, on_pace
        self._wake = threading.Condition()
        self._answering = threading.Lock()  # one question at a time, after the end in any thread
        self._questions: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._acts: deque[_Act] = deque()  # appending takes no lock: a signal handler may do it
        self._closed = False
        self._paused = self._told = False  # these, and the next two, are the training thread's own
        self._single_steps = 0  # to be trained although the run is paused
        self._pacer = Pacer()
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

    def slower(self) -> None:
        """Train at the next slower of `PACES`; at the slowest, pause."""
        self._put("slower")

    def faster(self) -> None:
        """Train at the next faster of `PACES`; a run that is paused goes on at the slowest."""
        self._put("faster")

    def full_speed(self) -> None:
        """Train as fast as it can; a run that is paused stays so."""
        self._put("full speed")

    def save(self) -> None:
        """Write a checkpoint at the next `hold`. May be called by a signal handler."""
        self._acts.append("save")
        self._nudge()

    def scale_rate(self, by: float) -> Future[None]:
        """Multiply the learning rate at the next `hold`; the future is done once it is multiplied.

        The future raises `UserError` where no step follows any more.
        """
        future: Future[None] = Future()
        with self._wake:
            if self._closed:
                _refuse(future)
            else:
                self._acts.append((by, future))
                self._wake.notify_all()
        return future

    def stop(self) -> None:
        """End the run at the next `hold`. May be called by a signal handler."""
        self.stopping = True
        self._nudge()

    def ask(self, question: Callable[[], T]) -> Future[T]:
        """What `question()` returns or raises; called by the training thread, or at once after `close`."""
        future: Future[T] = Future()
        with self._wake:
            closed = self._closed
            if not closed:
                self._questions.append((question, future))
                self._wake.notify_all()
        if closed:
            self._answer(question, future)
        return future

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

    def _answer(self, question: Callable[[], T], future: Future[T]) -> None:
        with self._answering:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(question())
                except Exception as error:
                    future.set_exception(error)

    # --- the training thread ----------------------------------------------------------------------------------------

    def hold(self, *, before_step: bool) -> bool:
        """Carry out requests, and wait while paused. False: end the run. A single step is used up `before_step`."""
        while True:
            self._answer_all()
            self._do_acts(before_step)
            if self.stopping:
                return False
            if self._single_steps:
                self._single_steps -= before_step
                wait = 0.0
            elif self._paused:
                wait = PATIENCE
            else:
                wait = self._pacer.wait if before_step else 0.0
            if not wait:
                if before_step:
                    self._pacer.begin()
                return True
            with self._wake:
                if not (self._questions or self._acts or self.stopping):
                    self._wake.wait(min(wait, PATIENCE))

    def close(self) -> None:
        """No step follows: refuse rates, answer what is queued; later questions are answered in the asking thread."""
        with self._wake:
            self._closed = True
        while self._acts:
            match self._acts.popleft():
                case (_, future):
                    _refuse(future)
        self._answer_all()

    def _do_acts(self, before_step: bool) -> None:
        while self.stopping or not (self._single_steps and before_step):
            if self._paused and not self.stopping and not self._single_steps:
                first, self._told = not self._told, True
                self._on_pause(first)
            if not self._acts:
                return
            match self._acts.popleft():
                case "pause":
                    self._paused = True
                case "resume":
                    self._resume()
                case "step":
                    self._paused = True
                    self._single_steps += 1
                case "slower" if not self._paused:
                    if (pace := self._pacer.slower) is None:
                        self._paused = True
                    else:
                        self._set_pace(pace)
                case "faster" if self._paused:
                    self._set_pace(PACES[-1])
                    self._resume()
                case "faster":
                    self._set_pace(self._pacer.faster)
                case "full speed":
                    self._set_pace(FULL)
                case "save":
                    self._on_save()
                case (by, future):
                    self._on_rate(by)
                    if future.set_running_or_notify_cancel():
                        future.set_result(None)

    def _resume(self) -> None:
        self._paused, self._single_steps = False, 0
        if self._told:
            self._told = False
            self._on_resume()

    def _set_pace(self, pace: int) -> None:
        if pace != self._pacer.pace:
            self._pacer.pace = pace
            self._on_pace(pace)

    def _answer_all(self) -> None:
        while self._questions:
            with self._wake:
                waiting, self._questions = self._questions, []
            for question, future in waiting:
                self._answer(question, future)


def _refuse(future: Future[None]) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(UserError("The learning rate stays as it is: no training step follows."))
