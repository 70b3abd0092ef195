"""The order of additions: every shard counts once, in the same tree whoever adds which, with few rows."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.engine.summation import Subtree, adding, joining, subtrees

COUNTS = st.integers(1, 70)


def summed(values: np.ndarray, cuts: list[int], backwards: bool) -> np.float32:
    """The sum as several processes make it, which have the shards between the cuts."""
    count = len(values)
    found: list[np.float32] = []
    trees: list[Subtree] = []
    for start, stop in pairwise([0, *cuts, count]):
        plan = adding(count, start, stop, backwards=backwards)
        rows = np.full(plan.rows, np.nan, np.float32)  # what a step leaves behind does not count
        for shard in sorted(range(start, stop), reverse=backwards):
            rows[plan.turns[shard].row] = values[shard]
            for into, what in plan.turns[shard].adds:
                rows[into] += rows[what]
        mine = subtrees(count, start, stop)
        found += list(rows[: len(mine)])
        trees += mine
    for into, what in joining(tuple(trees), count):
        found[into] += found[what]
    return found[0]


@given(st.data(), COUNTS, st.booleans())
def test_the_sum_is_the_same_to_the_last_bit_whoever_adds_which_in_whatever_direction(
    data: st.DataObject, count: int, backwards: bool
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=5)))
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    assert summed(values, cuts, backwards) == summed(values, [], False)


@given(COUNTS, st.booleans())
def test_every_shard_counts_once(count: int, backwards: bool) -> None:
    for shard in range(count):
        values = np.zeros(count, np.float32)
        values[shard] = 1
        assert summed(values, [count // 3], backwards) == 1


@given(COUNTS, st.booleans())
def test_few_rows_are_needed(count: int, backwards: bool) -> None:
    assert adding(count, 0, count, backwards=backwards).rows <= 1 + math.ceil(math.log2(count))


def test_neighbours_are_added_first() -> None:
    large = np.array([1, 2.0**-24, 2.0**-24, 2.0**-24], np.float32)  # one by one, none of the small ones would count
    assert summed(large, [], False) > 1
