"""Optimizers move weights exactly as PyTorch's do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import optimizers
from tuicnn.bench.twin_training import optimizer_of
from tuicnn.optimizers import BLOCK, Optimizer
from tuicnn.vocabulary import vocabulary


@given(optimizers(st.floats(1e-4, 0.3)))
@settings(max_examples=60, deadline=None)
def test_ten_steps_are_pytorchs(optimizer: Optimizer) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(1)
    ours = random.normal(size=20)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    state, other = optimizer.state(ours), optimizer_of(optimizer, [theirs])
    for step in range(1, 11):
        gradient = random.normal(size=20)
        theirs.grad = torch.tensor(gradient.copy())
        optimizer.update(ours, gradient, state, optimizer.lr, step)
        other.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", vocabulary("optim"))
def test_each_finds_the_bottom_of_a_bowl(name: str) -> None:
    optimizer = vocabulary("optim")[name](lr=0.05)
    weights = np.array([1.0, -2.0, 0.5])
    state = optimizer.state(weights)
    for step in range(1, 4000):
        optimizer.update(weights, 2 * weights, state, 0.05, step)
    assert np.abs(weights).max() < 0.1


@pytest.mark.parametrize("name", vocabulary("optim"))
def test_a_large_network_moves_as_a_small_one(name: str) -> None:
    """Weights move by themselves, wherever a block ends."""
    optimizer = vocabulary("optim")[name](lr=0.05)
    weights = np.linspace(-1, 1, 2 * BLOCK + 3)
    parts = np.split(weights.copy(), [1000, BLOCK + 1])
    state, states = optimizer.state(weights), [optimizer.state(part) for part in parts]
    for step in (1, 2):
        optimizer.update(weights, np.cos(weights), state, 0.05, step)
        for part, own in zip(parts, states, strict=True):
            optimizer.update(part, np.cos(part), own, 0.05, step)
    np.testing.assert_array_equal(weights, np.concatenate(parts))
