"""Averages of the weights over the steps: what a run evaluates and keeps, while the live weights are trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tuicnn import sharding
from tuicnn.language import check
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.specimen import SpecimenState
from tuicnn.plain import averaging
from tuicnn.training.divergence import DivergedError
from tuicnn.training.trainer import Trainer

NET = """\
data: mnist limit=200 val=50
optim: sgd lr=0.05 momentum=0.9 nesterov=true decay=0.01
train: epochs=2 batch=40 seed=3 {average}
conv 2 3x3 stride=2 bias_rate=4 -> batchnorm -> relu -> flatten -> dense 10 freeze=weight
"""
AVERAGES = ("ema=0.8", "lookahead=3", "lookahead=2 alpha=0.3", "lookahead=3 alpha=falling")


def trainer_of(average: str, threads: int = 1) -> Trainer:
    plan = check(NET.format(average=average)).plan
    assert plan is not None
    return Trainer(plan, plan.data.load(), threads=threads)


def advanced(average: str, steps: int, threads: int = 1) -> Trainer:
    trainer = trainer_of(average, threads)
    try:
        for _ in range(steps):
            trainer.advance()
    finally:
        trainer.close()
    return trainer


@pytest.mark.parametrize("average", AVERAGES)
def test_an_average_is_as_its_definition_over_pytorchs_steps(average: str) -> None:
    torch: Any = pytest.importorskip("torch")
    from tuicnn.bench.twin import twin
    from tuicnn.bench.twin_training import groups_of, loss_of, optimizer_of, set_rate

    trainer = trainer_of(average)
    plan, train = trainer.plan, trainer.plan.train
    theirs = twin(plan)
    theirs.load_state_dict(trainer.network.state_dict())
    optimizer, loss = optimizer_of(plan.optimizer, groups_of(plan, theirs)), loss_of(plan.loss)
    averages = theirs.state_dict()
    for step in range(8):
        images, labels = trainer.batches.make(*divmod(step, trainer.steps_per_epoch))
        set_rate(optimizer, plan, step, trainer.steps_per_epoch)
        optimizer.zero_grad()
        loss(theirs.module(torch.tensor(images.transpose(2, 3, 0, 1).copy())), torch.tensor(labels)).backward()
        optimizer.step()
        live = theirs.state_dict()
        for name, w in live.items():
            if train.ema:
                averages[name] = averaging.ema(averages[name], w, step + 1, decay=train.ema)
            elif train.lookahead:
                averages[name], live[name] = averaging.lookahead(
                    averages[name], w, step + 1, trainer.steps, every=train.lookahead, alpha=train.alpha or 0.5
                )
        theirs.load_state_dict(live)
        trainer.advance()
    for name, array in trainer.network.state_dict().items():
        np.testing.assert_allclose(array, averages[name], atol=2e-5, err_msg=name)
    assert trainer.averaging is not None
    for name, array in trainer.averaging.named().items():
        np.testing.assert_allclose(array, live[name.removesuffix("/live")], atol=2e-5, err_msg=name)


def test_averaging_changes_no_bit_of_what_a_running_mean_is_taken_of() -> None:
    plain, averaged = advanced("", 6), advanced("ema=0.8", 6)
    assert averaged.averaging is not None
    live = averaged.averaging.named()
    for name, array in plain.network.state_dict().items():
        assert array.tobytes() == live[f"{name}/live"].tobytes()
        assert name == "dense1.weight" or array.tobytes() != averaged.network.state_dict()[name].tobytes()


@pytest.mark.processes
@pytest.mark.parametrize("average", AVERAGES[::3])
def test_processes_change_no_bit(average: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "SMALL_BATCH", 0)
    one, two = advanced(average, 7), advanced(average, 7, threads=2)
    assert one.network.store.flat.tobytes() == two.network.store.flat.tobytes()
    assert one.averaging is not None
    assert two.averaging is not None
    for name, array in one.averaging.named().items():
        assert array.tobytes() == two.averaging.named()[name].tobytes()
    assert one.evaluate_some("test", 0, 300).loss == two.evaluate_some("test", 0, 300).loss


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_the_next_step_opens_with_the_bits_of_the_average_and_of_the_live_weight(average: str, steps: int) -> None:
    trainer = advanced(average, steps)
    state = SpecimenState.of(trainer, PinnedImage(), next_step=True)
    specimen = state.specimen()
    trainer.advance()
    assert trainer.averaging is not None
    after = trainer.network.state_dict() | trainer.averaging.named()
    for name, index in (("conv1.weight", (1, 0, 2, 1)), ("conv1.bias", (0,)), ("dense1.weight", (4, 9))):
        for target in (name, f"{name}/live"):
            found = specimen.explain(f"step {target}{list(index)}")
            assert found.engine == after[target][index], target
            assert ("frozen" in found.words) == (name == "dense1.weight")
            assert found.value == pytest.approx(found.engine, rel=1e-4, abs=1e-6)
        assert "trained" in specimen.explain(f"{name}/live{list(index)}").words
        for target in (name, f"{name}/live"):
            for part in specimen.explain(f"step {target}{list(index)}").parts:
                assert part.address is not None
                assert specimen.explain(part.address).value == pytest.approx(part.value, rel=1e-4, abs=1e-6)


def test_a_step_that_diverges_leaves_average_and_live_weights_as_they_were() -> None:
    trainer = advanced("ema=0.8", 2)
    assert trainer.averaging is not None
    before, live = trainer.network.state_dict(), {n: a.copy() for n, a in trainer.averaging.named().items()}
    trainer.rate_factor = 1e60
    with pytest.raises(DivergedError):
        trainer.advance()
    for name, array in (trainer.network.state_dict() | trainer.averaging.named()).items():
        assert array.tobytes() == (before | live)[name].tobytes(), name


def test_what_cannot_be_averaged_is_told() -> None:
    told = check("train: ema=0.9 lookahead=5\nflatten -> dense 10").diagnostics[0]
    assert "averages weights by ema or by lookahead, not by both" in told.message
    idle = check("train: alpha=falling\nflatten -> dense 10").diagnostics[0]
    assert idle.message == "alpha changes nothing without lookahead"
    wrong = check("train: ema=1 lookahead=-1 alpha=rising\nflatten -> dense 10").diagnostics
    assert [d.message for d in wrong] == [
        "`ema` of train must be a number above 0 and below 1, not 1",
        "`lookahead` of train must be a whole number from 1 to 1000000, not -1",
        "`alpha` of train must be a number above 0 and at most 1 or falling, not rising",
    ]
    plan = check("train: lookahead=5\nflatten -> dense 10").plan
    assert plan is not None
    assert replace(plan.train, lookahead=None).averages is False
