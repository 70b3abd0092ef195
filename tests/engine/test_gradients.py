"""Sums of shards' gradients: every shard counts once, in whatever order they come and however many share them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn import Network
from tuicnn.engine.gradients import GradientSums
from tuicnn.engine.groups.group import ProcessGroup

STORE = Network.from_text("flatten -> dense 2", input=(1, 2, 2), classes=2).store


class Group(ProcessGroup):
    """One of several processes, which all see the same rows."""

    def __init__(self, rank: int, size: int, active: int, rows: np.ndarray) -> None:
        super().__init__()
        self.rank, self.size, self.active, self._rows = rank, size, active, rows

    def zeros(self, shape: tuple[int, ...], dtype: object) -> np.ndarray:
        return self._rows[: shape[0]].reshape(shape)


@given(st.integers(1, 20), st.integers(1, 6), st.data(), st.booleans())
def test_every_shard_counts_once(count: int, size: int, data: st.DataObject, backwards: bool) -> None:
    active = data.draw(st.integers(1, size))
    rows = np.full((64, STORE.flat.size), np.nan, STORE.flat.dtype)
    groups = [Group(rank, size, active, rows) for rank in range(size)]
    made = [GradientSums(STORE, group, count) for group in groups]
    for _ in range(2):  # what a step leaves behind does not count in the next
        for group, sums in zip(groups, made, strict=True):
            for shard in sorted(sums.begin(group, count, clear=False), reverse=backwards):
                buffer = sums.buffer(shard, backwards=backwards)
                for array in buffer.views[1].values():
                    array[...] = 2.0**shard
                buffer.add(1)
        total, squares = made[0].total(groups[0])
        np.testing.assert_array_equal(total, 2.0**count - 1)
        assert squares == np.dot(total, total)
