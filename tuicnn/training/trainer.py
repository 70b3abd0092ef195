"""Training itself: steps, epochs, validation. Knows nothing of files, processes or screens.

Everything that a step depends on is the weights, the optimizer's state and the numbers (seed, epoch, step), so a run
can be resumed at any step.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from tuicnn.data import Batches, Views, fetches
from tuicnn.engine.evaluation import Evaluation
from tuicnn.engine.groups.forked import ForkedGroup
from tuicnn.engine.groups.group import MemberLostError, ProcessGroup
from tuicnn.engine.hooks import StepHook
from tuicnn.engine.network import Network
from tuicnn.sharding import INFERENCE_SHARD, shard_bounds, shard_size
from tuicnn.system.files import why
from tuicnn.training.averaging import Averaging
from tuicnn.training.diagnosis import diagnose, overflow
from tuicnn.training.divergence import DivergedError, Divergence
from tuicnn.training.measured_steps import MeasuredSteps
from tuicnn.training.predictions import Split
from tuicnn.training.update import Update
from tuicnn.training.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.engine.step import Fetch, StepResult
    from tuicnn.language import Plan

__all__ = ["STEP", "Trainer", "learning_rate"]

#: images that are evaluated between two calls of `on_progress`
CHUNK = 1024


#: what the processes of a group are told to do
STEP, _UPDATE, _EVALUATE = range(3)
_SPLITS: tuple[Split, ...] = get_args(Split)


def learning_rate(plan: Plan, step: int, steps_per_epoch: int) -> float:
    """The rate of the step after so many, as a plan has it."""
    return plan.optimizer.lr * plan.schedule.scale(step, steps_per_epoch, plan.train.epochs)


class Trainer:
    """A network, its data and its optimizer. `step` counts the steps done over the whole run.

    With `threads` above 1, as many processes train together (see `ForkedGroup`); then it must be closed in the end.
    """

    def __init__(
        self,
        plan: Plan,
        dataset: Dataset,
        *,
        threads: int = 1,
        group: ProcessGroup | None = None,
        choices: Mapping[str, int] | None = None,
    ) -> None:
        """`choices` are those of the network of a run that is to go on here; see `Network`.

        A `group` that has not started trains in the place of `threads` processes. In a member that starts it itself,
        this comes back when the leader has closed the group.
        """
        self.plan, self.dataset = plan, dataset
        shard = (choices or {}).get("shard") or shard_size(plan.macs, plan.train.batch)
        at_most = max(len(shard_bounds(plan.train.batch, shard)), CHUNK // INFERENCE_SHARD)  # can share some work
        self.group = group or ForkedGroup(min(threads, at_most))
        self.network = Network(plan, group=self.group, choices=choices)
        self.network.see_images(dataset)
        self.batches = Batches(
            dataset.train_images,
            dataset.train_labels,
            mean=dataset.mean,
            std=dataset.std,
            batch=plan.train.batch,
            seed=plan.train.seed,
            augment=plan.augment,
            of_images=plan.of_images,
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * plan.train.epochs
        self._workers = Workers(self._possible(len(self.batches.indices(0, 0))))
        self.step = 0
        self.rate_factor = 1.0  # what the scheduled learning rate is multiplied by since somebody changed it
        self.measured = MeasuredSteps()
        self._hook: StepHook | None = None
        self.updates = 0  # steps that the optimizer's state has seen: those done, unless it was set back
        self._weights = Update(self.network, self.group)
        self.state = self._weights.state
        #: what is evaluated in the place of the weights that are trained, where the plan says so
        self.averaging = Averaging(plan.train, self.network.store, self.steps) if plan.train.averages else None
        #: why training goes on without the group, and the traceback of a member that failed; "" where it does not
        self.trouble = self.traceback = ""
        try:
            self.group.start(self._work)
        except OSError as error:
            self._continue_alone(f"no further process could be started ({why(error)})")

    def begin_again(self) -> None:
        """Take first weights again, with nothing that the optimizer has kept."""
        fresh = Network(self.plan, seed=self.network.seed, dtype=self.network.dtype)
        fresh.see_images(self.dataset)
        np.copyto(self.network.store.flat, fresh.store.flat)
        np.copyto(self.network.store.flat_buffers, fresh.store.flat_buffers)
        for array in self.state.values():
            array.fill(0)
        self.updates = 0
        if self.averaging is not None:
            self.averaging.begin_again()
        self.forget()

    def close(self) -> None:
        """End the processes that train with this one."""
        self.group.close()

    def _continue_alone(self, reason: str) -> None:
        """Close the group; alone, this process computes the same numbers."""
        self.group.close()
        self.trouble = f"Training goes on in one process: {reason}."

    def _possible(self, count: int) -> int:
        """How many processes of the group could share a step over so many images."""
        return min(self.group.size, self.network.max_workers(count))

    def _dispatch(self, workers: int, *work: int) -> Any:
        """Do a piece of work with `workers` processes; alone where a member is lost."""
        try:
            self.group.dispatch(*work, workers=workers)
            return self._work(*work)
        except MemberLostError as error:
            self.traceback = error.traceback
            self._continue_alone(str(error))
            return self._work(*work)

    def _work(self, kind: int, first: int, second: int, third: int = 0) -> Any:
        """This process's part of a piece of work, which four numbers describe."""
        if kind == STEP:
            return self._forward_backward(first, watched=bool(second))
        if kind == _UPDATE:
            return self._weights.run(self.group, first)
        return self._evaluate(_SPLITS[first], second, third)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return learning_rate(self.plan, self.step, self.steps_per_epoch) * self.rate_factor

    def advance(self, hook: StepHook | None = None) -> tuple[float, float, int]:
        """Train one batch: its mean loss, its accuracy, and how many images it had. `hook` watches.

        Raises `DivergedError`, with the weights, the running statistics and the optimizer's state as they were, where
        the loss, the gradient or what would become of any of them is infinite or NaN.
        """
        with self._live():
            found = self._advance(hook)
        if self.averaging is not None and self.averaging.follow(self.step, self.updates):
            self.forget()
        return found

    def _live(self) -> AbstractContextManager[None]:
        """Inside the `with`, the network has the weights that are trained, where their average is evaluated."""
        return contextlib.nullcontext() if self.averaging is None else self.averaging.live()

    def _advance(self, hook: StepHook | None) -> tuple[float, float, int]:
        self._hook = hook
        try:
            count = self.batch(self.step)[0]
            possible, began = self._possible(count), perf_counter()
            result = self._dispatch(self._workers.chosen(possible), STEP, self.step, hook is not None)
        finally:
            self._hook = None
        if not math.isfinite(result.loss):
            raise DivergedError(self._diagnosis(None, result.loss))
        if hook is not None:
            hook.on_gradient(result.gradient)
        computed = perf_counter()
        self._update(result, watched=hook is not None)
        ended = perf_counter()
        if hook is not None:
            hook.on_update(self._weights.before, self.network.store.flat, ended - computed)
        else:
            self._workers.took(possible, count, ended - began)
        return result.loss, result.correct / count, count

    def rehearse(self, hook: StepHook) -> None:
        """Compute the step that comes next, for `hook`, and undo it.

        Up to its gradient only where no step comes next, or what the optimizer keeps is not known. Where it would
        diverge, `hook` has seen it up to there.
        """
        with self._live(), contextlib.suppress(DivergedError):
            if self.step >= self.steps or not self.state.keys() >= set(self.plan.optimizer.state_names):
                result = self.network.forward_backward(*self.batch(self.step), step=self.step, hook=hook)
                assert result is not None
                hook.on_gradient(result.gradient)
                return
            self._advance(hook)
            self._weights.undo()
            self.step -= 1
            self.updates -= 1

    def batch(self, step: int) -> tuple[int, Fetch]:
        """The images of a step's batch: how many there are, and what makes those of a shard."""
        place = divmod(step, self.steps_per_epoch)
        return len(self.batches.indices(*place)), lambda start, stop: self.batches.make(*place, start, stop)

    def _forward_backward(self, step: int, *, watched: bool) -> StepResult | None:
        hook = (self._hook or StepHook()) if watched else None
        return self.network.forward_backward(*self.batch(step), step=step, hook=hook)

    def _update(self, result: StepResult, *, watched: bool) -> None:
        """Move the weights along a step's gradient. Raises `DivergedError`, with all as it was, as in `advance`."""
        update, step = self._weights, self.updates + 1
        update.begin(result, self.learning_rate, step, keep=watched)
        try:
            if self.group.active > 1 and update.is_shared:
                self.group.dispatch(_UPDATE, step, workers=self.group.active)
                finite = update.run(self.group, step)
            else:
                finite = update.run(ProcessGroup(), step)
        except MemberLostError as error:
            self.traceback = error.traceback
            self._continue_alone(str(error))
            finite = update.finish(step)
        if finite:
            self.step += 1
            self.updates += 1
            return
        with np.errstate(all="ignore"):
            epoch = self.step // self.steps_per_epoch
            found = overflow(self.network, self.state, update.before, step=self.step, epoch=epoch)
        update.undo()
        raise DivergedError(self._diagnosis(found, result.loss))

    def forget(self) -> None:
        """To be called after the weights, or what the optimizer keeps of them, were set to other numbers."""
        self._weights.forget()

    def _diagnosis(self, found: Divergence | None, loss: float) -> Divergence:
        """Where the step that comes next goes wrong before the weights are moved; else what was found of these."""
        epoch = self.step // self.steps_per_epoch
        first = diagnose(self.network, *self.batch(self.step), step=self.step, epoch=epoch)
        value = "NaN" if math.isnan(loss) else "infinite"
        return first or found or Divergence(self.step + 1, epoch + 1, "the loss", value)

    def evaluate(self, split: Split, on_progress: Callable[[float], bool]) -> Evaluation | None:
        """What the network makes of a split's images, of which there may be none; those to train on as stored.

        `on_progress(share done)` is called every `CHUNK` images; where it returns False, the evaluation ends with None.
        """
        parts, count = [], len(self.images_of(split)[0])
        for first in range(0, count, CHUNK):
            if not on_progress(first / count):
                return None
            parts.append(self.evaluate_some(split, first, min(CHUNK, count - first)))
        return Evaluation.joined(parts)

    def evaluate_some(self, split: Split, first: int, count: int) -> Evaluation:
        """What the network makes of `count` images from the `first`."""
        workers = self._workers.chosen(-(-count // INFERENCE_SHARD))
        found: Evaluation = self._dispatch(workers, _EVALUATE, _SPLITS.index(split), first, count)
        return found

    def images_of(self, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The images of a split, (N, H, W, C), and their labels, (N,)."""
        data = self.dataset
        if split == "train":
            return data.train_images, data.train_labels
        return (data.val_images, data.val_labels) if split == "validation" else (data.test_images, data.test_labels)

    def views_of(self, split: Split) -> Views:
        """What is looked at of each image of a split: of test images what the net's `test:` says, of others the image
        alone."""
        return self.plan.test if split == "test" else Views()

    def _evaluate(self, split: Split, first: int, count: int) -> Evaluation | None:
        images, labels = self.images_of(split)
        images, labels = images[first : first + count], labels[first : first + count]
        data, dtype = self.dataset, self.network.dtype
        made = fetches(self.views_of(split), images, labels, data.mean, data.std, dtype, of_images=self.plan.of_images)
        return self.network.evaluate_shards(count, made)
