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

LAYERWISE = [name for name, cls in vocabulary("optim").items() if issubclass(cls, Optimizer) and cls.layerwise]


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
    rate = 1.0 if name == "lars" else 0.05  # it moves by a share of the weights, the trust
    optimizer = vocabulary("optim")[name](lr=rate)
    weights = np.array([1.0, -2.0, 0.5])
    state = optimizer.state(weights)
    for step in range(1, 4000):
        optimizer.update(weights, 2 * weights, state, rate, step)
    assert np.abs(weights).max() < 0.1


@pytest.mark.parametrize("name", [name for name in vocabulary("optim") if name not in LAYERWISE])
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


@pytest.mark.parametrize("name", LAYERWISE)
def test_a_layer_of_any_size_moves_by_the_same_share(name: str) -> None:
    """The norm goes over all blocks of the array; ten times the weights and gradients move ten times as far."""
    optimizer = vocabulary("optim")[name](lr=0.05, decay=0.0)
    start = np.linspace(-1, 1, 2 * BLOCK + 3)
    moved = []
    for size in (1.0, 10.0):
        weights = size * start
        optimizer.update(weights, size * np.cos(start), optimizer.state(weights), 0.05, 1)
        moved.append((weights - size * start) / size)
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-4)
