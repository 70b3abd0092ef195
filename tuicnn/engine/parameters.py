"""The storage of a network's weights: one flat array, of which every layer's weights are views.

An optimizer updates all of them in a few passes, and gradients of shards are added in one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.kernels.arrays import Array
from tuicnn.layers.base import WeightSpec
from tuicnn.randomness import generator

if TYPE_CHECKING:
    from tuicnn.language.plan import Plan

    Allocate = Callable[[tuple[int, ...], np.dtype[Any]], Array]

__all__ = ["Entry", "Store"]


@dataclass(frozen=True)
class Entry:
    """One array of a network: its node, its name as PyTorch has it (`conv1.weight`), its place in a flat array."""

    node: int
    short: str
    name: str
    spec: WeightSpec
    start: int
    #: what the learning rate is multiplied by for it; 0: it stays as it begins
    rate: float = 1.0
    #: the same of the weight decay
    decay: float = 1.0

    @property
    def size(self) -> int:
        return math.prod(self.spec.shape)

    def of(self, flat: Array) -> Array:
        """Its numbers in a flat array, as one row; a view."""
        return flat[self.start : self.start + self.size]

    def inner(self, flat: Array) -> Array:
        """The same with the engine's axes."""
        return self.of(flat).reshape(self.spec.shape)

    def outer(self, flat: Array) -> Array:
        """The same with PyTorch's axes."""
        inner = self.inner(flat)
        return inner.transpose(self.spec.axes) if self.spec.axes else inner


class Store:
    """The arrays of a plan: the parameters lie in `flat`, the buffers (running statistics) in `flat_buffers`.

    `weights` and `buffers` are views of them for each node, by short name, with the engine's axes.
    """

    def __init__(self, plan: Plan, seed: int, dtype: np.dtype[Any], allocate: Allocate = np.zeros) -> None:
        """Draws the first weights. `allocate(shape, dtype)` gives the memory that they are to lie in."""
        self.entries: list[Entry] = []
        self.buffer_entries: list[Entry] = []
        sizes = {True: 0, False: 0}
        for index, node in enumerate(plan.nodes):
            for short, spec in node.layer.weights(*node.input_shapes).items():
                name, rate = f"{node.name}.{short}", node.layer.rate_of(short)
                decay = node.layer.decay_of(short)
                entry = Entry(index, short, name, spec, sizes[spec.is_parameter], rate, decay)
                (self.entries if spec.is_parameter else self.buffer_entries).append(entry)
                sizes[spec.is_parameter] += entry.size
        self._nodes = len(plan.nodes)
        self.flat: Array = allocate((sizes[True],), dtype)
        self.flat_buffers: Array = allocate((sizes[False],), dtype)
        self.weights = self.views(self.flat)
        self.buffers = self._views(self.flat_buffers, self.buffer_entries)
        for number, entry in enumerate((*self.entries, *self.buffer_entries)):
            spec = entry.spec
            values = spec.initial(generator(seed, "initial", number), spec.shape, spec.fan_in, spec.fan_out)
            entry.inner(self._flat_of(entry))[...] = values

    def _flat_of(self, entry: Entry) -> Array:
        return self.flat if entry.spec.is_parameter else self.flat_buffers

    def _views(self, flat: Array, entries: Sequence[Entry]) -> list[dict[str, Array]]:
        views: list[dict[str, Array]] = [{} for _ in range(self._nodes)]
        for entry in entries:
            views[entry.node][entry.short] = entry.inner(flat)
        return views

    def views(self, flat: Array) -> list[dict[str, Array]]:
        """For each node, its weights by short name, as views of an array like `flat` (a gradient, say)."""
        return self._views(flat, self.entries)

    def named(self, flat: Array) -> dict[str, Array]:
        """Views of an array like `flat` (a gradient, an optimizer's momentum) with PyTorch's names and axes."""
        return {entry.name: entry.outer(flat) for entry in self.entries}

    def named_buffers(self, flat: Array) -> dict[str, Array]:
        """Views of an array like `flat_buffers` with PyTorch's names and axes."""
        return {entry.name: entry.outer(flat) for entry in self.buffer_entries}

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers with PyTorch's names and axes."""
        named = {**self.named(self.flat), **self.named_buffers(self.flat_buffers)}
        return {name: np.array(view, order="C") for name, view in named.items()}

    def _array(self, key: str, value: Any) -> Array:
        """A value given for some weights as an array of this network's type; a `torch.nn.Parameter` too."""
        plain = value.detach().cpu() if hasattr(value, "detach") else value
        try:
            array = np.asarray(plain)
            if array.dtype.kind not in "fiub":
                raise ValueError(f"not of {array.dtype}")
            return array.astype(self.flat.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{key} must be an array of real numbers: {error}") from None

    def load_state_dict(self, given: Mapping[str, Any]) -> None:
        """Take arrays with PyTorch's names and axes; see `Network`. Nothing is changed where one does not fit."""
        by_name = {entry.name: entry for entry in (*self.entries, *self.buffer_entries)}
        # a torch.nn.Sequential names its layers by their place: `0.weight`
        by_place = {f"{entry.node}.{entry.short}": entry for entry in by_name.values()}
        names = by_name if any(key in by_name for key in given) else by_place
        arrays: dict[str, Array] = {}
        for key, value in given.items():
            if key.rpartition(".")[2] == "num_batches_tracked":  # PyTorch's batch norm counts; ours need not
                continue
            entry = names.get(key)
            if entry is None:
                raise KeyError(f"this network has no weights called {key}; it has {', '.join(by_name) or 'none'}")
            array = self._array(key, value)
            if array.shape != entry.spec.outer_shape:
                raise ValueError(f"{key} is {_x(array.shape)} but this network's is {_x(entry.spec.outer_shape)}")
            arrays[entry.name] = array
        missing = [entry.name for entry in self.entries if entry.name not in arrays]
        if missing:
            raise KeyError(f"weights are missing: {', '.join(missing)}")
        for name, array in arrays.items():
            entry = by_name[name]
            entry.outer(self._flat_of(entry))[...] = array


def _x(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"
