"""Optimizers move weights exactly as PyTorch's do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuicnn.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from tuicnn.words import vocabulary

shares = st.sampled_from([0.0, 0.5, 0.9])
decays = st.sampled_from([0.0, 1e-3, 0.1])
rates = st.floats(1e-4, 0.3)
optimizers = st.one_of(
    st.builds(SGD, lr=rates, momentum=shares, decay=decays),
    st.builds(SGD, lr=rates, momentum=st.just(0.9), nesterov=st.just(True), decay=decays),
    st.builds(Adam, lr=rates, beta1=shares, beta2=st.sampled_from([0.9, 0.999]), decay=decays),
    st.builds(AdamW, lr=rates, decay=decays),
    st.builds(RMSProp, lr=rates, alpha=st.sampled_from([0.5, 0.99]), momentum=shares, decay=decays),
)


def twin(optimizer: Optimizer, weights: Any, torch: Any) -> Any:
    match optimizer:
        case SGD():
            nesterov = optimizer.nesterov and optimizer.momentum > 0
            return torch.optim.SGD(
                [weights], optimizer.lr, momentum=optimizer.momentum, weight_decay=optimizer.decay, nesterov=nesterov
            )
        case Adam() | AdamW():
            made = torch.optim.AdamW if isinstance(optimizer, AdamW) else torch.optim.Adam
            betas = (optimizer.beta1, optimizer.beta2)
            return made([weights], optimizer.lr, betas=betas, eps=optimizer.eps, weight_decay=optimizer.decay)
        case RMSProp():
            return torch.optim.RMSprop(
                [weights],
                optimizer.lr,
                alpha=optimizer.alpha,
                eps=optimizer.eps,
                weight_decay=optimizer.decay,
                momentum=optimizer.momentum,
            )
    raise AssertionError(optimizer)


@given(optimizers)
@settings(max_examples=60, deadline=None)
def test_ten_steps_are_pytorchs(optimizer: Optimizer) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(1)
    ours = random.normal(size=20)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    state, other = optimizer.state(ours), twin(optimizer, theirs, torch)
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
    for step in range(1, 400):
        optimizer.update(weights, 2 * weights, state, 0.05, step)
    assert np.abs(weights).max() < 0.1
