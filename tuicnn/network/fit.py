"""A network's training from Python, epoch by epoch; what trains is the `Session` that `tuicnn train` has."""

from __future__ import annotations

import signal
import threading
import warnings
import weakref
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from tuicnn.errors import UserError
from tuicnn.limits import EPOCHS, THREADS
from tuicnn.network.callback import Callback
from tuicnn.network.course import Course, shown
from tuicnn.network.images import TrainingImages
from tuicnn.network.progress import Display, display_for
from tuicnn.network.shown import Epoch
from tuicnn.numbers import shape
from tuicnn.training import events
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import CheckpointReason, ResumeState, first_checkpoint
from tuicnn.training.events import End, Event, Start, State, Step
from tuicnn.training.options import Options
from tuicnn.training.overview import overview_of
from tuicnn.training.progress import History, Progress
from tuicnn.training.session import Session

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan
    from tuicnn.network.network import Network
    from tuicnn.records import Between
    from tuicnn.training.events import Overview

__all__ = ["Fit"]

_NOTHING = History(0, np.empty(0, np.float32), np.empty(0, np.float32), ())


class Fit(Course, Iterator[Epoch]):
    """A training of a network, from `Network.fit`: iterates its epochs, each when it and its validation are over.

    Nothing is trained before it is iterated. After each epoch the network has the weights of that moment, and whoever
    leaves the loop keeps them. Ctrl-C ends the loop after the step that is being trained; pressed again, it interrupts.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset | None,
        *,
        epochs: int | None,
        threads: int | None,
        callbacks: Iterable[Callback],
        on_nan: Literal["stop", "halve-lr"],
        progress: bool,
    ) -> None:
        """See `Network.fit`. Raises `ValueError`, `TypeError`."""
        _must_be_whole(epochs, "epochs", EPOCHS)
        _must_be_whole(threads, "threads", THREADS)
        if on_nan not in ("stop", "halve-lr"):
            raise ValueError(f'on_nan must be "stop" or "halve-lr", not {on_nan!r}')
        if network.dtype != np.float32:
            raise ValueError("a network is trained in float32; make it without dtype=float64")
        if data is not None:
            _must_fit(data, network.plan)
        given = tuple(callbacks)
        for callback in given:
            if not isinstance(callback, Callback):
                raise TypeError(f"a callback is an object of a class that derives from Callback, not {callback!r}")
        options = Options(epochs=epochs, threads=threads, seed=network.seed)
        self.network = network
        self._plan = options.apply(network.plan)
        self._data, self._threads, self._on_nan = data, options.workers(), on_nan
        self._callbacks, self._progress = given, progress
        self._watch_steps = any(type(callback).on_step is not Callback.on_step for callback in given)
        self._session: Session | None = None
        self._training: Generator[events.Epoch] | None = None
        self._display: Display = display_for(wanted=False)
        self._kept: dict[int, Checkpoint] = {}  # by step, what is gone back to where numbers are not finite
        self._interrupted = False

    # --- what the caller does ---------------------------------------------------------------------------------------

    def __next__(self) -> Epoch:
        """Train an epoch and validate; after the last one, test. Raises `tuicnn.errors.UserError` where it cannot."""
        training = self._training or self._begin()
        self._display.go_on()
        with self._stopped_by_interrupt():
            for epoch in training:
                return shown(epoch)
        if self.state in (State.DIVERGED, State.FAILED):
            raise UserError(self.message)
        raise StopIteration

    def run(self) -> Self:
        """Train all epochs. Raises `tuicnn.errors.UserError` where it cannot."""
        for _ in self:
            pass
        return self

    def stop(self) -> None:
        """End after the step that is being trained: for callbacks."""
        if self._session is not None:
            self._session.control.stop()

    def close(self) -> None:
        """End now, with the processes that train; a training that is not iterated any more closes itself."""
        if self._training is not None:
            self._training.close()

    def __del__(self) -> None:
        if "_interrupted" not in self.__dict__:  # it was refused
            return
        if self._training is None:
            warnings.warn(
                "nothing was trained, for fit(...) was not iterated: write `for epoch in network.fit(...):`, "
                "or network.fit(...).run()",
                RuntimeWarning,
                stacklevel=2,
            )
        self.close()

    # --- what it tells ----------------------------------------------------------------------------------------------

    @property
    def _overview(self) -> Overview:
        if self._session is not None:
            return self._session.overview
        return overview_of(self._plan, self._data, threads=self._threads, run="")

    @property
    def _now(self) -> Progress:
        return self._session.progress() if self._session is not None else Progress()

    @property
    def _history(self) -> History:
        return self._session.history(0, 0) if self._session is not None else _NOTHING

    # --- what happens -----------------------------------------------------------------------------------------------

    def _begin(self) -> Generator[events.Epoch]:
        this = weakref.ref(self)  # a loop that is left takes it, and its processes, along at once

        def note(event: Event) -> None:
            if (fit := this()) is not None:
                fit._note(event)

        def offer(reason: CheckpointReason) -> bool:
            if reason is CheckpointReason.EPOCH and (fit := this()) is not None:
                fit._keep_best()
            return False

        first = first_checkpoint(self.network, self._plan)
        self._kept[0] = first
        self._display = display_for(wanted=self._progress)
        self._session = Session(
            self._plan,
            threads=self._threads,
            on_event=note,
            offer_checkpoint=offer,
            checkpoint_at=lambda step: fit._kept.get(step) if (fit := this()) is not None else None,
            resume_from=ResumeState(first),
            on_nan=self._on_nan,
            halving='on_nan="halve-lr"',
            dataset=self._data,
        )
        self._training = self._session.epochs()
        return self._training

    def _note(self, event: Event) -> None:
        """Take an event of the session, in its order."""
        if isinstance(event, Start):
            self._learn_of_data()
        if isinstance(event, events.Epoch | End) or (isinstance(event, Step) and self._watch_steps):
            self._take_weights()
        self._display(self, event)
        for callback in self._callbacks:
            if isinstance(event, Step):
                callback.on_step(self, event)
            elif isinstance(event, events.Epoch):
                callback.on_epoch(self, shown(event))

    def _take_weights(self) -> None:
        """Give the network the weights of this moment."""
        trained = self._session.network if self._session is not None else None
        if trained is not None and not self._interrupted:  # which may have been in the middle of a step
            self.network.load_state_dict(trained.state_dict())

    def _learn_of_data(self) -> None:
        assert self._session is not None
        begun = self._session.checkpoint()
        self.network.trained_on = TrainingImages(begun.class_names, begun.mean, begun.std)

    def _keep_best(self) -> None:
        """Keep the weights of the best epoch, where they may be gone back to."""
        assert self._session is not None
        now = self._session.checkpoint()
        if self._on_nan == "halve-lr" and now.best_step == now.step:
            copied = replace(now, arrays={name: array.copy() for name, array in now.arrays.items()})
            self._kept = {0: self._kept[0], now.step: copied}

    @contextmanager
    def _stopped_by_interrupt(self) -> Iterator[None]:
        """Inside the `with`, Ctrl-C ends the training after its step; the second time it raises `KeyboardInterrupt`."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield  # only the main thread is told of signals; and some have said that there are to be none
            return

        def stop(number: int, frame: FrameType | None) -> None:
            assert self._session is not None
            if self._session.control.stopping:
                self._interrupted = True
                raise KeyboardInterrupt
            self._display.say("Stopping after this step; the network keeps the weights so far.")
            self.stop()

        signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _must_be_whole(value: int | None, name: str, bounds: Between[int]) -> None:
    least, most = bounds.least, bounds.most
    if value is not None and not (isinstance(value, int) and least <= value <= most):
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, not {value!r}")


def _must_fit(data: Dataset, plan: Plan) -> None:
    """Raises `ValueError` where images or classes are not those that the network takes."""
    if data.input == plan.input and data.classes == plan.classes:
        return
    raise ValueError(
        f"{data.name} has images of {shape(data.input)} and {data.classes} classes, but the network takes "
        f"{shape(plan.input)} and tells {plan.classes} apart; Network.from_text(text, data=…) makes one for the data"
    )
