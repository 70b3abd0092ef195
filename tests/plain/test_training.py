"""Losses and optimizers compute what the slow twins say."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain.strategies import FEW, normals
from tests.strategies import losses, optimizers
from tuicnn import plain
from tuicnn.losses import Loss
from tuicnn.optimizers import Optimizer, clip_factor, norm
from tuicnn.vocabulary import arguments, info


@FEW
@given(st.data(), st.integers(1, 5), st.integers(1, 5), st.integers(0, 100))
def test_a_loss_is_its_twin(data: st.DataObject, count: int, outputs: int, seed: int) -> None:
    """The twin has the loss's name or another that it is called by."""
    loss: Loss = data.draw(losses(outputs).filter(lambda made: outputs > 1 or 1 in made.outputs(2)))
    options = {a.name: getattr(loss, a.name) for a in arguments(loss)}
    about = info(loss)
    twin = next(word for word in (about.name, *about.aliases) if hasattr(plain, word))
    z, labels = normals(seed, count, outputs), np.random.default_rng(seed).integers(0, max(2, outputs), count)
    value = getattr(plain, twin)(z, labels.tolist(), **options)
    assert loss.forward(z, labels).mean() == pytest.approx(value, rel=1e-12)
    gradient = getattr(plain, f"{twin}_backward")(z, labels.tolist(), **options)
    np.testing.assert_allclose(loss.backward(z, labels, count), gradient, rtol=1e-10, atol=1e-14)


@FEW
@given(optimizers(st.floats(1e-4, 0.3)), st.integers(0, 100))
def test_ten_steps_of_an_optimizer_are_its_twins(optimizer: Optimizer, seed: int) -> None:
    """The weights and what is kept from step to step; for one weight as a number as for all of them as an array."""
    word = type(optimizer).__name__.lower()
    options = {a.name: getattr(optimizer, a.name) for a in arguments(optimizer) if a.name not in ("clip", "exclude")}
    weights = normals(seed, 7)
    kept = optimizer.state(weights)
    twin, state = weights.copy(), [np.zeros(7) for _ in optimizer.state_names]
    single, own = float(weights[3]), [0.0 for _ in optimizer.state_names]
    for t in range(1, 11):
        gradient = normals(seed + t, 7)
        number = [t] if "t" in inspect.signature(getattr(plain, word)).parameters else []
        twin, *state = getattr(plain, word)(twin, gradient, *state, *number, **options)
        if not optimizer.layerwise:
            single, *own = getattr(plain, word)(single, float(gradient[3]), *own, *number, **options)
        optimizer.update(weights, gradient, kept, optimizer.lr, t)
    np.testing.assert_allclose(twin, weights, rtol=1e-9, atol=1e-12)
    assert optimizer.layerwise or single == pytest.approx(twin[3], rel=1e-12)
    for name, ours in zip(optimizer.state_names, state, strict=True):
        if name != "momentum" or options["momentum"]:  # without momentum nothing is kept of the last step
            np.testing.assert_allclose(ours, kept[name], rtol=1e-9, atol=1e-12)


@FEW
@given(st.floats(1e-3, 10), st.integers(1, 4), st.integers(0, 100))
def test_gradients_are_clipped_together_as_the_twin_does(clip: float, arrays: int, seed: int) -> None:
    gradients = [normals(seed + k, k + 1) for k in range(arrays)]
    factor = clip_factor(norm(np.concatenate(gradients)), clip)
    for ours, theirs in zip(gradients, plain.clip_grad_norm(gradients, clip), strict=True):
        np.testing.assert_allclose(factor * ours, theirs, rtol=1e-12)
    after = norm(factor * np.concatenate(gradients))
    assert after == pytest.approx(min(clip, norm(np.concatenate(gradients))), rel=1e-3)
