"""Training itself: steps, epochs, validation. Knows nothing of files, processes or screens.

Everything that a step depends on is the weights, the optimizer's state and the numbers (seed, epoch, step), so a run
can be taken up again at any step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.data import Batches, normalise
from tuicnn.execution import Observed
from tuicnn.network import Network, StepResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.data import Dataset
    from tuicnn.language import Plan

__all__ = ["Score", "Trainer"]

#: images of an evaluation between two looks at whether somebody waits
CHUNK = 512

Score = tuple[float, float]


class Trainer:
    """A network, its data and its optimizer. `step` counts the steps done over the whole run."""

    def __init__(self, plan: Plan, dataset: Dataset, *, threads: int) -> None:
        self.plan, self.dataset = plan, dataset
        self.network = Network(plan, threads=threads)
        self.batches = Batches(
            dataset.train_images,
            dataset.train_labels,
            mean=dataset.mean,
            std=dataset.std,
            batch=plan.train.batch,
            seed=plan.train.seed,
            augment=plan.augment,
        )
        self.steps_per_epoch = self.batches.steps_per_epoch
        self.steps = self.steps_per_epoch * plan.train.epochs
        self.step = 0
        self.state = plan.optimizer.state(self.network.store.flat)
        self._weights_before = np.empty_like(self.network.store.flat)
        self._kept_before = np.empty_like(self.network.store.flat_kept)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return self.plan.optimizer.lr * self.plan.schedule.scale(
            self.step, self.steps_per_epoch, self.plan.train.epochs
        )

    def advance(self, observed: Observed | None = None) -> tuple[float, float, int]:
        """Train one batch: its mean loss, its accuracy, and how many images it had.

        What is not finite is not taken: where the loss, the gradient or what would become of the weights is infinite
        or NaN, the weights stay as they were and the loss is given as NaN or infinite.
        """
        epoch, within = divmod(self.step, self.steps_per_epoch)
        count = len(self.batches.indices(epoch, within))
        result = self.network.step(
            count,
            lambda start, stop: self.batches.make(epoch, within, start, stop),
            step=self.step,
            observed=observed,
        )
        loss = result.loss
        if np.isfinite(loss) and not self._take(result):
            loss = float("inf")
        return loss, result.correct / count, count

    def _take(self, result: StepResult) -> bool:
        """Move the weights along a step's gradient; where they would not stay finite, leave them and say False."""
        store = self.network.store
        np.copyto(self._weights_before, store.flat)
        np.copyto(self._kept_before, store.flat_kept)
        with np.errstate(all="ignore"):
            self.network.keep(result.combined)
            self.plan.optimizer.update(store.flat, result.gradient, self.state, self.learning_rate, self.step + 1)
            # a sum of squares is finite only where every number is, and is one pass without an array of its own
            good = bool(np.isfinite(np.dot(store.flat, store.flat) + np.dot(store.flat_kept, store.flat_kept)))
        if good:
            self.step += 1
        else:
            np.copyto(store.flat, self._weights_before)
            np.copyto(store.flat_kept, self._kept_before)
        return good

    def evaluate(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], between: Callable[[float], bool]
    ) -> Score | None:
        """Mean loss and accuracy over images; NaN where there are none.

        `between(part done)` is called now and then, and ends the evaluation early (None) by returning False.
        """
        total, right, count = 0.0, 0, len(images)
        for first in range(0, count, CHUNK):
            if not between(first / count):
                return None

            def fetch(start: int, stop: int, first: int = first) -> tuple[Any, Any]:
                a, b = first + start, first + stop
                return normalise(images[a:b], self.dataset.mean, self.dataset.std, self.network.dtype), labels[a:b]

            loss, correct = self.network.evaluate(min(CHUNK, count - first), fetch)
            total += loss
            right += correct
        return (total / count, right / count) if count else (float("nan"), float("nan"))
