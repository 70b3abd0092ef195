"""Lion: the sign of a moving mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import option

from .base import (
    DECAY,
    LEARNING_RATE,
    SHARE,
    SHRINKING_DECAY,
    Optimizer,
    optimizer,
)

__all__ = ["Lion"]


@optimizer(
    "lion",
    help="each weight moves by the rate itself, up or down (Chen and others 2023)",
    example="lion lr=3e-4 decay=0.1",
    formula=(
        "w = w - lr*decay*w\n"
        "w = w - lr*sign(beta1*m + (1 - beta1)*g)\n"
        "m = beta2*m + (1 - beta2)*g\n"
        "g: the gradient; m: starts at 0"
    ),
    source="Chen and others, Symbolic Discovery of Optimization Algorithms (2023), algorithm 2",
)
@dataclass(frozen=True)
class Lion(Optimizer):
    """w -= lr * sign(beta1 m + (1 - beta1) g), of a moving mean m of the gradients (Chen et al. 2023).

    Its authors advise a rate 3 to 10 times smaller than AdamW's, and a decay as many times larger.
    """

    lr: float = option(LEARNING_RATE, default=1e-4, help="learning rate; a tenth of adamw's to begin with")
    beta1: float = option(SHARE, default=0.9, help="share of the mean of the gradients in a step")
    beta2: float = option(SHARE, default=0.99, help="how slowly the mean of the gradients moves")
    decay: float = option(DECAY, default=0.0, help=SHRINKING_DECAY)
    state_names = ("exp_avg",)

    def torch(self) -> str:
        return f"Lion(parameters, {self.lr}, ({self.beta1}, {self.beta2}), {self.decay})"

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """As in `Optimizer`."""
        return w * (1 + lr * self.decay) + lr, 2 * (state["exp_avg"] + g)

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        m = state["exp_avg"]
        if self.decay:
            w *= 1 - lr * self.decay
        np.subtract(m, g, out=scratch)  # beta * (m - g) + g = beta * m + (1 - beta) * g
        scratch *= self.beta1
        scratch += g
        m -= g
        m *= self.beta2
        m += g
        np.sign(scratch, out=scratch)
        scratch *= lr
        w -= scratch
