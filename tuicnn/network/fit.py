"""A network's training from Python, epoch by epoch; what trains is the `Session` that `tuicnn train` has."""

from __future__ import annotations

import os
import signal
import threading
import warnings
import weakref
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from tuicnn.data import Dataset
from tuicnn.errors import UserError
from tuicnn.limits import EPOCHS, THREADS
from tuicnn.network.callback import Callback
from tuicnn.network.images import TrainingImages
from tuicnn.network.in_memory import session_in_memory
from tuicnn.network.kept_run import KeptRun
from tuicnn.network.progress import Display, display_for
from tuicnn.network.shown import Epoch
from tuicnn.network.training_summary import TrainingSummary, shown
from tuicnn.system.blas import one_blas_thread
from tuicnn.training import events
from tuicnn.training.checkpointing import first_checkpoint
from tuicnn.training.events import End, Event, Start, State, Step, Warned
from tuicnn.training.options import Options
from tuicnn.training.overview import misfit_of, overview_of
from tuicnn.training.progress import History, Progress
from tuicnn.training.reading import read_data

if TYPE_CHECKING:
    from tuicnn.network.network import Network
    from tuicnn.records import Between
    from tuicnn.training.events import Overview
    from tuicnn.training.session import Session

__all__ = ["Fit"]

#: what a person writes in Python for half the learning rate where numbers are not finite
_HALVING = 'on_nan="halve-lr"'
_NOTHING = History(0, np.empty(0, np.float32), np.empty(0, np.float32), ())


class Fit(TrainingSummary, Iterator[Epoch]):
    """A training of a network, from `Network.fit`: iterates its epochs, each when it and its validation are over.

    Nothing is trained before it is iterated. After each epoch the network has the weights of that moment, and whoever
    leaves the loop keeps them. Ctrl-C ends the loop after the step that is being trained; pressed again, or while the
    body of the loop runs, it interrupts.
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
        run: str | os.PathLike[str] | None,
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
            if not isinstance(data, Dataset):
                raise TypeError(f"data is a Dataset, such as datasets.load('mnist'), not {data!r:.60}")
            if run is not None:
                raise ValueError("a run is trained on the data that the net's text names: leave data or run= out")
            if misfit := misfit_of(data, network.plan):
                raise ValueError(f"{misfit}; Network.from_text(text, data=…) makes one for the data")
        if isinstance(callbacks, Callback) or not isinstance(callbacks, Iterable):
            raise TypeError("callbacks is a list of them: write callbacks=[…]")
        given = tuple(callbacks)
        for callback in given:
            if not isinstance(callback, Callback):
                raise TypeError(f"a callback is an object of a class that derives from Callback, not {callback!r}")
        self.network = network
        self._options = Options(epochs=epochs, threads=threads, seed=network.seed, on_nan=on_nan)
        self._plan = self._options.apply(network.plan)
        self._data, self._on_nan = data, on_nan
        self._run = Path(run) if run is not None else None
        self._kept: KeptRun | None = None  # once it is begun
        self._callbacks, self._progress = given, progress
        self._watch_steps = any(type(callback).on_step is not Callback.on_step for callback in given)
        self._session: Session | None = None
        self._training: Generator[events.Epoch] | None = None
        self._display: Display = display_for(wanted=False)
        self._interrupted = False
        self._wanted = False  # somebody has iterated it

    # --- what the caller does ---------------------------------------------------------------------------------------

    def __next__(self) -> Epoch:
        """Train an epoch and validate; after the last one, test. Raises `tuicnn.errors.UserError` where it cannot."""
        self._wanted = True
        training = self._training or self._begin()
        self._display.go_on()
        try:
            with self._stopped_by_interrupt(), one_blas_thread():
                for epoch in training:
                    return shown(epoch)
        finally:
            if self.state.final:
                self.close()
        if self.state in (State.DIVERGED, State.FAILED):
            raise UserError(self.message)
        raise StopIteration

    def run(self) -> Self:
        """Train all epochs. Raises `tuicnn.errors.UserError` where it cannot."""
        with self._stopped_by_interrupt():  # also between two epochs, where nobody else does anything
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
        if self._kept is not None:
            self._kept.close()

    def __del__(self) -> None:
        if "_wanted" not in self.__dict__:  # it was refused
            return
        if not self._wanted:
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
        return overview_of(self._plan, self._data, threads=self._options.workers(), run="")

    @property
    def _now(self) -> Progress:
        return self._session.progress() if self._session is not None else Progress()

    @property
    def _history(self) -> History:
        return self._session.history(0, 0) if self._session is not None else _NOTHING

    def _ipython_display_(self) -> None:
        """As the value of a cell: not a second time where it was trained in it."""
        from IPython.display import display

        if not self._display.in_this_cell:
            display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)

    # --- what happens -----------------------------------------------------------------------------------------------

    def _begin(self) -> Generator[events.Epoch]:
        this = weakref.ref(self)  # a loop that is left takes it, and its processes, along at once

        def note(event: Event) -> None:
            if (fit := this()) is not None:
                fit._note(event)

        if self.network.awaits_images:
            self.network.see_images(read_data(self._plan, self._data, lambda message: None))
        first, options = first_checkpoint(self.network, self._plan), self._options
        self._display = display_for(wanted=self._progress)
        if self._run is not None:
            self._kept = KeptRun(self._run, self.network.plan, options, first, note, self._on_nan, _HALVING)
            self._session = self._kept.session
        else:
            self._session = session_in_memory(
                self._plan, first, note, self._on_nan, _HALVING, threads=options.workers(), dataset=self._data
            )
        self._training = self._session.epochs()
        return self._training

    def _note(self, event: Event) -> None:
        """Take an event of the session, in its order."""
        if isinstance(event, Start):
            self._learn_of_data()
        if isinstance(event, events.Epoch | End) or (isinstance(event, Step) and self._watch_steps):
            self._take_weights()
        if isinstance(event, Warned):
            self._display.say(event.message)
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

    @contextmanager
    def _stopped_by_interrupt(self) -> Iterator[None]:
        """Inside the `with`, Ctrl-C ends the training after its step; the second time it raises `KeyboardInterrupt`."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield  # only the main thread is told of signals; and some have said that there are to be none
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self._session is None or self._session.control.stopping:
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
