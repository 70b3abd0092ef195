"""Optimizers, with PyTorch's formulas and defaults.

All parameters of a network are in one flat array, so that a step is a few passes over memory, whatever the number of
layers. Every step works in place, in blocks that stay in the cache from one pass to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Boolean, Number, option, word

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSProp"]

#: weights that are updated at once: the up to five arrays of a step take about 1 MB
BLOCK = 2**16

_LEARNING_RATE = Number(above=0, at_most=1e6)
_SHARE = Number(at_least=0, below=1)
_DECAY = Number(at_least=0, at_most=1e6)
_TINY = Number(above=0, at_most=1)


optimizer = partial(word, "optim")


class Optimizer:
    """The base of all optimizers. Subclasses are frozen dataclasses registered with `optimizer(…)`."""

    lr: float
    #: the arrays that it keeps from step to step, each of the weights' size and starting at 0; PyTorch's names
    state_names: ClassVar[tuple[str, ...]] = ()

    def state(self, weights: Array) -> dict[str, Array]:
        """Fresh state for a flat array of weights."""
        return {name: np.zeros_like(weights) for name in self.state_names}

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        """Move `weights` in place; `gradient` is used up. `step` counts from 1; `lr` is the scheduled rate.

        Every weight moves by itself, so parts of the arrays may be given, each with the same part of the state.
        """
        scratch = empty((min(BLOCK, weights.size),), weights.dtype)
        for first in range(0, weights.size, BLOCK):
            part = slice(first, first + BLOCK)
            w = weights[part]
            kept = {name: state[name][part] for name in self.state_names}
            self._step(w, gradient[part], kept, scratch[: w.size], lr, step)

    def update_parts(
        self,
        parts: Iterable[tuple[slice, float]],
        weights: Array,
        gradient: Array,
        state: Mapping[str, Array],
        lr: float,
        step: int,
    ) -> None:
        """`update` of some parts of the arrays, each with what `lr` is multiplied by for it; where that is 0, none."""
        for part, factor in parts:
            if factor:
                own = {name: array[part] for name, array in state.items()}
                self.update(weights[part], gradient[part], own, lr * factor, step)

    def torch(self) -> str:
        """The same in PyTorch, of `torch.optim`, as it is written; `parameters` are the weights."""
        raise NotImplementedError

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        """`update` for one block; `scratch` is a block of memory to work in."""
        raise NotImplementedError


def _add_decay(decay: float, w: Array, g: Array, scratch: Array) -> None:
    """Add the gradient of `decay / 2 * |w|^2`."""
    if decay:
        np.multiply(w, decay, out=scratch)
        g += scratch


@optimizer(
    "sgd",
    help="stochastic gradient descent, with momentum where asked for",
    aliases=("momentum", "gd"),
    example="sgd lr=0.1 momentum=0.9",
    formula=(
        "g = g + decay*w\n"
        "v = momentum*v + g\n"
        "w = w - lr*(g + momentum*v if nesterov else v)\n"
        "g: the gradient; v: starts at 0"
    ),
    source=(
        "Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in "
        "deep learning (2013), in PyTorch's form"
    ),
)
@dataclass(frozen=True)
class SGD(Optimizer):
    """v = momentum v + g; w -= lr v, or with Nesterov's step w -= lr (g + momentum v) (Sutskever et al. 2013)."""

    lr: float = option(_LEARNING_RATE, default=0.01, help="learning rate")
    momentum: float = option(_SHARE, default=0.0, help="share of the last step that goes on")
    nesterov: bool = option(Boolean(), default=False, help="look ahead by Nesterov's step")
    decay: float = option(_DECAY, default=0.0, help="weight decay: decay * w is added to the gradient")
    state_names = ("momentum",)

    def torch(self) -> str:
        """PyTorch takes Nesterov's step only with momentum."""
        nesterov, decay = self.nesterov and self.momentum > 0, self.decay
        return f"SGD(parameters, {self.lr}, {self.momentum}, nesterov={nesterov}, weight_decay={decay}, fused=True)"

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        v = state["momentum"]
        _add_decay(self.decay, w, g, scratch)
        if self.momentum:
            v *= self.momentum
            v += g
            if self.nesterov:
                np.multiply(v, self.momentum, out=scratch)
                g += scratch
            else:
                g = v
        np.multiply(g, lr, out=scratch)
        w -= scratch


