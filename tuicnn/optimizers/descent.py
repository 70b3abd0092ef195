"""Gradient descent, and with steps divided by the gradient's recent size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuicnn.kernels.arrays import Array
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Boolean, option

from .base import (
    ADDED_DECAY,
    DECAY,
    LEARNING_RATE,
    SHARE,
    TINY,
    Optimizer,
    add_decay,
    optimizer,
    quotient,
)

__all__ = ["SGD", "RMSProp"]


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

    lr: float = option(LEARNING_RATE, default=0.01, help="learning rate")
    momentum: float = option(SHARE, default=0.0, help="share of the last step that goes on")
    nesterov: bool = option(Boolean(), default=False, help="look ahead by Nesterov's step")
    decay: float = option(DECAY, default=0.0, help=ADDED_DECAY)
    state_names = ("momentum",)

    def torch(self) -> str:
        """PyTorch takes Nesterov's step only with momentum."""
        nesterov, decay = self.nesterov and self.momentum > 0, self.decay
        return f"SGD(parameters, {self.lr}, {self.momentum}, nesterov={nesterov}, weight_decay={decay}, fused=True)"

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """As in `Optimizer`."""
        v = state["momentum"] + g + self.decay * w
        return w + (1 + lr) * 2 * v, v

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        v = state["momentum"]
        add_decay(self.decay, w, g, scratch)
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

    lr: float = option(LEARNING_RATE, default=1e-3, help="learning rate")
    alpha: float = option(SHARE, default=0.99, help="how slowly the mean of the squares moves")
    momentum: float = option(SHARE, default=0.0, help="share of the last step that goes on")
    eps: float = option(TINY, default=1e-8, help="keeps the division from 0")
    decay: float = option(DECAY, default=0.0, help=ADDED_DECAY)
    state_names = ("square_avg", "momentum")

    def torch(self) -> str:
        """It has no fused step in PyTorch."""
        options = f"{self.alpha}, {self.eps}, {self.decay}, {self.momentum}"
        return f"RMSprop(parameters, {self.lr}, {options})"

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """As in `Optimizer`."""
        g += self.decay * w
        velocity = state["momentum"] + quotient(g, self.eps)
        return w + (1 + lr) * velocity, state["square_avg"] + g * g, velocity

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        v, velocity = state["square_avg"], state["momentum"]
        add_decay(self.decay, w, g, scratch)
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
