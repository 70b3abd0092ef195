"""Steps that are measured layer by layer, where somebody asked for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tuicnn.engine.hooks import StepProfile
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.training.trainer import Trainer

__all__ = ["Course", "MeasuredSteps"]

T = TypeVar("T")

#: measured steps whose times are kept
MEASURED = 15
#: rehearsals of a step, and the seconds after which there are no more of them
REHEARSALS, REHEARSAL_SECONDS = 5, 0.5
#: points of a course
POINTS = 32


class Course:
    """Rows of numbers over time, in memory that stays: where there are `POINTS`, neighbours become their mean."""

    def __init__(self) -> None:
        self._points: list[NDArray[np.float64]] = []
        self._sum: NDArray[np.float64] | None = None  # of the rows that do not make a point yet
        self._summed, self._stride = 0, 1

    def add(self, row: NDArray[np.float64]) -> None:
        """Take the next row, shape (n,)."""
        self._sum = row.copy() if self._sum is None else self._sum + row
        self._summed += 1
        if self._summed < self._stride:
            return
        if len(self._points) == POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [(one + other) / 2 for one, other in pairs]
            self._stride *= 2
            return
        self._points.append(self._sum / self._summed)
        self._sum, self._summed = None, 0

    @property
    def points(self) -> NDArray[np.float32]:
        """The oldest first, shape (points, n); the last one may be of fewer rows."""
        last = [] if self._sum is None else [self._sum / self._summed]
        return np.array([*self._points, *last], np.float32)


class MeasuredSteps:
    """The newest measured step, and the times of the last ones. A step is measured only where it is `wanted`."""

    def __init__(self) -> None:
        self.wanted = False  # the next step is to be measured
        self.gradient_of = -1  # the node the gradient by whose weights is to be kept
        self.newest: StepProfile | None = None
        self.gradient: StepProfile | None = None  # the newest that has the gradient by some node's weights
        #: of each of the last measured steps: each layer, the optimizer, the waits for others, the whole step
        self.seconds: deque[NDArray[np.float64]] = deque(maxlen=MEASURED)
        self.gradients = Course()  # of each layer, as `StepProfile.gradient`

    def advance(self, trainer: Trainer) -> tuple[float, float, int]:
        """One step, as `Trainer.advance`."""
        if not self.wanted:
            return trainer.advance()
        result = self._measure(trainer, trainer.advance)
        if self.newest is not None:
            self.gradients.add(self.newest.gradient)
        return result

    @property
    def satisfied(self) -> bool:
        """Whether the measured steps have what is `wanted`."""
        if self.gradient_of == -1:
            return self.newest is not None
        return self.gradient is not None and self.gradient.gradient_of == self.gradient_of

    def rehearse(self, trainer: Trainer) -> None:
        """Measure the step that comes next, and undo it; some times, since the first time is not a usual one."""
        began, gradient_of = perf_counter(), self.gradient_of
        for _ in range(REHEARSALS):
            self.gradient_of = gradient_of
            self._measure(trainer, trainer.rehearse)
            if perf_counter() - began > REHEARSAL_SECONDS:
                break
        assert self.newest is not None
        if not len(self.gradients.points):
            self.gradients.add(self.newest.gradient)

    def at_rest(self, trainer: Trainer, question: Callable[[Trainer], T]) -> T:
        """The answer to a question where no step follows: a step that it wants measured is rehearsed.

        Raises what the question raises.
        """
        self.wanted, self.gradient_of = False, -1
        try:
            answer = question(trainer)
            if not self.wanted or self.satisfied:
                return answer
        except UserError:
            if not self.wanted:
                raise
        self.rehearse(trainer)
        return question(trainer)

    def _measure(self, trainer: Trainer, step: Callable[[StepProfile], T]) -> T:
        self.wanted = False
        profile = StepProfile(len(trainer.plan.nodes), trainer.network.store.entries, self.gradient_of)
        self.gradient_of = -1
        waited, began = trainer.group.waited, perf_counter()
        result = step(profile)
        whole, waited = perf_counter() - began, trainer.group.waited - waited
        self.seconds.append(np.array([*profile.seconds, profile.optimizer_seconds, waited, whole]))
        self.newest = profile
        if profile.weight_gradient is not None:
            self.gradient = profile
        return result

    def forget(self) -> None:
        """The weights are other ones now: what went through the layers says nothing of them."""
        self.newest = self.gradient = None
