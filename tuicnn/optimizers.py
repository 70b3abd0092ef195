"""Optimizers: how the weights move against their gradient. Formulas and defaults are PyTorch's.

All parameters of a network lie in one flat array, so that a step is a few passes over memory, whatever the number of
layers. Every step works in place, with one array of scratch space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tuicnn.kinds import Flag, Number
from tuicnn.later import np
from tuicnn.words import option, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSProp"]

_LEARNING_RATE = Number(above=0, at_most=1e6)
_SHARE = Number(at_least=0, below=1)
_DECAY = Number(at_least=0, at_most=1e6)
_TINY = Number(above=0, at_most=1)


class Optimizer:
    """The base of all optimizers. Subclasses are frozen dataclasses registered with `words.word("optim", …)`."""

    lr: float
    #: the arrays that it keeps from step to step, each of the weights' size and starting at 0
    keeps: ClassVar[tuple[str, ...]] = ()

    def state(self, weights: Array) -> dict[str, Array]:
        """Fresh state for a flat array of weights."""
        return {name: np.zeros_like(weights) for name in (*self.keeps, "scratch")}

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        """Move `weights` in place; `gradient` is used up. `step` counts from 1; `lr` is the scheduled rate."""
        raise NotImplementedError


def _add_decay(decay: float, weights: Array, gradient: Array, scratch: Array) -> None:
    """Add the gradient of `decay / 2 * |w|^2`."""
    if decay:
        np.multiply(weights, decay, out=scratch)
        gradient += scratch


@word(
    "optim",
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
    nesterov: bool = option(Flag(), default=False, help="look ahead by Nesterov's step")
    decay: float = option(_DECAY, default=0.0, help="weight decay: decay * w is added to the gradient")
    keeps = ("velocity",)

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        scratch, v = state["scratch"], state["velocity"]
        _add_decay(self.decay, weights, gradient, scratch)
        if self.momentum:
            v *= self.momentum
            v += gradient
            if self.nesterov:
                np.multiply(v, self.momentum, out=scratch)
                gradient += scratch
            else:
                gradient = v
        np.multiply(gradient, lr, out=scratch)
        weights -= scratch


@dataclass(frozen=True)
class _Moments(Optimizer):
    """What Adam and AdamW share: steps of lr * m / (sqrt(v) + eps), with both moments freed of their start at 0."""

    lr: float = option(_LEARNING_RATE, default=1e-3, help="learning rate")
    beta1: float = option(_SHARE, default=0.9, help="how slowly the mean of the gradients moves")
    beta2: float = option(_SHARE, default=0.999, help="how slowly the mean of their squares moves")
    eps: float = option(_TINY, default=1e-8, help="keeps the division from 0")
    keeps = ("mean", "square")

    def _move(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        """Kingma and Ba 2015, algorithm 1, with the bias corrections taken into two factors."""
        scratch, m, v = state["scratch"], state["mean"], state["square"]
        m *= self.beta1
        np.multiply(gradient, 1 - self.beta1, out=scratch)
        m += scratch
        v *= self.beta2
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - self.beta2
        v += scratch
        np.sqrt(v, out=scratch)
        scratch *= (1 - self.beta2**step) ** -0.5
        scratch += self.eps
        np.divide(m, scratch, out=scratch)
        scratch *= lr / (1 - self.beta1**step)
        weights -= scratch


@word(
    "optim",
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

    decay: float = option(_DECAY, default=0.0, help="weight decay: decay * w is added to the gradient")

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        _add_decay(self.decay, weights, gradient, state["scratch"])
        self._move(weights, gradient, state, lr, step)


@word(
    "optim",
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

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        weights *= 1 - lr * self.decay
        self._move(weights, gradient, state, lr, step)


@word(
    "optim",
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
    keeps = ("square", "velocity")

    def update(self, weights: Array, gradient: Array, state: dict[str, Array], lr: float, step: int) -> None:
        scratch, v, velocity = state["scratch"], state["square"], state["velocity"]
        _add_decay(self.decay, weights, gradient, scratch)
        v *= self.alpha
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - self.alpha
        v += scratch
        np.sqrt(v, out=scratch)
        scratch += self.eps
        np.divide(gradient, scratch, out=scratch)
        if self.momentum:
            velocity *= self.momentum
            velocity += scratch
            np.multiply(velocity, lr, out=scratch)
        else:
            scratch *= lr
        weights -= scratch
