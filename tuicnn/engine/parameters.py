"""Where a network's weights lie: one flat array, of which every layer's weights are views.

An optimizer then moves all of them in a few passes, shards' gradients add up in one, and a checkpoint is one array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.layers.base import WeightSpec
from tuicnn.randomness import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.language.plan import Plan

    Array = NDArray[np.floating[Any]]
    Room = Callable[[tuple[int, ...], np.dtype[Any]], Array]

__all__ = ["Slot", "Store"]


@dataclass(frozen=True)
class Slot:
    """One array of weights: which node's, its name as PyTorch has it (`conv1.weight`), and where it lies."""

    node: int
    short: str
    name: str
    spec: WeightSpec
    start: int

    @property
    def size(self) -> int:
        return math.prod(self.spec.shape)


class Store:
    """The weights of a plan: `flat` holds what is learnt, `kept` what is only kept (running statistics)."""

    def __init__(self, plan: Plan, seed: int, dtype: np.dtype[Any], room: Room = np.zeros) -> None:
        """Draws the first weights. `room(shape, dtype)` gives the memory that they are to lie in."""
        self.slots: list[Slot] = []
        self.kept_slots: list[Slot] = []
        learnt = kept = 0
        for index, node in enumerate(plan.nodes):
            for short, spec in node.layer.weights(*node.input_shapes).items():
                slot = Slot(index, short, f"{node.name}.{short}", spec, learnt if spec.learnt else kept)
                if spec.learnt:
                    self.slots.append(slot)
                    learnt += slot.size
                else:
                    self.kept_slots.append(slot)
                    kept += slot.size
        self.count = len(plan.nodes)
        self.flat: Array = room((learnt,), dtype)
        self.flat_kept: Array = room((kept,), dtype)
        self.weights = self.views(self.flat)
        self.kept = self._views(self.flat_kept, self.kept_slots)
        for number, slot in enumerate((*self.slots, *self.kept_slots)):
            where = self.weights if slot.spec.learnt else self.kept
            spec = slot.spec
            values = spec.initial(generator(seed, "initial", number), spec.shape, spec.fan_in, spec.fan_out)
            where[slot.node][slot.short][...] = values

    def _views(self, flat: Array, slots: Sequence[Slot]) -> list[dict[str, Array]]:
        views: list[dict[str, Array]] = [{} for _ in range(self.count)]
        for slot in slots:
            views[slot.node][slot.short] = flat[slot.start : slot.start + slot.size].reshape(slot.spec.shape)
        return views

    def views(self, flat: Array) -> list[dict[str, Array]]:
        """For each node, its weights by short name, as views of an array like `flat` (a gradient, say)."""
        return self._views(flat, self.slots)

    def outer(self, flat: Array) -> dict[str, Array]:
        """An array like `flat` as PyTorch would name and shape it; copies."""
        return self._outer(self.views(flat), self.slots)

    def outer_kept(self) -> dict[str, Array]:
        """Running statistics as PyTorch would name and shape them; copies."""
        return self._outer(self.kept, self.kept_slots)

    @staticmethod
    def _outer(views: list[dict[str, Array]], slots: Sequence[Slot]) -> dict[str, Array]:
        return {s.name: np.array(_to_outer(views[s.node][s.short], s.spec), order="C") for s in slots}

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

    def load(self, given: Mapping[str, Any]) -> None:
        """Take weights in PyTorch's names and axes; see `Network.load`. Nothing is changed where one does not fit."""
        by_name = {slot.name: slot for slot in (*self.slots, *self.kept_slots)}
        # a torch.nn.Sequential names its layers by their place: `0.weight`
        by_place = {f"{slot.node}.{slot.short}": slot for slot in by_name.values()}
        names = by_name if any(key in by_name for key in given) else by_place
        arrays: dict[str, Array] = {}
        for key, value in given.items():
            if key.rpartition(".")[2] == "num_batches_tracked":  # PyTorch's batch norm counts; ours need not
                continue
            slot = names.get(key)
            if slot is None:
                raise KeyError(f"this network has no weights called {key}; it has {', '.join(by_name) or 'none'}")
            array = self._array(key, value)
            if array.shape != slot.spec.outer_shape:
                raise ValueError(f"{key} is {_x(array.shape)} but this network's is {_x(slot.spec.outer_shape)}")
            arrays[slot.name] = array
        missing = [slot.name for slot in self.slots if slot.name not in arrays]
        if missing:
            raise KeyError(f"weights are missing: {', '.join(missing)}")
        for name, array in arrays.items():
            slot = by_name[name]
            where = self.weights if slot.spec.learnt else self.kept
            _to_outer(where[slot.node][slot.short], slot.spec)[...] = array


def _to_outer(inner: Array, spec: WeightSpec) -> Array:
    """A view of an array of weights in PyTorch's order of axes."""
    return inner.transpose(spec.axes) if spec.axes else inner


def _x(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"
