"""Which weights an optimizer moves alike: PyTorch's parameter groups, as neighbouring parts of the flat array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from tuicnn.engine.parameters import Entry
from tuicnn.kernels.arrays import Array
from tuicnn.optimizers import Optimizer, clip_factor, norm

__all__ = ["ParameterGroup", "ParameterGroups"]


@dataclass(frozen=True)
class ParameterGroup:
    """Neighbouring weights, `part` of the flat array, what moves them, and what its rate is multiplied by for them."""

    part: slice
    optimizer: Optimizer
    factor: float


class ParameterGroups:
    """All weights of a network that are not frozen, moved as its `optimizer` says.

    Weights that are excluded from decay are moved by the optimizer without decay. One that is `layerwise` gets each
    array by itself.
    """

    def __init__(self, entries: Iterable[Entry], optimizer: Optimizer) -> None:
        entries = list(entries)
        self._clip = optimizer.clip
        matrices = {entry.node for entry in entries if len(entry.spec.outer_shape) > 1}
        own = [optimizer.without_decay() if _kind(e, matrices) in optimizer.exclude else optimizer for e in entries]
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

    def norm(self, gradient: Array) -> float:
        """The Euclidean norm of the gradient of all weights that are not frozen."""
        return norm(*(gradient[group.part] for group in self._groups))

    def update(self, flat: Array, gradient: Array, state: Mapping[str, Array], lr: float, step: int) -> None:
        """Move all weights in place; see `Optimizer.update`."""
        clip = 1.0 if self._clip is None else clip_factor(self.norm(gradient), self._clip)
        for group in self._groups:
            part, optimizer = group.part, group.optimizer
            g = gradient[part]
            if clip != 1:
                g *= clip
            kept = {name: state[name][part] for name in optimizer.state_names}
            optimizer.update(flat[part], g, kept, lr * group.factor, step)


def _kind(entry: Entry, matrices: set[int]) -> str:
    """What `exclude` calls an array; "" for a matrix or a filter. `matrices` are the nodes that have one.

    A vector beside a matrix is its bias; vectors alone are what a normalisation or another layer scales and shifts by.
    """
    if len(entry.spec.outer_shape) > 1:
        return ""
    return "bias" if entry.node in matrices else "norm"
