"""How the weights of a layer, and the gradients by them, are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuicnn.errors import UserError
from tuicnn.observing.question import Question

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["BINS", "AskHistograms", "Histograms", "spread"]

BINS = 64
#: numbers of a layer that are looked at, evenly spaced where it has more
MOST = 1 << 16
#: the share of the numbers that the bins reach to; what lies beyond is counted in the bins at the ends
REACH = 0.999


@dataclass(frozen=True)
class Histograms:
    """Of a layer's weights, and of the whole batch's gradient by them in the last measured step.

    Counts are shares of all, in `BINS` bins from -`reach` to +`reach`; empty where nothing is known.
    """

    layer: int
    weights: NDArray[np.float32]  # (BINS,)
    weight_reach: float
    gradients: NDArray[np.float32]  # (BINS,), or (0,) before a step was measured
    gradient_reach: float
    step: int  # steps completed when it was made


@dataclass(frozen=True)
class AskHistograms(Question[Histograms]):
    """`layer` is an index into the plan's layers. The step after the question is measured too."""

    period: ClassVar[float] = 1.0

    layer: int

    def answer(self, trainer: Trainer) -> Histograms:
        """Raises `UserError` for a layer that there is not, or that has no weights."""
        if not 0 <= self.layer < len(trainer.plan.nodes):
            raise UserError(f"There is no layer {self.layer}: the layers are 0 to {len(trainer.plan.nodes) - 1}.")
        store, measured = trainer.network.store, trainer.measured
        weights = [entry.of(store.flat) for entry in store.entries if entry.node == self.layer]
        if not weights:
            raise UserError(f"{trainer.plan.nodes[self.layer].name} has no weights.")
        measured.wanted, measured.gradient_of = True, self.layer
        counts, reach = spread(np.concatenate(weights))
        known = measured.gradient
        gradients = known.weight_gradient if known is not None and known.gradient_of == self.layer else None
        sizes, far = spread(gradients) if gradients is not None else (np.empty(0, np.float32), np.nan)
        return Histograms(self.layer, counts, reach, sizes, far, trainer.step)


def spread(values: NDArray[np.floating]) -> tuple[NDArray[np.float32], float]:
    """The share of some values (n,) in each of `BINS` bins around zero, and how far the bins reach.

    What is not finite is left out; of no values the shares are 0.
    """
    some = values[:: -(-len(values) // MOST) or 1]
    some = some[np.isfinite(some)].astype(np.float64)
    if not len(some):
        return np.zeros(BINS, np.float32), np.nan
    sizes = np.abs(some)
    place = min(len(some) - 1, int(REACH * len(some)))
    reach = float(np.partition(sizes, place)[place]) or 1.0
    scaled = np.clip((some / reach + 1) * (BINS / 2), 0, BINS - 1)
    counts = np.bincount(scaled.astype(np.int64), minlength=BINS)
    return (counts / len(some)).astype(np.float32), reach
