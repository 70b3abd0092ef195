"""One training run: trains in the thread that calls `run` or `epochs`; other threads may watch and control it.

Progress and history are answered at once. Questions that need the network are answered by the training thread between
two steps, so that all of an answer belongs to one step. Nothing is computed that is not asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from concurrent.futures import Future
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tuicnn.data import DataError
from tuicnn.data.folder_notes import left_out_note
from tuicnn.errors import UserError
from tuicnn.numbers import counted
from tuicnn.training import events
from tuicnn.training.checkpointing import BEGINS, CheckpointReason, ResumeState, as_trained, capture, restore
from tuicnn.training.control import Control
from tuicnn.training.divergence import DivergedError, Divergence
from tuicnn.training.divergence_handling import DivergenceHandler, scaled
from tuicnn.training.early_end import early_end
from tuicnn.training.events import Epoch, Event, Overview, State
from tuicnn.training.fingerprints import data_fingerprint
from tuicnn.training.group_warnings import GroupWarnings
from tuicnn.training.marks import mark_of
from tuicnn.training.metrics import Metrics
from tuicnn.training.overview import overview_of
from tuicnn.training.predictions import Predictions, Split
from tuicnn.training.progress import History, Progress
from tuicnn.training.reading import read_data
from tuicnn.training.trainer import Trainer

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.engine.evaluation import Evaluation
    from tuicnn.engine.network import Network
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.options import OnNan
    from tuicnn.training.ranks import Ranks

__all__ = ["HALVING", "Session"]

#: what a person writes in a command for half the learning rate where numbers are not finite
HALVING = "--on-nan halve-lr"
T = TypeVar("T")


class _Ended(Exception):  # noqa: N818 - a fact, not a fault
    """The run ends in a final state before its last epoch; its text is the message."""

    def __init__(self, state: State, message: str = "") -> None:
        super().__init__(message)
        self.state = state


class Session:
    """See the module. `on_event` is called in the training thread with each event, from `Start` or `Resumed` to `End`.

    `on_predictions` is called there with what was said of the validation images, just before an epoch's end is told;
    where there are none, with what was said of the test images at the end. `offer_checkpoint` is called whenever the
    run is between two steps and a checkpoint might be wanted; it may call `checkpoint()`, and says whether that is safe
    on disk; `checkpoint_at` gives that of a step, if there is one. With `resume_from`, the run goes on from there.
    `on_nan`: what is done where numbers are not finite; `halving`: how a person says so. A `dataset` takes the place of
    the one that the plan names. With `until`, the run is stopped once it has so many epochs, unless these are all.
    `ranks`, of which this process is the first, train it together in the place of `threads` processes.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        threads: int,
        run: str = "",
        on_event: Callable[[Event], None] = lambda event: None,
        on_predictions: Callable[[Predictions], None] = lambda predictions: None,
        offer_checkpoint: Callable[[CheckpointReason], bool] = lambda reason: False,
        checkpoint_at: Callable[[int], Checkpoint | None] = lambda step: None,
        resume_from: ResumeState = BEGINS,
        on_nan: OnNan = "stop",
        halving: str = HALVING,
        dataset: Dataset | None = None,
        until: int | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.plan, self.threads, self.run_name, self._dataset = plan, threads, run, dataset
        self.overview = overview_of(plan, threads=threads, run=run)  # complete once the data is read
        self._on_event, self._on_predictions = on_event, on_predictions
        self._offer, self._resume_from, self._until = offer_checkpoint, resume_from, until
        self._ranks = ranks
        self._trainer: Trainer | None = None
        #: from any thread: pause, resume, single steps, saves, the learning rate, the end
        self.control = Control(
            self._on_pause,
            self._on_resume,
            lambda: self._offer_checkpoint(CheckpointReason.ASKED),
            self._on_rate,
            self._on_pace,
        )
        self._divergences = DivergenceHandler(on_nan, checkpoint_at, halving)
        self._working = State.STARTING  # the state to return to after a pause
        self._held = self._paused_at = 0.0  # seconds spent paused, and when the pause began
        self._progress = Progress()
        self._metrics, self._warnings = Metrics(), GroupWarnings(self._tell)
        self._told = ""  # a sentence: what was done about a divergence in this epoch
        self._data = ""  # the data set's fingerprint, once the weights are those of the run

    # --- from any thread --------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network | None:
        """The network, once training has begun. Its weights change until the run has ended."""
        # before that they are not yet those of the run, where it goes on from a checkpoint
        return self._trainer.network if self._trainer and self._data else None

    def progress(self) -> Progress:
        """The numbers of this moment."""
        return self._progress

    def history(self, since_step: int, since_epoch: int) -> History:
        """Losses and accuracies since a step, epochs since an epoch."""
        return self._metrics.history(since_step, since_epoch)

    def ask(self, question: Callable[[Trainer], T]) -> Future[T]:
        """What `question` returns or raises, called between two steps, or at once where the run has ended.

        The future raises `UserError` where training did not begin, because the data or a checkpoint could not be read.
        """
        return self.control.ask(partial(self._answer, question))

    # --- the training thread ----------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """All that the rest of the run depends on; its arrays are the run's own. For `offer_checkpoint`."""
        assert self._trainer is not None
        return capture(self._trainer, self._data, self._progress, self._metrics)

    def run(self) -> State:
        """Read the data, train, validate, test; blocks. Returns a final state; raises only for what is a bug."""
        for _ in self.epochs():
            pass
        return self._progress.state

    def epochs(self) -> Generator[Epoch]:
        """As `run`, with each epoch once it and its validation are over. The run is stopped where this is closed."""
        state, message = State.FAILED, ""
        try:
            try:
                yield from self._run()
                state, message = State.DONE, self._stalled
            except _Ended as end:
                state, message = end.state, str(end)
            except (GeneratorExit, KeyboardInterrupt):
                state = State.STOPPED
                raise
            except (DataError, UserError, OSError) as error:
                message = str(error)
            except MemoryError:
                message = "not enough memory for this network at this batch size; make train: batch= smaller"
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                raise
        finally:
            if self._trainer is not None:
                self._trainer.close()
            self._set(state=state, message=message, eta=0.0, evaluated=0.0)
            self._end(state, message)

    def _run(self) -> Generator[Epoch]:
        dataset = read_data(self.plan, self._dataset, self._read_so_far)
        self._set(message="")
        if dataset.left_out:
            self._tell(events.Warned(left_out_note(dataset.left_out)))
        data, checkpoint = data_fingerprint(dataset), self._resume_from.checkpoint
        if checkpoint is not None:
            dataset = as_trained(dataset, checkpoint)
        choices = checkpoint.choices if checkpoint is not None else None  # another machine would choose otherwise
        group = self._ranks.group if self._ranks is not None else None
        trainer = self._trainer = Trainer(self.plan, dataset, threads=self.threads, group=group, choices=choices)
        if self._ranks is not None and (idle := self._ranks.introduce(trainer, data)):
            self._tell(events.Warned(idle))
        self.overview = overview_of(
            self.plan, dataset, trainer.steps_per_epoch, threads=trainer.group.size, run=self.run_name
        )
        self._begin(trainer, self.overview, data)
        for epoch in range(self._progress.epoch, self.plan.train.epochs):
            if self._stalled:
                break
            if epoch == self._until:
                raise self._end_of(State.STOPPED, f"Stopped after {counted(epoch, 'epoch')}, as it was asked to.")
            yield self._epoch(trainer, epoch)
        found = self._evaluate(trainer, "test", State.TESTING)
        self._set(test_loss=found.loss, test_accuracy=found.accuracy)
        if not len(trainer.images_of("validation")[0]):
            self._on_predictions(Predictions.of(found, "test", trainer, self._progress.epoch))
        self._offer_checkpoint(CheckpointReason.STOP)  # once more, in case the last one failed

    def _read_so_far(self, message: str) -> None:
        self._set(message=message)
        self._tell(events.Reading(message))

    def _begin(self, trainer: Trainer, overview: Overview, data: str) -> None:
        """Tell that the run begins, or that it goes on; `data` is the data's fingerprint. Raises `UserError`."""
        resume_from = self._resume_from
        if resume_from.checkpoint is not None:
            self._progress = restore(resume_from.checkpoint, trainer, data, self._progress, resume_from.command)
            self._metrics.restore(resume_from.checkpoint, resume_from.steps, resume_from.epochs, resume_from.marks)
        self._data = data  # from here on there are weights to save
        self._set(
            steps=trainer.steps,
            learning_rate=trainer.learning_rate,
            train_loss=self._metrics.loss,
            train_accuracy=self._metrics.accuracy,
        )
        known = vars(overview)
        if resume_from.begun:
            done, rate = self._progress.epoch, trainer.learning_rate
            self._tell(events.Resumed(step=trainer.step, epochs_done=done, learning_rate=rate, **known))
        else:
            self._tell(events.Start(**known))

    def _offer_checkpoint(self, reason: CheckpointReason) -> None:
        """Between two steps: a checkpoint may be written."""
        if self._data and self._offer(reason):
            self._set(saved=self._progress.step)

    def _epoch(self, trainer: Trainer, epoch: int) -> Epoch:
        """One epoch, or what is left of it, and its validation. Raises `_Ended`."""
        while trainer.step < (epoch + 1) * trainer.steps_per_epoch:
            self._work(State.TRAINING)
            if not self.control.hold(before_step=True):
                raise self._end_of(State.STOPPED)
            if weights := self._divergences.before_step(trainer, self._metrics):
                self._after_divergence(weights, f"Training goes on from {weights}.")
            waited, began = trainer.group.waited, perf_counter()
            try:
                loss, accuracy, count = trainer.measured.advance(trainer)
            except DivergedError as error:
                self._diverged(trainer, error.divergence)
                continue
            took = perf_counter() - began
            self._warnings.stepped(trainer.group.waited - waited, took)
            self._record(trainer, loss, accuracy, count, took)
            self._offer_checkpoint(CheckpointReason.STEP)
        began, held = perf_counter(), self._held
        found = self._evaluate(trainer, "validation", State.VALIDATING)
        val_loss, val_accuracy = found.loss, found.accuracy
        took = perf_counter() - began - (self._held - held)
        done = self._metrics.end_epoch(epoch + 1, trainer.step, val_loss, val_accuracy, took)
        self._told = ""
        if len(found.predictions):
            self._on_predictions(Predictions.of(found, "validation", trainer, epoch + 1))
        best = self._metrics.best(self._progress.best_epoch, self._progress.best_val_accuracy)
        better = done.better_than(best)
        if better:
            self._metrics.best_step = trainer.step
        self._set(
            evaluated=0.0,
            epoch=epoch + 1,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            best_val_accuracy=val_accuracy if better else best.val_accuracy,
            best_epoch=epoch + 1 if better else self._progress.best_epoch,
        )
        self._tell(done)
        if (by := self.plan.schedule.after(self._metrics.val_losses)) != 1:
            self._change_rate(trainer, by)
        self._offer_checkpoint(CheckpointReason.EPOCH)
        return done

    @property
    def _stalled(self) -> str:
        """Why training ends before its last epoch, as a sentence: `patience` epochs brought nothing; else ""."""
        patience, now = self.plan.train.patience, self._progress
        return early_end(patience, now.epoch, now.best_epoch) if now.epoch < self.plan.train.epochs else ""

    def _evaluate(self, trainer: Trainer, split: Split, state: State) -> Evaluation:
        """What the network makes of the validation or test images. Raises `_Ended`."""
        self._work(state)

        def tell(evaluated: float) -> bool:
            left = (1 - evaluated) * self._metrics.seconds_of_test(trainer)
            if split == "validation":
                left = self._metrics.seconds_to_go(trainer, self._progress.pace, evaluated)
            self._set(evaluated=evaluated, eta=left)
            self._warnings.lost(trainer, stopping=self.control.stopping)
            return self.control.hold(before_step=False)

        found = trainer.evaluate(split, tell)
        if found is None:
            raise self._end_of(State.STOPPED)
        return found

    def _end_of(self, state: State, message: str = "") -> _Ended:
        """What ends the run, with a checkpoint of where it is."""
        self._offer_checkpoint(CheckpointReason.STOP)
        return _Ended(state, message)

    def _diverged(self, trainer: Trainer, found: Divergence) -> None:
        """A step was undone: the run is paused, or goes on otherwise. Raises `_Ended` where it ends."""
        event, weights = self._divergences.handle(trainer, found, self._metrics)
        self._set(learning_rate=trainer.learning_rate)
        self._tell(event)
        if event.action == "stop":
            raise self._end_of(State.DIVERGED, event.message)
        if event.action == "pause":
            self._set(diverged=found, message=event.message)
            self.control.pause()
        else:
            self._after_divergence(weights, event.message)

    def _after_divergence(self, weights: str, sentence: str) -> None:
        """Training goes on after a divergence, perhaps with other `weights`."""
        self._told = sentence
        self._metrics.after_divergence(weights_restored=bool(weights))
        self._set(message=sentence)
        if weights:
            assert self._trainer is not None
            self._trainer.measured.forget()
            self._tell(events.WeightsRestored(self._progress.step, weights))

    def _record(self, trainer: Trainer, loss: float, accuracy: float, count: int, took: float) -> None:
        metrics = self._metrics
        metrics.add(loss, accuracy, count, took)
        self._set(
            step=trainer.step,
            seconds=metrics.seconds,
            eta=metrics.seconds_to_go(trainer, self._progress.pace),
            images_per_second=metrics.images_per_second,
            learning_rate=trainer.learning_rate,
            train_loss=metrics.loss,
            train_accuracy=metrics.accuracy,
            diverged=None,
            message=trainer.trouble or self._told or self._warnings.waiting(),
        )
        self._warnings.lost(trainer, stopping=self.control.stopping)
        self._tell(events.Step(trainer.step, loss, accuracy))

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
            self._tell(events.Paused(self._progress.step))
            self._offer_checkpoint(CheckpointReason.PAUSE)

    def _on_resume(self) -> None:
        self._held += perf_counter() - self._paused_at
        self._set(state=self._working, diverged=None)
        self._tell(events.Unpaused(self._progress.step))

    def _on_rate(self, by: float) -> None:
        assert self._trainer is not None
        self._change_rate(self._trainer, by)
        self._offer_checkpoint(CheckpointReason.ASKED)  # a decision that no replay would give

    def _change_rate(self, trainer: Trainer, by: float) -> None:
        trainer.rate_factor = scaled(trainer.rate_factor, by)
        self._set(learning_rate=trainer.learning_rate)
        self._tell(events.RateChanged(trainer.step, trainer.learning_rate, trainer.rate_factor))

    def _on_pace(self, pace: int) -> None:
        assert self._trainer is not None
        self._set(pace=pace, eta=self._metrics.seconds_to_go(self._trainer, pace))
        self._tell(events.PaceChanged(self._progress.step, pace))

    def _answer(self, question: Callable[[Trainer], T]) -> T:
        if self._trainer is None or not self._data:
            raise UserError("There is no network to look into: training did not begin.")
        with np.errstate(all="ignore"):
            if self._progress.state.final:
                return self._trainer.measured.at_rest(self._trainer, question)
            return question(self._trainer)

    def _end(self, state: State, message: str) -> None:
        self.control.close()
        self._tell(self._progress.end(state, message, self.plan.parameters, self._metrics.seconds))

    def _tell(self, event: Event) -> None:
        if (mark := mark_of(event)) is not None:
            self._metrics.mark(mark)
        self._on_event(event)

    def _set(self, **changes: Any) -> None:
        self._progress = dataclasses.replace(self._progress, **changes)
