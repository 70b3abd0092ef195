"""Sums the gradients of a step's shards: several processes can share the work, and the bits stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.engine.parameters import Store
from tuicnn.engine.summation import Turn, adding, joining, subtrees
from tuicnn.kernels.arrays import Array

__all__ = ["GradientBuffer", "GradientSums"]

#: a row of gradients: for each node by name
Views = Sequence[Mapping[str, Array]]


@dataclass(frozen=True)
class GradientBuffer:
    """Where a shard writes its weights' gradients, for each node by name, and which rows are then added up."""

    views: Views
    adds: Sequence[tuple[Views, Views]] = ()

    def add(self, node: int) -> None:
        """Once a node's gradients are written, add up those of its shard and of shards before it."""
        for onto, more in self.adds:
            for name, sums in onto[node].items():
                sums += more[node][name]


class GradientSums:
    """The sums of the gradients of a step's shards, as `summation` adds them.

    Each process has neighbouring shards. Their sums, one for each largest subtree, are in rows that all processes
    share, or send to each other; what is needed on the way is its own.
    """

    def __init__(self, store: Store, group: ProcessGroup, most_shards: int) -> None:
        """`most_shards` are those of a step; one process alone may add up more."""
        self._store = store
        self._rows = group.zeros((_most_rows(most_shards, group.size), store.flat.size), store.flat.dtype)
        self._views = [store.views(row) for row in self._rows]
        self._between: list[Views] = []
        #: of the present step: how many shards there are, which are this process's, its first row and how many it fills
        self._count, self._mine, self._first, self._owned = 0, range(0), 0, 0

    @property
    def row(self) -> Array:
        """Where `total` leaves the sum in a group that shares memory, and every process finds it."""
        row: Array = self._rows[0]
        return row

    def begin(self, group: ProcessGroup, count: int, *, clear: bool) -> range:
        """The shards of this process in a step of `count`.

        Its rows are set to 0 where not every weight's gradient will be written (`clear`).
        """
        self._count, self._mine = count, group.partition(count)
        self._first = sum(_rows(count, group.partition(count, rank)) for rank in range(group.rank))
        self._owned = _rows(count, self._mine)
        if clear:
            self._rows[self._first : self._first + self._owned] = 0
        return self._mine

    def buffer(self, shard: int, *, backwards: bool) -> GradientBuffer:
        """Where the gradients of one of this process's shards go; these come in their order, or `backwards`."""
        turn: Turn = adding(self._count, self._mine.start, self._mine.stop, backwards=backwards).turns[shard]
        return GradientBuffer(
            self._row(turn.row), [(self._row(onto), self._row(more)) for onto, more in turn.adds] if turn.adds else ()
        )

    def unsummed(self) -> GradientBuffer:
        """Where the gradients of a shard go that is looked at by itself."""
        return GradientBuffer(self._row(self._owned))

    def total(self, group: ProcessGroup) -> tuple[Array, float]:
        """The sum over all shards, for the leader, and the sum of its squares; see `ProcessGroup.tree_sum`."""
        parts = [group.partition(self._count, rank) for rank in range(group.active)]
        trees = tuple(tree for part in parts for tree in subtrees(self._count, part.start, part.stop))
        return group.tree_sum(
            self._rows[: len(trees)], [_rows(self._count, part) for part in parts], joining(trees, self._count)
        )

    def _row(self, number: int) -> Views:
        if number < self._owned:
            return self._views[self._first + number]
        while len(self._between) <= number - self._owned:
            self._between.append(self._store.views(np.zeros_like(self._store.flat)))
        return self._between[number - self._owned]


def _rows(count: int, shards: range) -> int:
    """How many sums a process makes of its shards."""
    return len(subtrees(count, shards.start, shards.stop))


def _most_rows(shards: int, processes: int) -> int:
    """How many sums so many shards come to at most, however many of the processes take part in a step."""
    each = [2 * max(1, (-(-shards // active)).bit_length()) * active for active in range(2, processes + 1)]
    return max(1, min(shards, max(each, default=1)))
