"""How weights are moved: the same bits by any number of processes, whoever of them is lost; all of it or nothing."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import optimizers
from tuicnn.data import Dataset
from tuicnn.language import check
from tuicnn.optimizers import Adam, Optimizer
from tuicnn.training.divergence import DivergedError
from tuicnn.training.trainer import Trainer

#: weights of six blocks, and batches of two shards
NET = """\
data: mnist limit=200 val=50
train: epochs=2 batch=128
optim: {}
flatten -> dense 220 bias_rate=2 -> batchnorm -> relu -> dense 10
"""


@pytest.fixture(scope="module")
def data() -> Dataset:
    plan = check(NET.format("sgd")).plan
    assert plan is not None
    return plan.data.load()


def trainer(data: Dataset, optimizer: str, threads: int = 1) -> Trainer:
    plan = check(NET.format(optimizer)).plan
    assert plan is not None
    return Trainer(plan, data, threads=threads)


def numbers(made: Trainer) -> list[Any]:
    """Copies of all that a step changes."""
    store = made.network.store
    return [array.copy() for array in (store.flat, store.flat_buffers, *made.state.values())]


@pytest.mark.processes
@pytest.mark.parametrize(
    "optimizer", ["sgd momentum=0.9 nesterov=true decay=1e-3", "adam decay=0.1 clip=0.5", "lion exclude=[bias]", "lamb"]
)
def test_processes_move_the_weights_to_the_same_bits(data: Dataset, optimizer: str) -> None:
    found = []
    for threads in (1, 2):
        made = trainer(data, optimizer, threads)
        try:
            assert made.group.size == threads
            found.append(([made.advance() for _ in range(4)], numbers(made)))
        finally:
            made.close()
    np.testing.assert_equal(found[1], found[0])


@pytest.mark.processes
@pytest.mark.parametrize("at", [1, 4, 5])
def test_a_process_that_is_killed_while_it_moves_weights_costs_nothing(
    data: Dataset, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = trainer(data, "adam")
    steps = [alone.advance() for _ in range(4)]
    made, parent, moves, step = None, os.getpid(), [0], Adam._step

    def fatal(self: Adam, w: Any, *more: Any) -> None:
        moves[0] += os.getpid() != parent
        if moves[0] == at:
            w[::2] = 0  # in the midst of it
            os.kill(os.getpid(), signal.SIGKILL)
        step(self, w, *more)

    monkeypatch.setattr(Adam, "_step", fatal)
    made = trainer(data, "adam", 2)
    try:
        assert [made.advance() for _ in range(4)] == steps
        assert "SIGKILL" in made.trouble
        np.testing.assert_equal(numbers(made), numbers(alone))
    finally:
        made.close()


@pytest.mark.processes
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop momentum=0.5"])
def test_a_step_that_overflows_moves_nothing(data: Dataset, optimizer: str, threads: int) -> None:
    made = trainer(data, optimizer, threads)
    try:
        made.advance()
        before = numbers(made)
        made.rate_factor = 1e42
        with pytest.raises(DivergedError):
            made.advance()
        np.testing.assert_equal(numbers(made), before)
    finally:
        made.close()


@given(
    optimizers(st.floats(1e-6, 1e3)),
    st.lists(st.floats(0, 12), min_size=4, max_size=4),
    st.integers(1, 2000),
    st.integers(0, 2**32),
)
def test_no_number_is_larger_after_a_step_than_its_optimizer_says(
    optimizer: Optimizer, sizes: list[float], step: int, seed: int
) -> None:
    assume(not optimizer.layerwise)  # it has no bounds
    random = np.random.default_rng(seed)
    w, g, *kept = (random.uniform(-1, 1, 50) * 10**size for size in sizes)
    state = {name: np.abs(a) if "sq" in name else a for name, a in zip(optimizer.state_names, kept, strict=False)}
    largest = {name: float(np.abs(array).max()) for name, array in (("w", w), ("g", g), *state.items())}
    most = optimizer.bounds(largest.pop("w"), largest.pop("g"), largest, optimizer.lr, step)
    optimizer.update(w, g, state, optimizer.lr, step)
    for array, bound in zip((w, *state.values()), most, strict=True):
        assert np.abs(array).max() <= bound * (1 + 1e-6)
