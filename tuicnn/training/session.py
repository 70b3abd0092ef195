"""One training run in one process: it trains in the thread that calls `run`, and others may watch and steer it.

Watching costs nothing until somebody asks. Numbers are answered at once; what needs the weights (a look at one image's
feature maps) is answered by the training thread between two steps, so that what is seen belongs together.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.data import DataError, normalise
from tuicnn.execution import Observed
from tuicnn.training.meter import Recorder, Smoothed, Speed
from tuicnn.training.overview import overview_of
from tuicnn.training.progress import NAN, Epoch, Figures, History, Overview, Peek, Progress, State, jsonable
from tuicnn.training.steering import Steering
from tuicnn.training.trainer import Trainer

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan
    from tuicnn.network import Network

    Event = dict[str, Any]

__all__ = ["Session", "look_at"]


class Session:
    """See the module. `on_event` is called in the training thread with JSON-able dicts: start, step, epoch, …, end."""

    def __init__(
        self, plan: Plan, *, threads: int, run: str = "", on_event: Callable[[Event], None] = lambda event: None
    ) -> None:
        self.plan, self.threads, self.run_name = plan, threads, run
        self.overview: Overview | None = None
        self._on_event = on_event
        self._trainer: Trainer | None = None
        self._steering = Steering(self._answer, self._on_pause, self._on_resume)
        self._working = State.STARTING  # what it does when it is not paused
        self._held = self._paused_at = 0.0  # seconds spent paused, and when the pause began
        self._recording = threading.Lock()
        self._looking = threading.Lock()  # the network is used by one thread at a time
        self._progress = Progress()
        self._recorder = Recorder()
        self._figures: Figures | None = None
        self._figures_wanted = False
        self._loss, self._accuracy, self._speed = Smoothed(), Smoothed(), Speed()
        self._seconds = self._evaluation_seconds = 0.0

    # --- from any thread --------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network | None:
        """The network, once the data is read. Its weights change until the run has ended."""
        return self._trainer.network if self._trainer else None

    def progress(self) -> Progress:
        """The numbers of this moment."""
        return self._progress

    def history(self, since_step: int, since_epoch: int) -> History:
        """Losses and accuracies since a step, epochs since an epoch."""
        with self._recording:
            return self._recorder.since(since_step, since_epoch)

    def figures(self) -> Figures | None:
        """The newest figures of the layers; asking makes the next step be measured."""
        self._figures_wanted = True
        return self._figures

    def peek(self, layer: int, sample: int) -> Future[Peek]:
        """One validation image's way through the network, answered between two steps (cancelled without a network)."""
        return self._steering.ask(layer, sample)

    def pause(self) -> None:
        """Hold after the step that is being trained, until `resume`."""
        self._steering.pause()

    def resume(self) -> None:
        """Go on training."""
        self._steering.resume()

    def step(self) -> None:
        """Train one batch, then pause."""
        self._steering.step()

    def stop(self) -> None:
        """End the run after the step that is being trained. May be called by a signal handler."""
        self._steering.stop()

    # --- the training thread ----------------------------------------------------------------------------------------

    def run(self) -> State:
        """Read the data, train, validate, test; blocks. Returns a final state; raises only for what is a bug."""
        state, message = State.FAILED, ""
        try:
            try:
                state, message = self._run()
            except (DataError, OSError) as error:
                message = str(error)
            except MemoryError:
                message = "not enough memory for this network at this batch size; make train: batch= smaller"
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                raise
        finally:
            self._set(state=state, message=message, eta=0.0, part=0.0)
            self._end(state, message)
        return state

    def _run(self) -> tuple[State, str]:
        dataset = self.plan.data.load()
        trainer = self._trainer = Trainer(self.plan, dataset, threads=self.threads)
        self.overview = overview_of(
            self.plan, dataset, trainer.steps_per_epoch, threads=self.threads, run=self.run_name
        )
        self._set(steps=trainer.steps, learning_rate=trainer.learning_rate)
        self._emit("start", **dataclasses.asdict(self.overview))
        for epoch in range(self.plan.train.epochs):
            problem = self._epoch(trainer, dataset, epoch)
            if problem is not None:
                return problem
        self._work(State.TESTING)
        score = trainer.evaluate(dataset.test_images, dataset.test_labels, self._between_parts)
        if score is None:
            return State.STOPPED, ""
        self._set(test_loss=score[0], test_accuracy=score[1])
        return State.DONE, ""

    def _epoch(self, trainer: Trainer, dataset: Dataset, epoch: int) -> tuple[State, str] | None:
        """One epoch and its validation; a final state where the run ends in it."""
        losses = corrects = seconds = 0.0
        images = 0
        while trainer.step < (epoch + 1) * trainer.steps_per_epoch:
            self._work(State.TRAINING)
            if not self._steering.hold(before_step=True):
                return State.STOPPED, ""
            began = perf_counter()
            loss, accuracy, count = self._advance(trainer)
            took = perf_counter() - began
            if not np.isfinite(loss):
                return State.DIVERGED, (
                    f"the {'loss' if np.isnan(loss) else 'numbers'} became {'NaN' if np.isnan(loss) else 'infinite'} "
                    f"at step {trainer.step + 1} (epoch {epoch + 1}); "
                    f"try a smaller learning rate than {trainer.learning_rate:.3g}"
                )
            losses, corrects, images, seconds = (
                losses + loss * count, corrects + accuracy * count, images + count, seconds + took
            )  # fmt: skip
            self._record(trainer, loss, accuracy, count, took)
        self._work(State.VALIDATING)
        began, held = perf_counter(), self._held
        score = trainer.evaluate(dataset.val_images, dataset.val_labels, self._between_parts)
        if score is None:
            return State.STOPPED, ""
        self._evaluation_seconds = perf_counter() - began - (self._held - held)
        val_loss, val_accuracy = score
        done = Epoch(
            epoch + 1,
            trainer.step,
            losses / images,
            corrects / images,
            val_loss,
            val_accuracy,
            images / seconds,
            seconds + self._evaluation_seconds,
        )
        with self._recording:
            self._recorder.epochs.append(done)
        best = self._progress.best_val_accuracy
        better = not best >= val_accuracy
        self._set(
            part=0.0,
            epoch=epoch + 1,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            best_val_accuracy=val_accuracy if better else best,
            best_epoch=epoch + 1 if better else self._progress.best_epoch,
        )
        self._emit("epoch", **dataclasses.asdict(done))
        return None

    def _advance(self, trainer: Trainer) -> tuple[float, float, int]:
        """One step, measured layer by layer where somebody asked for figures."""
        if not self._figures_wanted:
            return trainer.advance()
        self._figures_wanted = False
        observed = Observed.nothing(len(self.plan.nodes))
        result = trainer.advance(observed)
        to32 = [np.asarray(a, np.float32) for a in (observed.activation, observed.gradient, observed.dead)]
        self._figures = Figures(np.asarray(observed.seconds * 1000, np.float32), *to32)
        return result

    def _record(self, trainer: Trainer, loss: float, accuracy: float, count: int, took: float) -> None:
        self._loss.add(loss)
        self._accuracy.add(accuracy)
        self._speed.add(took, count)
        self._seconds += took
        with self._recording:
            self._recorder.add(loss, accuracy)
        self._set(
            step=trainer.step,
            seconds=self._seconds,
            eta=self._to_go(trainer),
            images_per_second=self._speed.images_per_second,
            learning_rate=trainer.learning_rate,
            train_loss=self._loss.value,
            train_accuracy=self._accuracy.value,
        )
        self._emit("step", step=trainer.step, loss=loss, accuracy=accuracy)

    def _to_go(self, trainer: Trainer) -> float:
        """Seconds to the end, with the validations and the test that are still to come."""
        data = trainer.dataset
        # until the first validation has been timed: forward alone takes about a third of a step
        a_third = len(data.val_images) / self._speed.images_per_second / 3
        validation = self._evaluation_seconds or a_third
        test = validation * len(data.test_images) / max(1, len(data.val_images))
        epochs_left = self.plan.train.epochs - len(self._recorder.epochs)
        return (trainer.steps - trainer.step) * self._speed.seconds_per_step + epochs_left * validation + test

    def _work(self, state: State) -> None:
        """Begin to train, validate or test."""
        if self._working is not state:
            self._working = state
            self._set(state=state)

    def _on_pause(self, first: bool) -> None:
        if first:
            self._paused_at = perf_counter()
        if self._progress.state is not State.PAUSED:
            self._set(state=State.PAUSED)
        if first:
            self._emit("paused", step=self._progress.step)

    def _on_resume(self) -> None:
        self._held += perf_counter() - self._paused_at
        self._set(state=self._working)
        self._emit("resumed", step=self._progress.step)

    def _between_parts(self, part: float) -> bool:
        self._set(part=part)
        return self._steering.hold(before_step=False)

    def _answer(self, layer: int, sample: int, future: Future[Peek]) -> None:
        trainer = self._trainer
        if trainer is None or not 0 <= layer < len(self.plan.nodes):
            future.cancel()
            return
        if not future.set_running_or_notify_cancel():
            return
        try:
            with self._looking, np.errstate(all="ignore"):
                future.set_result(look_at(trainer, layer, sample, self._progress.step))
        except Exception as error:
            future.set_exception(error)

    def _end(self, state: State, message: str) -> None:
        self._steering.close()
        now = self._progress
        self._emit(
            "end",
            state=str(state),
            message=message,
            step=now.step,
            test_loss=now.test_loss,
            test_accuracy=now.test_accuracy,
            best_val_accuracy=now.best_val_accuracy,
            best_epoch=now.best_epoch,
            parameters=self.plan.parameters,
            seconds=self._seconds,
        )

    def _set(self, **changes: Any) -> None:
        self._progress = dataclasses.replace(self._progress, **changes)

    def _emit(self, event: str, **values: Any) -> None:
        self._on_event(jsonable({"event": event, **values}))


def look_at(trainer: Trainer, layer: int, sample: int, step: int) -> Peek:
    """One validation image (any integer, modulo their number) and one layer's output for it."""
    data, network = trainer.dataset, trainer.network
    images, labels = (
        (data.val_images, data.val_labels) if len(data.val_images) else (data.test_images, data.test_labels)
    )
    index = sample % len(images)
    outputs = network.look(normalise(images[index : index + 1], data.mean, data.std, network.dtype)[0])
    maps, last = outputs[layer], outputs[-1]
    assert last is not None
    return Peek(
        sample=index,
        samples=len(images),
        label=int(labels[index]),
        image=np.ascontiguousarray(images[index]),
        layer=layer,
        maps=np.full(trainer.plan.nodes[layer].shape, NAN, np.float32) if maps is None else maps.astype(np.float32),
        probabilities=trainer.plan.loss.probabilities(last[None])[0].astype(np.float32),
        step=step,
    )
