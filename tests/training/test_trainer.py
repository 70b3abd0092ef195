"""A training step is the gradient of its batch, handed to the optimizer with the schedule's rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import optimizers
from tuicnn.data import Dataset
from tuicnn.language import check
from tuicnn.training.trainer import Trainer

NET = """\
data: mnist limit=200 val=50
train: epochs=2 batch=40 seed=3
schedule: cosine warmup=1
conv 2 3x3 stride=2 -> batchnorm -> relu -> flatten -> dropout 0.2 -> dense 10
"""


@pytest.fixture(scope="module")
def data() -> Dataset:
    plan = check(NET).plan
    assert plan is not None
    return plan.data.load()


@given(optimizer=optimizers(st.floats(1e-4, 0.01)), factor=st.sampled_from([1.0, 0.5]))
@settings(max_examples=8, deadline=None)
def test_steps_are_gradients_and_updates_in_turns(data: Dataset, optimizer: Any, factor: float) -> None:
    plan = check(f"optim: {optimizer}\n{NET}").plan
    assert plan is not None
    ours, other = Trainer(plan, data), Trainer(plan, data)
    ours.rate_factor = factor
    network, flat = other.network, other.network.store.flat
    state = plan.optimizer.state(flat)
    for step in range(7):  # into the second epoch
        epoch, within = divmod(step, 5)
        count = len(other.batches.indices(epoch, within))
        result = network.replay(count, lambda a, b: other.batches.make(epoch, within, a, b), step=step)  # noqa: B023
        rate = plan.optimizer.lr * plan.schedule.scale(step, 5, 2) * factor
        assert ours.learning_rate == pytest.approx(rate)
        network.update_running_stats(result.batch_statistics)
        network.parameter_groups.update(flat, result.gradient, state, rate, step + 1)
        assert ours.advance() == (result.loss, result.correct / count, count)
    assert (ours.step, ours.steps) == (7, 10)
    for name, array in ours.network.state_dict().items():
        np.testing.assert_array_equal(array, network.state_dict()[name])


def test_an_evaluation_is_over_all_images_of_its_split(data: Dataset) -> None:
    plan = check(NET).plan
    assert plan is not None
    trainer = Trainer(plan, data)
    images = (data.test_images[:1100].transpose(0, 3, 1, 2) / 255 - data.mean) / data.std
    trainer.dataset = replace(data, test_images=data.test_images[:1100], test_labels=data.test_labels[:1100])
    z, labels = trainer.network.forward(images), data.test_labels[:1100]
    shares: list[float] = []

    def on_progress(share: float) -> bool:
        shares.append(share)
        return True

    found = trainer.evaluate("test", on_progress)
    assert found is not None
    assert found.loss == pytest.approx(plan.loss.forward(z, labels).mean(), rel=1e-5)
    assert found.accuracy == np.mean(z.argmax(axis=1) == labels)
    assert found.predictions.tolist() == z.argmax(axis=1).tolist()
    p = plan.loss.probabilities(z)
    np.testing.assert_allclose(found.confidences, p.max(axis=1), rtol=1e-4)
    np.testing.assert_allclose(found.truths, p[np.arange(1100), labels], rtol=1e-3)
    assert shares == [0, 1024 / 1100]
    assert trainer.evaluate("test", lambda share: share == 0) is None
