"""Training on images that are mixed of two: the same in any processes, opened in full, and refused by a focal loss."""

from __future__ import annotations

import numpy as np
import pytest

from tuicnn import sharding
from tuicnn.language import check
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import SpecimenState
from tuicnn.training.trainer import Trainer

NET = """\
data: mnist limit=200 val=50
augment: shift=2 mixup=0.4 cutmix=1
train: epochs=2 batch=64 seed=3
conv 3 3x3 stride=2 -> batchnorm -> relu -> flatten -> dense 10
"""


def trained(threads: int = 1, steps: int = 6) -> Trainer:
    plan = check(NET).plan
    assert plan is not None
    trainer = Trainer(plan, plan.data.load(), threads=threads)
    try:
        for _ in range(steps):
            trainer.advance()
    finally:
        trainer.close()
    return trainer


@pytest.mark.processes
def test_processes_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "SMALL_BATCH", 0)
    one, two = trained(), trained(threads=2)
    assert one.network.store.flat.tobytes() == two.network.store.flat.tobytes()


def test_a_loss_of_a_mixed_image_opens_by_both_classes() -> None:
    trainer = trained(steps=2)
    state = SpecimenState.of(trainer, PinnedImage(0), next_step=True)
    assert state.batch is not None
    assert state.batch.labels.shape == (64, 3)
    specimen = state.specimen()
    one, other, share = state.batch.labels.T
    place = int(np.flatnonzero((one != other) & (share > 0.2) & (share < 0.8))[0])
    found = specimen.explain(f"batch[{place}] loss")
    assert len(found.parts) == 2
    assert found.value == pytest.approx(found.engine, rel=1e-5)
    whole = specimen.explain("batch loss")
    loss, _, _ = trainer.advance()
    assert whole.engine == loss
    assert whole.value == pytest.approx(loss, rel=1e-5)


def test_a_focal_loss_is_told_to_leave_it_out() -> None:
    found = [d for d in check(f"loss: focal\n{NET}").diagnostics if d.severity == "error"]
    assert [d.message for d in found] == [
        "focal takes images of one class each, but mixup mixes those of two",
        "focal takes images of one class each, but cutmix mixes those of two",
    ]
