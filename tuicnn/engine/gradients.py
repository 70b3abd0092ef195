"""Sums the gradients of a step's shards: several processes can share the work, and the bits stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.engine.parameters import Store
from tuicnn.kernels.arrays import Array
from tuicnn.sharding import SLOTS

__all__ = ["GradientBuffer", "GradientSums"]


@dataclass(frozen=True)
class GradientBuffer:
    """Where a shard writes its weights' gradients, for each node by name; `onto` is the sum that they are added to."""

    views: Sequence[Mapping[str, Array]]
    onto: Sequence[Mapping[str, Array]] | None

    def add(self, node: int) -> None:
        """Add a node's gradients, once they are written, to the sum."""
        if self.onto is not None:
            for name, sums in self.onto[node].items():
                sums += self.views[node][name]


class GradientSums:
    """Sums of neighbouring shards' gradients in slots; one process fills a slot, in the order of its shards.

    The order of additions depends on the number of shards alone, and so do the bits of the sum.
    """

    def __init__(self, store: Store, group: ProcessGroup, most_shards: int) -> None:
        self._slots = group.zeros((max(1, min(SLOTS, most_shards)), store.flat.size), store.flat.dtype)
        self._views = [store.views(slot) for slot in self._slots]
        self._own = store.views(np.zeros_like(store.flat))

    @property
    def row(self) -> Array:
        """Where `total` leaves the sum in a group that shares memory, and every process finds it."""
        row: Array = self._slots[0]
        return row

    def slot(self, shard: int, count: int) -> int:
        """Which slot a shard of `count` belongs to."""
        return shard * self.used(count) // count

    def used(self, count: int) -> int:
        """How many slots are used for so many shards."""
        return min(len(self._slots), count)

    def clear(self, slots: range) -> None:
        """Set some slots to 0, where not every weight's gradient will be written."""
        self._slots[slots.start : slots.stop] = 0

    def buffer(self, shard: int, count: int, *, backwards: bool) -> GradientBuffer:
        """Where the gradients of a shard of `count` go: the first of a slot writes there, the others add to it.

        The first is that with the smallest number, or the largest where they come `backwards`.
        """
        slot = self.slot(shard, count)
        views = self._views[slot]
        before = shard + 1 if backwards else shard - 1
        first = not 0 <= before < count or self.slot(before, count) != slot
        return GradientBuffer(views, None) if first else GradientBuffer(self._own, views)

    def total(self, group: ProcessGroup, count: int) -> tuple[Array, float]:
        """The sum over all shards, for the leader, and the sum of its squares; see `ProcessGroup.ordered_sum`."""
        return group.ordered_sum(self._slots[: self.used(count)])
