"""Whatever carries the messages of a group of processes, a run has the same bits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.messages import ranks
from tuicnn import sharding
from tuicnn.engine.groups.group import ProcessGroup
from tuicnn.language import check
from tuicnn.training.trainer import Trainer

#: with a layer that must know the whole batch, and batches of several shards
NET = """\
data: mnist limit=200 val=50
train: epochs=2 batch=64 seed=3
optim: adam
conv 4 3x3 -> batchnorm -> relu -> maxpool 2 -> dropout 0.3 -> flatten -> dense 10
"""


def life(group: ProcessGroup) -> Any:
    """A short training, as each process of a group lives it; in the leader the bits at its end."""
    plan = check(NET).plan
    assert plan is not None
    trainer = Trainer(plan, plan.data.load(), group=group)
    if group.rank:
        return None
    try:
        steps = [trainer.advance() for _ in range(5)]
        store = trainer.network.store
        found = trainer.evaluate_some("test", 0, 300)
        said = found.predictions.tolist(), found.confidences.tolist(), found.truths.tolist()
        return steps, found.loss_sum, found.correct, said, store.flat.tobytes(), store.flat_buffers.tobytes()
    finally:
        trainer.close()


@pytest.mark.parametrize("size", [2, 3])
def test_another_transport_gives_the_same_bits(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "SMALL_BATCH", 0)  # every step is shared
    assert ranks(size, life) == life(ProcessGroup())
