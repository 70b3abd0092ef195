"""nets/cifar-94.net trains as the recipe written by hand in PyTorch does: step for step, and in its evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tuicnn.bundled import bundled
from tuicnn.data import Dataset
from tuicnn.language import check
from tuicnn.training.trainer import Trainer

#: a hundredth of the recipe's: at the full rate, rounding grows tenfold with each step
RATE = 0.015


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    """The net as it is but for its batch and its rate, with a few images."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (96, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(96) % 10
    data = Dataset.from_arrays(pixels[:72], labels[:72], val=8, test=(pixels[72:], labels[72:]))
    plan = check((bundled("nets") / "cifar-94.net").read_text(), input=(3, 32, 32), classes=10).plan
    assert plan is not None
    optimizer: Any = plan.optimizer
    slow = replace(optimizer, lr=RATE)
    return Trainer(replace(plan, optimizer=slow, train=replace(plan.train, batch=16, epochs=3)), data)


def test_it_is_the_recipe_that_is_written_by_hand(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    torch: Any = pytest.importorskip("torch")
    from tests.recipes import cifar94_torch as theirs

    assert check((bundled("nets") / "cifar-94.net").read_text()).plan.optimizer.lr == theirs.RATE  # type: ignore[union-attr]
    monkeypatch.setattr(theirs, "RATE", RATE)
    data, ours = trainer.dataset, trainer.network
    torch.manual_seed(0)
    module = theirs.network(theirs.tensors(data, "train")[0])
    # the same filters, but for the sign that the library gives an eigenvector
    mine, others = np.abs(ours.state_dict()["conv1.weight"]), np.abs(module[0].weight.numpy())
    np.testing.assert_allclose(mine, others, rtol=1e-3, atol=1e-3)

    ours.load_state_dict(module.state_dict())
    assert trainer.averaging is not None
    trainer.averaging.begin_again()
    training = theirs.Steps(module, trainer.steps_per_epoch, trainer.steps)
    for step in range(7):
        x, y = trainer.batches.make(*divmod(step, trainer.steps_per_epoch))
        wanted = training.take(torch.tensor(x.transpose(2, 3, 0, 1).copy()), torch.tensor(y))
        assert trainer.advance()[0] == pytest.approx(wanted, rel=1e-3), step

    for entry in (*ours.store.entries, *ours.store.buffer_entries):
        wanted = training.slow[f"{entry.node}.{entry.short}"].numpy()
        np.testing.assert_allclose(ours.state_dict()[entry.name], wanted, rtol=0.02, atol=0.02, err_msg=entry.name)
    module.load_state_dict(training.slow, strict=False)
    found = trainer.evaluate("test", lambda share: True)
    assert found is not None
    assert found.accuracy == theirs.evaluated(module, *theirs.tensors(data, "test"))


def test_rates_are_those_of_the_recipe(trainer: Trainer) -> None:
    pytest.importorskip("torch")
    from tests.recipes import cifar94_torch as theirs

    each, steps, plan = 48, 480, trainer.plan
    for step in range(steps):
        ours = plan.schedule.scale(step, each, 10)
        assert ours == pytest.approx(theirs.rate(step, each, steps))
