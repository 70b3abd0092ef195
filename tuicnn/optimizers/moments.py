"""Adam and what is made of it: steps by the mean of the gradients over the root of the mean of their squares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import option

from .base import (
    ADDED_DECAY,
    DECAY,
    LEARNING_RATE,
    SHARE,
    SHRINKING_DECAY,
    TINY,
    Optimizer,
    add_decay,
    optimizer,
    quotient,
)

__all__ = ["Adam", "AdamW", "Moments"]


@dataclass(frozen=True)
class Moments(Optimizer):
    """What Adam, AdamW and LAMB share: lr * m / (sqrt(v) + eps), with both moments freed of their start at 0."""

    lr: float = option(LEARNING_RATE, default=1e-3, help="learning rate")
    beta1: float = option(SHARE, default=0.9, help="how slowly the mean of the gradients moves")
    beta2: float = option(SHARE, default=0.999, help="how slowly the mean of their squares moves")
    eps: float = option(TINY, default=1e-8, help="keeps the division from 0")
    decay: float = option(DECAY, default=0.0, help=ADDED_DECAY)
    state_names = ("exp_avg", "exp_avg_sq")

    def torch(self) -> str:
        """By the class's own name."""
        options = f"betas=({self.beta1}, {self.beta2}), eps={self.eps}, weight_decay={self.decay}, fused=True"
        return f"{type(self).__name__}(parameters, {self.lr}, {options})"

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """As in `Optimizer`, whether `decay` is added to the gradient or shrinks the weights."""
        g += self.decay * w
        m, v = state["exp_avg"] + g, state["exp_avg_sq"] + g * g
        moved = quotient(m, self.eps * math.sqrt(1 - self.beta2**step)) / (1 - self.beta1**step)
        return w * (1 + lr * self.decay) + (1 + lr) * moved, m, v

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        self._direction(g, state, scratch, lr, step)
        w -= scratch

    def _direction(self, g: Array, state: Mapping[str, Array], out: Array, rate: float, step: int) -> None:
        """Move the means, and set `out` to `rate` times Adam's move.

        Kingma and Ba 2015, algorithm 1, in the form at the end of its section 2. With c = √(1 - beta2^t):
        (m/(1 - beta1^t)) / (√v/c + eps) = m·c/(1 - beta1^t) / (√v + eps·c), a pass less.
        """
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m *= self.beta1
        np.multiply(g, 1 - self.beta1, out=out)
        m += out
        v *= self.beta2
        np.multiply(g, g, out=out)
        out *= 1 - self.beta2
        v += out
        correction = math.sqrt(1 - self.beta2**step)
        np.sqrt(v, out=out)
        out += self.eps * correction
        np.divide(m, out, out=out)
        out *= rate * correction / (1 - self.beta1**step)


@optimizer(
    "adam",
    help="steps of even size, whatever the gradient's (Kingma and Ba 2015)",
    example="adam lr=1e-3",
    formula=(
        "g = g + decay*w\n"
        "m = beta1*m + (1 - beta1)*g\n"
        "v = beta2*v + (1 - beta2)*g**2\n"
        "w = w - lr*m/(1 - beta1**t) / (sqrt(v/(1 - beta2**t)) + eps)\n"
        "g: the gradient; m, v: start at 0; t: the step, from 1"
    ),
    source="Kingma and Ba, Adam (2015), algorithm 1",
)
@dataclass(frozen=True)
class Adam(Moments):
    """Adam; `decay` is added to the gradient, as PyTorch's Adam does."""

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        add_decay(self.decay, w, g, scratch)
        super()._step(w, g, state, scratch, lr, step)


@optimizer(
    "adamw",
    help="adam with weight decay of its own (Loshchilov and Hutter 2019)",
    example="adamw decay=0.01",
    formula=(
        "w = w - lr*decay*w\n"
        "m = beta1*m + (1 - beta1)*g\n"
        "v = beta2*v + (1 - beta2)*g**2\n"
        "w = w - lr*m/(1 - beta1**t) / (sqrt(v/(1 - beta2**t)) + eps)\n"
        "g: the gradient; m, v: start at 0; t: the step, from 1"
    ),
    source="Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2, in PyTorch's form",
)
@dataclass(frozen=True)
class AdamW(Moments):
    """AdamW; the weights shrink by lr * decay at each step, apart from the gradient."""

    decay: float = option(DECAY, default=0.01, help=SHRINKING_DECAY)

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        w *= 1 - lr * self.decay
        super()._step(w, g, state, scratch, lr, step)
