"""What all optimizers share: their options, a step block by block, and the clipping of a gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from tuicnn.kernels.arrays import Array
from tuicnn.kernels.memory import empty
from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, ListOf, Number, option, word

__all__ = ["BLOCK", "Optimizer", "blocks", "clip_factor", "norm"]

#: weights that are worked on at once: of float32, the up to ten arrays of a step take about 1 MB
BLOCK = 2**15
#: what is certainly more than 0 in float32, too
ABOVE_ZERO = 1e-30

LEARNING_RATE = Number(above=0, at_most=1e6)
SHARE = Number(at_least=0, below=1)
DECAY = Number(at_least=0, at_most=1e6)
TINY = Number(above=0, at_most=1)
EXCLUDE = ListOf(Choice(("bias", "norm")), at_least=0, distinct=True)

ADDED_DECAY = "weight decay: decay * w is added to the gradient"
SHRINKING_DECAY = "weight decay: w shrinks by lr * decay at each step"

optimizer = partial(word, "optim")


class _Own:
    """Options that every optimizer has, with a default and a help of its own."""

    lr: float
    decay: float


@dataclass(frozen=True, kw_only=True)
class Optimizer(_Own):
    """The base of all optimizers. Subclasses are frozen dataclasses registered with `optimizer(…)`."""

    clip: float | None = option(
        Number(above=0, at_most=1e6),
        default=None,
        help="the most that the norm of the gradient of all weights may be; a longer one is scaled down",
        last=True,
    )
    exclude: tuple[str, ...] = option(
        EXCLUDE,
        default=(),
        help="weights without decay, such as [bias, norm]: biases; what normalisations and other layers scale by",
        last=True,
    )
    #: the arrays that it keeps from step to step, each of the weights' size and starting at 0
    state_names: ClassVar[tuple[str, ...]] = ()
    #: whether how far a weight moves depends on all weights of its array; otherwise every weight moves by itself
    layerwise: ClassVar[bool] = False

    def state(self, weights: Array) -> dict[str, Array]:
        """Fresh state for a flat array of weights."""
        return {name: np.zeros_like(weights) for name in self.state_names}

    def update(self, weights: Array, gradient: Array, state: Mapping[str, Array], lr: float, step: int) -> None:
        """Move `weights` in place; `gradient` is used up. `step` counts from 1; `lr` is the scheduled rate.

        Parts of the arrays may be given, each with the same part of the state; where `layerwise`, one layer's array.
        What is said by `clip` and `exclude` is for all of a network's arrays: see `engine/parameter_groups.py`.
        """
        scratch = empty((min(BLOCK, weights.size),), weights.dtype)
        for part in blocks(weights.size):
            w = weights[part]
            kept = {name: state[name][part] for name in self.state_names}
            self._step(w, gradient[part], kept, scratch[: w.size], lr, step)

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """How large the weights, and then what is kept of them, can be at most after a step, and all on the way there.

        `w`, `g` and `state` are how large they are at most before it. Infinite where no bound is known.
        """
        return (math.inf,) * (1 + len(self.state_names))

    def without_decay(self) -> Optimizer:
        """What moves the weights that are excluded from decay; it keeps the same arrays."""
        options: dict[str, Any] = {"decay": 0.0}  # a field of each, but not of this class
        return replace(self, **options)

    def with_decay(self, factor: float) -> Optimizer:
        """What moves the weights of a layer that has so many times the decay."""
        options: dict[str, Any] = {"decay": getattr(self, "decay", 0.0) * factor}
        return self if factor == 1 else replace(self, **options)

    def torch(self) -> str:
        """The same in PyTorch, as it is written; `parameters` are the weights.

        Of `torch.optim`; where that has none, of `tuicnn.bench.torch_optimizers`. Clipping is not in it.
        """
        raise NotImplementedError

    def _step(self, w: Array, g: Array, state: Mapping[str, Array], scratch: Array, lr: float, step: int) -> None:
        """`update` for one block; `scratch` is a block of memory to work in."""
        raise NotImplementedError


def blocks(size: int) -> Iterator[slice]:
    """The parts of a flat array of so many weights that are worked on at once."""
    for first in range(0, size, BLOCK):
        yield slice(first, min(first + BLOCK, size))


def add_decay(decay: float, w: Array, g: Array, scratch: Array) -> None:
    """Add the gradient of `decay / 2 * |w|^2`."""
    if decay:
        np.multiply(w, decay, out=scratch)
        g += scratch


def quotient(size: float, least: float) -> float:
    """How large a number of this size can be, divided by one that is no smaller than `least` in float32 either."""
    return size / least if least > ABOVE_ZERO else math.inf


def norm(*arrays: Array) -> float:
    """The Euclidean norm of flat arrays taken together, in float64, in which no square of a float32 overflows."""
    total = 0.0
    for flat in arrays:
        for part in blocks(flat.size):
            block = flat[part].astype(np.float64)
            total += float(block @ block)
    return math.sqrt(total)


def clip_factor(length: float, clip: float | None) -> float:
    """What a gradient whose norm is `length` is multiplied by: PyTorch's `clip_grad_norm_`.

    NaN where the norm is not finite, so that no step is lost in silence.
    """
    if clip is None:
        return 1.0
    return min(1.0, clip / (length + 1e-6)) if math.isfinite(length) else math.nan