@dataclass(frozen=True)
class _Moments(Optimizer):
    """What Adam and AdamW share: steps of lr * m / (sqrt(v) + eps), with both moments freed of their start at 0."""

    lr: float = option(_LEARNING_RATE, default=1e-3, help="learning rate")
    beta1: float = option(_SHARE, default=0.9, help="how slowly the mean of the gradients moves")
    beta2: float = option(_SHARE, default=0.999, help="how slowly the mean of their squares moves")
    eps: float = option(_TINY, default=1e-8, help="keeps the division from 0")
    decay: float = option(_DECAY, default=0.0, help="weight decay: decay * w is added to the gradient")
    state_names = ("exp_avg", "exp_avg_sq")

    def torch(self) -> str:
        """By the class's own name."""
        options = f"betas=({self.beta1}, {self.beta2}), eps={self.eps}, weight_decay={self.decay}, fused=True"
        return f"{type(self).__name__}(parameters, {self.lr}, {options})"

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        """Kingma and Ba 2015, algorithm 1, in the form at the end of its section 2.

        With c = √(1 - beta2^t): (m/(1 - beta1^t)) / (√v/c + eps) = m·c/(1 - beta1^t) / (√v + eps·c), a pass less.
        """
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m *= self.beta1
        np.multiply(g, 1 - self.beta1, out=scratch)
        m += scratch
        v *= self.beta2
        np.multiply(g, g, out=scratch)
        scratch *= 1 - self.beta2
        v += scratch
        correction = math.sqrt(1 - self.beta2**step)
        np.sqrt(v, out=scratch)
        scratch += self.eps * correction
        np.divide(m, scratch, out=scratch)
        scratch *= lr * correction / (1 - self.beta1**step)
        w -= scratch


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
class Adam(_Moments):
    """Adam; `decay` is added to the gradient, as PyTorch's Adam does."""

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        _add_decay(self.decay, w, g, scratch)
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
class AdamW(_Moments):
    """AdamW; the weights shrink by lr * decay at each step, apart from the gradient."""

    decay: float = option(_DECAY, default=0.01, help="weight decay: w shrinks by lr * decay at each step")

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        w *= 1 - lr * self.decay
        super()._step(w, g, state, scratch, lr, step)


@optimizer(
    "rmsprop",
    help="steps divided by the gradient's recent size (Tieleman and Hinton 2012)",
    example="rmsprop lr=1e-3",
    formula=(
        "g = g + decay*w\n"
        "v = alpha*v + (1 - alpha)*g**2\n"
        "s = momentum*s + g/(sqrt(v) + eps)\n"
        "w = w - lr*s\n"
        "g: the gradient; v, s: start at 0"
    ),
    source="Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012), in PyTorch's form",
)
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """v = alpha v + (1 - alpha) g^2; w -= lr g / (sqrt(v) + eps), by way of a momentum buffer where asked for."""

    lr: float = option(_LEARNING_RATE, default=1e-3, help="learning rate")
    alpha: float = option(_SHARE, default=0.99, help="how slowly the mean of the squares moves")
    momentum: float = option(_SHARE, default=0.0, help="share of the last step that goes on")
    eps: float = option(_TINY, default=1e-8, help="keeps the division from 0")
    decay: float = option(_DECAY, default=0.0, help="weight decay: decay * w is added to the gradient")
    state_names = ("square_avg", "momentum")

    def torch(self) -> str:
        """It has no fused step in PyTorch."""
        options = f"{self.alpha}, {self.eps}, {self.decay}, {self.momentum}"
        return f"RMSprop(parameters, {self.lr}, {options})"

    def _step(self, w: Array, g: Array, state: dict[str, Array], scratch: Array, lr: float, step: int) -> None:
        v, velocity = state["square_avg"], state["momentum"]
        _add_decay(self.decay, w, g, scratch)
        v *= self.alpha
        np.multiply(g, g, out=scratch)
        scratch *= 1 - self.alpha
        v += scratch
        np.sqrt(v, out=scratch)
        scratch += self.eps
        np.divide(g, scratch, out=scratch)
        if self.momentum:
            velocity *= self.momentum
            velocity += scratch
            np.multiply(velocity, lr, out=scratch)
        else:
            scratch *= lr
        w -= scratch
