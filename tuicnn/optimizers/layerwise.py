"""Optimizers for large batches: each layer's array moves by a share of its own norm.

Each array of weights has a ratio of its own. Those of `exclude` move without it, and without decay, as their papers'
results were reached: for a bias or a scale a norm says little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Boolean, option

from .base import (
    ADDED_DECAY,
    BLOCK,
    DECAY,
    EXCLUDE,
    LEARNING_RATE,
    SHARE,
    TINY,
    Optimizer,
    add_decay,
    blocks,
    norm,
    optimizer,
)
from .descent import SGD
from .moments import AdamW, Moments

__all__ = ["LAMB", "LARS", "Layerwise"]

_EXCLUDE_HELP = "weights that move without ratio and decay: biases; what normalisations and other layers scale by"
_EXCLUDED = ("bias", "norm")


class Layerwise(Optimizer):
    """What LARS and LAMB share."""

    layerwise = True

    def ratio(self, weights: Array, gradient: Array, state: Mapping[str, Array], step: int) -> float:
        """What the move of one array of weights is multiplied by in a step; nothing is changed."""
        raise NotImplementedError


@optimizer(
    "lars",
    help="sgd for large batches: each layer moves by a share of its own size (You and others 2017)",
    example="lars lr=1 decay=1e-4",
    formula=(
        "ratio = trust*norm(w)/(norm(g) + decay*norm(w)) if norm(w)*norm(g) > 0 else 1\n"
        "v = momentum*v + ratio*(g + decay*w)\n"
        "w = w - lr*(ratio*(g + decay*w) + momentum*v if nesterov else v)\n"
        "g: the gradient; v: starts at 0; norm: of one layer's array; of `exclude`, ratio is 1 and decay 0"
    ),
    source="You, Gitman and Ginsburg, Large Batch Training of Convolutional Networks (2017), with PyTorch's momentum",
)
@dataclass(frozen=True)
class LARS(Layerwise):
    """Momentum of gradients that are scaled to `trust` times the norm of the weights they move (You et al. 2017)."""

    lr: float = option(LEARNING_RATE, default=1.0, help="learning rate")
    momentum: float = option(SHARE, default=0.9, help="share of the last step that goes on")
    nesterov: bool = option(Boolean(), default=False, help="look ahead by Nesterov's step")
    trust: float = option(TINY, default=1e-3, help="what a layer moves by, as a share of its weights' norm")
    decay: float = option(DECAY, default=0.0, help=ADDED_DECAY)
    exclude: tuple[str, ...] = option(EXCLUDE, default=_EXCLUDED, help=_EXCLUDE_HELP, last=True)
    state_names = ("momentum",)

    def ratio(self, weights: Array, gradient: Array, state: Mapping[str, Array], step: int) -> float:
        w, g = norm(weights), norm(gradient)
        return self.trust * w / (g + self.decay * w) if w * g > 0 else 1.0

    def update(self, weights: Array, gradient: Array, state: Mapping[str, Array], lr: float, step: int) -> None:
        """See `Optimizer.update`."""
        ratio = self.ratio(weights, gradient, state, step)
        scratch = empty((min(BLOCK, weights.size),), weights.dtype)
        for part in blocks(weights.size):
            g = gradient[part]
            add_decay(self.decay, weights[part], g, scratch[: g.size])
            g *= ratio
        self.without_decay().update(weights, gradient, state, lr, step)

    def without_decay(self) -> SGD:
        """Plain momentum."""
        return SGD(self.lr, self.momentum, self.nesterov)

    def torch(self) -> str:
        options = f"{self.momentum}, nesterov={self.nesterov}, weight_decay={self.decay}, trust={self.trust}"
        return f"LARS(parameters, {self.lr}, {options})"


@optimizer(
    "lamb",
    help="adamw for large batches: each layer moves by a share of its own size (You and others 2020)",
    example="lamb lr=1e-3",
    formula=(
        "m = beta1*m + (1 - beta1)*g\n"
        "v = beta2*v + (1 - beta2)*g**2\n"
        "u = m/(1 - beta1**t) / (sqrt(v/(1 - beta2**t)) + eps) + decay*w\n"
        "w = w - lr*(norm(w)/norm(u) if norm(w)*norm(u) > 0 else 1)*u\n"
        "g: the gradient; m, v: start at 0; t: the step, from 1; norm: of one layer's array; `exclude` moves by adamw"
    ),
    source="You and others, Large Batch Optimization for Deep Learning (2020), algorithm 2",
)
@dataclass(frozen=True)
class LAMB(Moments, Layerwise):
    """AdamW's moves, scaled to the norm of the weights that they move (You et al. 2020)."""

    eps: float = option(TINY, default=1e-6, help="keeps the division from 0")
    decay: float = option(DECAY, default=0.01, help="weight decay: decay * w is added to the move")
    exclude: tuple[str, ...] = option(EXCLUDE, default=_EXCLUDED, help=_EXCLUDE_HELP, last=True)

    def ratio(self, weights: Array, gradient: Array, state: Mapping[str, Array], step: int) -> float:
        copies = {name: array.copy() for name, array in state.items()}
        return self._ratio(weights, self._moves(weights, gradient.copy(), copies, step))

    def update(self, weights: Array, gradient: Array, state: Mapping[str, Array], lr: float, step: int) -> None:
        """See `Optimizer.update`."""
        moves = self._moves(weights, gradient, state, step)
        moves *= lr * self._ratio(weights, moves)
        weights -= moves

    def _moves(self, weights: Array, gradient: Array, state: Mapping[str, Array], step: int) -> Array:
        """u of the formula, in the place of `gradient`; moves the means."""
        scratch = empty((min(BLOCK, weights.size),), weights.dtype)
        for part in blocks(weights.size):
            g = gradient[part]
            u = scratch[: g.size]
            self._direction(g, {name: state[name][part] for name in self.state_names}, u, 1.0, step)
            np.multiply(weights[part], self.decay, out=g)
            g += u
        return gradient

    def _ratio(self, weights: Array, moves: Array) -> float:
        w, u = norm(weights), norm(moves)
        return w / u if w * u > 0 else 1.0

    def without_decay(self) -> AdamW:
        """AdamW, which has no ratio."""
        return AdamW(self.lr, self.beta1, self.beta2, self.eps, 0.0)

    def torch(self) -> str:
        betas = f"({self.beta1}, {self.beta2})"
        return f"LAMB(parameters, {self.lr}, {betas}, {self.eps}, {self.decay})"
