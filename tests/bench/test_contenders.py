"""What is measured against each other does the same work."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tuicnn.bench.material import MOST_BYTES, material, unaugmented
from tuicnn.bench.ours import Ours, sgemm
from tuicnn.bench.turns import again, median_times
from tuicnn.data import DataError, DataSpec
from tuicnn.language import check
from tuicnn.language.plan import Plan

NET = """
data:     mnist limit=700 val=100
augment:  shift=2
loss:     cross_entropy smoothing=0.1
optim:    {optimizer}
schedule: onecycle
train:    epochs=2 batch=100

conv 4 3x3 pad=same bias=false -> batchnorm -> relu -> maxpool 2
residual {{ conv 4 3x3 pad=1 }} -> multiply {{ identity | channelmaxpool -> sigmoid }} -> flatten -> dense 10
"""


def plan_of(optimizer: str = "sgd lr=0.1") -> Plan:
    plan = check(NET.format(optimizer=optimizer)).plan
    assert plan is not None
    return unaugmented(plan)


@pytest.mark.parametrize("optimizer", ["sgd lr=0.01 momentum=0.9 decay=1e-3", "adam lr=3e-3", "rmsprop lr=1e-3"])
def test_all_sides_learn_the_same_from_the_same_images(optimizer: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (it is the extra `bench`)")
    from tuicnn.bench.theirs import Images, Theirs

    plan = plan_of(optimizer)
    dataset, own = material(plan)
    assert own
    sides = [Ours(plan, dataset, 1)] + [
        Theirs(plan, dataset, Images(dataset, channels_last=last)) for last in (False, True)
    ]
    losses = [[side.sample_loss()] for side in sides]
    for _ in range(10):
        for side, found in zip(sides, losses, strict=True):
            assert side.train() == 100
            found.append(side.sample_loss())
    assert losses[0][0] > losses[0][-1] + 0.1
    for other in losses[1:]:
        assert other == pytest.approx(losses[0], rel=2e-3)


def test_every_layer_is_timed() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (it is the extra `bench`)")
    from tuicnn.bench.theirs import Images, Theirs

    plan = plan_of()
    dataset, _ = material(plan)
    for side in (Ours(plan, dataset, 1), Theirs(plan, dataset, Images(dataset, channels_last=True))):
        times = dict(zip((node.name for node in plan.nodes), median_times(side, 0.0), strict=True))
        before = side.sample_loss()
        assert all(forward > 0 for forward, _ in times.values())
        assert all(times[name][1] > 0 for name in ("conv1", "batchnorm1", "maxpool1", "conv2", "dense1"))
        side.layer_times()
        assert side.sample_loss() != before  # what is timed is a step that trains


def test_every_image_is_evaluated_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.bench.ours.CHUNK", 512)
    plan = plan_of()
    dataset, _ = material(plan)
    count = len(dataset.train_images)
    ours = Ours(plan, dataset, 1)
    evaluated = [ours.evaluate(), ours.evaluate(), ours.evaluate()]
    assert evaluated[0] + evaluated[1] == count
    assert evaluated[2] == evaluated[0]


@dataclass(frozen=True, kw_only=True)
class Elsewhere(DataSpec):
    """A data set that is not on this machine."""

    def find(self) -> None:
        raise DataError("it is not here")


def test_random_images_where_the_data_is_not_here() -> None:
    plan = check("conv 2 3x3 -> flatten -> dense 5", input=(3, 20, 10), classes=5).plan
    assert plan is not None
    dataset, own = material(replace(plan, data=Elsewhere()))
    assert not own
    assert dataset.train_images.shape[1:] == (20, 10, 3)
    assert dataset.train_images.dtype == np.uint8
    assert set(dataset.train_labels) == set(range(5))
    assert dataset.train_images.size * 4 <= MOST_BYTES


def test_a_turn_lasts_as_long_as_it_should() -> None:
    done = []

    def work() -> int:
        done.append(1)
        return 10

    assert again(work, 0.0) > 0
    assert len(done) == 2  # one that does not count, and one that does


def test_sgemm_is_a_speed() -> None:
    one = sgemm(1, 0.0, size=64)
    assert 1e6 < one < 1e14
