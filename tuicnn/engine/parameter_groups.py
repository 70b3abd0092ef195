"""Which weights an optimizer moves alike: PyTorch's parameter groups, as neighbouring parts of the flat array."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from tuicnn.engine.parameters import Entry
from tuicnn.kernels.arrays import Array
from tuicnn.optimizers import Optimizer, blocks, clip_factor, norm

__all__ = ["ParameterGroup", "ParameterGroups"]


@dataclass(frozen=True)
class ParameterGroup:
    """Neighbouring weights, `part` of the flat array, what moves them, and what its rate is multiplied by for them."""

    part: slice
    optimizer: Optimizer
    factor: float


class ParameterGroups:
    """All weights of a network that are not frozen, moved as its `optimizer` says.

    Weights that are excluded from decay are moved by the optimizer without decay, and each layer may have more or less
    of it. One that is `layerwise` gets each array by itself.
    """

    def __init__(self, entries: Iterable[Entry], optimizer: Optimizer) -> None:
        entries = list(entries)
        self._clip = optimizer.clip
        matrices = {entry.node for entry in entries if len(entry.spec.outer_shape) > 1}
        own = [
            optimizer.without_decay() if _kind(e, matrices) in optimizer.exclude else optimizer.with_decay(e.decay)
            for e in entries
        ]
        #: of each array, by its name, what moves it, and the factor on its rate; 0: it is frozen
        self.by_name = {e.name: (made, e.rate) for e, made in zip(entries, own, strict=True)}
        self._groups: list[ParameterGroup] = []
        for (made, factor, _), found in groupby(
            zip(entries, own, strict=True), lambda pair: (pair[1], pair[0].rate, pair[1].layerwise and pair[0].name)
        ):
            alike = [entry for entry, _ in found]
            if factor:
                part = slice(alike[0].start, alike[-1].start + alike[-1].size)
                self._groups.append(ParameterGroup(part, made, factor))
        self._optimizer, self._fastest = optimizer, max((group.factor for group in self._groups), default=0.0)
        size = sum(entry.size for entry in entries)
        #: parts of the flat array that are moved each by itself; together they are all of it
        self.pieces = [slice(e.start, e.start + e.size) for e in entries] if optimizer.layerwise else [*blocks(size)]
        self._within = [[*_overlaps(piece, self._groups)] for piece in self.pieces]

    def norm(self, gradient: Array) -> float:
        """The Euclidean norm of the gradient of all weights that are not frozen."""
        return norm(*(gradient[group.part] for group in self._groups))

    def clip(self, gradient: Array) -> float:
        """What the step multiplies the gradient by."""
        return 1.0 if self._clip is None else clip_factor(self.norm(gradient), self._clip)

    def update(self, flat: Array, gradient: Array, state: Mapping[str, Array], lr: float, step: int) -> None:
        """Move all weights in place; see `Optimizer.update`."""
        clip = self.clip(gradient)
        for number, piece in enumerate(self.pieces):
            kept = {name: array[piece] for name, array in state.items()}
            self.move(number, flat[piece], gradient[piece], kept, lr, step, clip)

    def move(
        self,
        number: int,
        weights: Array,
        gradient: Array,
        state: Mapping[str, Array],
        lr: float,
        step: int,
        clip: float,
    ) -> None:
        """Move the weights of one of the `pieces`, of which these are the arrays; `clip` is what `clip` says of all."""
        if clip != 1:
            gradient *= clip
        for group in self._within[number]:
            part, optimizer = group.part, group.optimizer
            kept = {name: state[name][part] for name in optimizer.state_names}
            optimizer.update(weights[part], gradient[part], kept, lr * group.factor, step)

    def bounds(self, w: float, g: float, state: Mapping[str, float], lr: float, step: int) -> tuple[float, ...]:
        """As `Optimizer.bounds`, of all weights; infinite where an optimizer is `layerwise`."""
        if self._optimizer.layerwise:
            return (math.inf,) * (1 + len(state))
        return self._optimizer.bounds(w, g, state, lr * self._fastest, step)


def _overlaps(piece: slice, groups: Iterable[ParameterGroup]) -> Iterator[ParameterGroup]:
    """The groups of a piece of a flat array, their parts counted from its start."""
    for group in groups:
        first, last = max(group.part.start, piece.start), min(group.part.stop, piece.stop)
        if first < last:
            yield replace(group, part=slice(first - piece.start, last - piece.start))


def _kind(entry: Entry, matrices: set[int]) -> str:
    """What `exclude` calls an array; "" for a matrix or a filter. `matrices` are the nodes that have one.

    A vector beside a matrix is its bias; vectors alone are what a normalisation or another layer scales and shifts by.
    """
    if len(entry.spec.outer_shape) > 1:
        return ""
    return "bias" if entry.node in matrices else "norm"
