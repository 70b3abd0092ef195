"""Layers that are frozen or learn at a rate of their own: the trainer's steps are PyTorch's, in any processes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuicnn import sharding
from tuicnn.language import check
from tuicnn.language.reference import entries, example_plan
from tuicnn.layers.learning import Learning
from tuicnn.training.trainer import Trainer

HEAD = """\
data: mnist limit=200 val=50
train: epochs=2 batch=64 seed=3
schedule: linear
optim: sgd lr=0.05 momentum=0.9 nesterov=true decay=0.01
"""
#: the first conv but for its bias and the whole dense layer stay; the others have rates of their own
SOME = (
    "conv 3 3x3 stride=2 freeze=weight bias_rate=3 -> batchnorm rate=0.5 bias_rate=8 decay=0.1 -> relu\n"
    "conv 4 3x3 rate=2 decay=30 -> relu -> flatten -> dense 12 freeze=true -> relu -> dense 10\n"
)
#: nothing before the last layer learns, and backward ends there
BACKBONE = (
    "conv 3 3x3 stride=2 freeze=true -> batchnorm freeze=true -> relu -> maxpool 2 -> flatten\n"
    "dense 12 freeze=true -> relu -> dense 10\n"
)


def trained(body: str, threads: int = 1) -> Trainer:
    plan = check(HEAD + body).plan
    assert plan is not None
    trainer = Trainer(plan, plan.data.load(), threads=threads)
    try:
        for _ in range(6):
            trainer.advance()
    finally:
        trainer.close()
    return trainer


@pytest.mark.parametrize("body", [SOME, BACKBONE])
def test_steps_are_pytorchs(body: str) -> None:
    torch: Any = pytest.importorskip("torch")
    from tuicnn.bench.twin import twin
    from tuicnn.bench.twin_training import groups_of, loss_of, optimizer_of, set_rate

    trainer = trained(body)
    plan, begun = trainer.plan, Trainer(trainer.plan, trainer.dataset)
    theirs = twin(plan)
    theirs.load_state_dict(begun.network.state_dict())
    optimizer, loss = optimizer_of(plan.optimizer, groups_of(plan, theirs)), loss_of(plan.loss)
    for step in range(6):
        images, labels = begun.batches.make(*divmod(step, begun.steps_per_epoch))
        set_rate(optimizer, plan, step, begun.steps_per_epoch)
        optimizer.zero_grad()
        loss(theirs.module(torch.tensor(images.transpose(2, 3, 0, 1).copy())), torch.tensor(labels)).backward()
        optimizer.step()
    wanted, first = theirs.state_dict(), begun.network.state_dict()
    for name, array in trainer.network.state_dict().items():
        np.testing.assert_allclose(array, wanted[name], atol=2e-5, err_msg=name)
        assert np.array_equal(array, first[name]) == (name in FROZEN[body]), name


FROZEN = {
    SOME: {"conv1.weight", "dense1.weight", "dense1.bias"},
    BACKBONE: {f"{layer}.{w}" for layer in ("conv1", "batchnorm1", "dense1") for w in ("weight", "bias")},
}


@pytest.mark.processes
@pytest.mark.parametrize("body", [SOME, BACKBONE])
def test_processes_change_no_bit(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "SMALL_BATCH", 0)
    one, two = trained(body), trained(body, threads=2)
    assert one.network.store.flat.tobytes() == two.network.store.flat.tobytes()
    assert one.network.store.flat_buffers.tobytes() == two.network.store.flat_buffers.tobytes()


def test_what_is_frozen_is_not_computed_backward() -> None:
    """Fine-tuning the last layer costs no backward pass through the others."""
    seen: list[str] = []
    trainer = trained(BACKBONE)

    from tuicnn.engine.hooks import StepHook

    class Watch(StepHook):
        def on_backward(self, unit: Any, shard: Any, gradients: Any, seconds: float) -> None:
            seen.append(trainer.plan.nodes[unit.node].name)

    trainer.advance(Watch())
    assert set(seen) == {"dense2"}


def test_every_layer_with_weights_has_a_rate() -> None:
    found = [example_plan(entry).nodes for entry in entries() if entry.family == "layer"]
    weighted = {type(node.layer) for nodes in found for node in nodes if node.parameters}
    assert len(weighted) > 5
    assert all(issubclass(each, Learning) for each in weighted)


def test_what_the_rates_and_freezing_may_be() -> None:
    found = check("conv 8 3x3 freeze=weights rate=0 bias_rate=-1 -> flatten -> dense 10 trainable=false").diagnostics
    said = "\n".join(f"{d.message} {d.help}" for d in found)
    assert "`freeze` of conv must be true, false or weight, not weights" in said
    assert "freeze=weight" in said
    assert "`rate` of conv must be a number above 0" in said
    assert "Did you mean `freeze=true`?" in said
    idle = check("flatten -> dense 8 freeze=true rate=2 -> dense 10 bias=false bias_rate=2").diagnostics
    assert [d.message for d in idle] == [
        "`rate` of dense changes nothing: its weights are frozen",
        "`bias_rate` of dense changes nothing: it has no bias",
    ]
