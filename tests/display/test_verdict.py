"""What is said of a run's state and end."""

from __future__ import annotations

import pytest

from tests.worker.fake_feed import OVERVIEW
from tuicnn.display.verdict import epoch_of, verdict
from tuicnn.training.events import State
from tuicnn.training.progress import Progress


@pytest.mark.parametrize(
    ("state", "epoch", "step", "expected"),
    [
        (State.TRAINING, 0, 0, (1, 0.0)),
        (State.TRAINING, 0, 430, (1, 0.5)),
        (State.TRAINING, 0, 860, (1, 1.0)),
        (State.VALIDATING, 0, 860, (1, 1.0)),
        (State.TRAINING, 1, 860, (2, 0.0)),
        (State.PAUSED, 1, 860, (2, 0.0)),
        (State.TESTING, 3, 2580, (3, 1.0)),
        (State.DONE, 3, 2580, (3, 1.0)),
    ],
)
def test_the_epoch_is_the_one_that_is_being_trained(
    state: State, epoch: int, step: int, expected: tuple[int, float]
) -> None:
    assert epoch_of(Progress(state, epoch=epoch, step=step), OVERVIEW) == expected


def test_a_run_says_honestly_how_it_ended() -> None:
    assert "97.83% of the 10,000 test images are right" in verdict(
        Progress(State.DONE, test_accuracy=0.97829), OVERVIEW
    )
    assert "not read" in verdict(Progress(State.STOPPED, step=12, steps=99), OVERVIEW)
    assert "NaN" in verdict(Progress(State.DIVERGED, step=12), OVERVIEW)
    assert verdict(Progress(State.FAILED, message="The disk is full."), OVERVIEW) == "The disk is full."
