"""The number of processes that take part follows what steps cost, and looking for it costs little."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tuicnn.training.workers import Workers

#: by the number of processes: the seconds of a step
Costs = dict[int, float]


def trained(
    workers: Workers, most: int, costs: Costs, seconds: float, noise: Callable[[], float] = lambda: 1.0
) -> float:
    """Train for so long; the speed beside that of always the best number."""
    steps, clock = 0, 0.0
    while clock < seconds:
        took = costs[workers.chosen(most)] * noise()
        workers.took(most, 64, took)
        steps, clock = steps + 1, clock + took
    return steps * min(costs.values()) / clock


@pytest.mark.parametrize("costs", [{1: 2e-3, 2: 1.1e-3}, {1: 2e-3, 2: 20e-3}, {1: 0.3, 2: 0.9}, {1: 0.02, 2: 0.0199}])
def test_the_better_number_is_found_and_kept(costs: Costs) -> None:
    assert trained(Workers(2), 2, costs, 60) > 0.95


def test_long_steps_are_not_tried_many_times() -> None:
    """As in a short training of a large network."""
    assert trained(Workers(2), 2, {1: 3.6, 2: 2.3}, 60) > 0.95


def test_of_many_processors_as_many_are_used_as_help() -> None:
    costs = {1: 10e-3, 3: 5e-3, 6: 4e-3, 12: 15e-3}
    workers = Workers(12)
    assert trained(workers, 12, costs, 60) > 0.9


def test_a_machine_that_becomes_busy_is_noticed_and_that_it_is_idle_again() -> None:
    workers = Workers(2)
    idle, busy = {1: 2e-3, 2: 1.1e-3}, {1: 4e-3, 2: 9e-3}
    for costs in (idle, busy, idle):
        assert trained(workers, 2, costs, 60) > 0.9


def test_single_steps_that_take_long_mislead_nobody() -> None:
    random = np.random.default_rng(1)
    noise: Callable[[], float] = lambda: 1 + 10 * (random.random() < 0.03) + 0.2 * random.random()  # noqa: E731
    alone = trained(Workers(1), 1, {1: 1.1e-3}, 60, noise)
    assert trained(Workers(2), 2, {1: 2e-3, 2: 1.1e-3}, 60, noise) > 0.93 * alone


def test_a_step_that_not_all_could_share_says_nothing() -> None:
    workers = Workers(2)
    for _ in range(1000):
        assert workers.chosen(1) == 1
        workers.took(1, 64, 0.01)
    assert workers.chosen(2) == 2
