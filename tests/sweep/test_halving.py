"""Successive halving decides by results alone."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from tuicnn.sweep.halving import Result, Rung, goals, rungs


def test_a_third_of_fifteen_go_on_twice() -> None:
    assert [(rung.variants, rung.epochs[0]) for rung in rungs([27] * 15, 3)] == [(15, 3), (5, 9), (1, 27)]


def test_few_epochs_leave_few_rungs() -> None:
    assert [(rung.variants, rung.epochs[0]) for rung in rungs([4] * 64, 3)] == [(64, 2), (21, 4)]
    assert rungs([1, 5], 3) == (Rung(2, (1, 5)),)
    assert rungs([10, 10], None) == (Rung(2, (10, 10)),)


accuracies = st.one_of(st.sampled_from([0.0, 0.5, 1.0, math.nan]), st.floats(0, 1))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(accuracies, min_size=4, max_size=4), min_size=n, max_size=n)
    ),
    st.integers(2, 4),
    st.randoms(),
)
def test_the_order_in_which_results_come_changes_nothing(
    truth: list[list[float]], eta: int, dice: random.Random
) -> None:
    """Variants that are trained one after the other in any order come to the same rungs as all at once."""
    given_rungs = rungs([64] * len(truth), eta)
    known: list[list[Result]] = [[None] * len(given_rungs) for _ in truth]
    before = goals(known, given_rungs)
    while True:
        goal = goals(known, given_rungs)
        assert all(now >= then for now, then in zip(goal, before, strict=True))  # nobody is sent back
        before = goal
        todo = [(v, r) for v in range(len(truth)) for r in range(goal[v] + 1) if known[v][r] is None]
        if not todo:
            break
        variant, rung = dice.choice(todo)
        known[variant][rung] = truth[variant][min(rung, 3)]
    whole = [[row[min(r, 3)] for r in range(len(given_rungs))] for row in truth]
    assert goal == goals(whole, given_rungs)
    for rung in range(1, len(given_rungs)):
        came = [v for v in range(len(truth)) if goal[v] >= rung]
        left = [v for v in range(len(truth)) if goal[v] == rung - 1]
        assert len(came) <= given_rungs[rung].variants
        assert all(not math.isnan(whole[v][rung - 1]) for v in came)
        assert all(not whole[v][rung - 1] > whole[c][rung - 1] for v in left for c in came)


def test_what_failed_is_not_trained_on_where_nothing_else_is_left_either() -> None:
    given_rungs = rungs([4] * 4, 2)
    results: list[list[Result]] = [[math.nan, None, None], [0.3, None, None], [math.nan, None, None], [math.nan] * 3]
    assert goals(results, given_rungs) == [0, 1, 0, 0]
