"""A run ends early where validation brings nothing better, and its rate falls on a plateau; also resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.runs.small import of
from tests.training.test_session import session
from tuicnn.engine.evaluation import Evaluation
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import CheckpointReason, ResumeState
from tuicnn.training.events import End, Epoch, RateChanged, State
from tuicnn.training.session import Session
from tuicnn.training.trainer import Trainer

NET = """\
data: mnist limit=100 val=50
train: epochs=9 batch=50 seed=3 patience=3
schedule: plateau patience=1 factor=0.5
optim: sgd lr=0.1
flatten -> dense 10
"""
#: of each epoch: how much of the validation images is right, and the loss
VALIDATION = [(0.5, 2.0), (0.7, 1.0), (0.6, 1.5), (0.7, 1.2), (0.65, 1.1), (0.9, 0.5)]


@pytest.fixture(autouse=True)
def validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation says what `VALIDATION` says; the steps are real."""
    evaluate = Trainer.evaluate

    def scripted(self: Trainer, split: Any, on_progress: Any) -> Evaluation | None:
        found = evaluate(self, split, on_progress)
        if split != "validation" or found is None:
            return found
        right, loss = VALIDATION[self.step // self.steps_per_epoch - 1]
        return replace(found, loss_sum=loss * len(found.predictions), correct=round(right * len(found.predictions)))

    monkeypatch.setattr(Trainer, "evaluate", scripted)


def test_a_run_ends_after_so_many_epochs_without_a_better_one() -> None:
    made, events = session(NET)
    assert made.run() is State.DONE
    (end,) = of(events, End)
    assert [epoch.epoch for epoch in of(events, Epoch)] == [1, 2, 3, 4, 5]  # the fourth is as good as the second
    assert end.message == "Ended early, after epoch 5: none after epoch 2 was better on the validation images."
    assert end.test_accuracy is not None
    assert (end.best_epoch, end.best_val_accuracy) == (2, 0.7)


def test_the_rate_falls_on_a_plateau_and_is_told() -> None:
    made, events = session(NET)
    made.run()
    assert [(event.step, event.factor) for event in of(events, RateChanged)] == [(8, 0.5)]
    assert of(events, RateChanged)[0].learning_rate == pytest.approx(0.05)


@pytest.mark.parametrize("at", [3, 7, 8, 10])
def test_a_run_that_goes_on_anywhere_ends_as_the_whole_one(at: int) -> None:
    """Also at the end of the epoch after which the rate falls, and of the last one, where only the test is left."""
    whole, _ = session(NET)
    kept: list[Checkpoint] = []

    def offer(reason: CheckpointReason) -> bool:
        checkpoint = whole.checkpoint()
        if checkpoint.step == at and reason in (CheckpointReason.STEP, CheckpointReason.EPOCH):
            kept[:] = [replace(checkpoint, arrays={n: a.copy() for n, a in checkpoint.arrays.items()})]
        return False

    whole._offer = offer
    whole.run()
    epochs = whole.history(0, 0).epochs[: kept[0].epochs]
    resumed = Session(whole.plan, threads=1, resume_from=ResumeState(kept[0], True, [(1.0, 0.5)] * at, epochs))
    assert resumed.run() is State.DONE
    assert resumed.progress().message == whole.progress().message
    assert resumed.progress().learning_rate == whole.progress().learning_rate
    assert resumed.network is not None
    assert whole.network is not None
    for name, array in resumed.network.state_dict().items():
        assert array.tobytes() == whole.network.state_dict()[name].tobytes()
