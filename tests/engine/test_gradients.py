"""Sums of shards' gradients: every shard counts once, whatever the number of slots and the order they come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn import Network
from tuicnn.engine import gradients
from tuicnn.engine.gradients import GradientSums
from tuicnn.engine.groups.group import ProcessGroup

STORE = Network.from_text("flatten -> dense 2", input=(1, 2, 2), classes=2).store


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 5), st.booleans())
def test_every_shard_counts_once(count: int, most: int, slots: int, backwards: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradients, "SLOTS", slots)
        sums = GradientSums(STORE, ProcessGroup(), most)
    assert sums.used(count) == min(slots, most, count)
    for _ in range(2):  # what a step leaves behind does not count in the next
        for shard in sorted(range(count), reverse=backwards):
            buffer = sums.buffer(shard, count, backwards=backwards)
            for array in buffer.views[1].values():
                array[...] = 2.0**shard
            buffer.add(1)
        total, squares = sums.total(ProcessGroup(), count)
        np.testing.assert_array_equal(total, 2.0**count - 1)
        assert squares == np.dot(total, total)
