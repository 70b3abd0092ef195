"""Steps that are measured layer by layer, where somebody asked for it."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from tuicnn.engine.hooks import StepProfile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.training.trainer import Trainer

__all__ = ["MeasuredSteps"]

#: measured steps whose times are kept
MEASURED = 15


class MeasuredSteps:
    """The newest measured step, and the times of the last ones. A step is measured only where it is `wanted`."""

    def __init__(self) -> None:
        self.wanted = False  # the next step is to be measured
        self.newest: StepProfile | None = None
        #: of each of the last measured steps: each layer, the optimizer, the waits for others, the whole step
        self.seconds: deque[NDArray[np.float64]] = deque(maxlen=MEASURED)

    def advance(self, trainer: Trainer) -> tuple[float, float, int]:
        """One step, as `Trainer.advance`."""
        if not self.wanted:
            return trainer.advance()
        self.wanted = False
        profile = StepProfile(len(trainer.plan.nodes))
        waited, began = trainer.group.waited, perf_counter()
        result = trainer.advance(profile)
        whole, waited = perf_counter() - began, trainer.group.waited - waited
        self.seconds.append(np.array([*profile.seconds, profile.optimizer_seconds, waited, whole]))
        self.newest = profile
        return result

    def forget(self) -> None:
        """The weights are other ones now: what went through the layers says nothing of them."""
        self.newest = None
