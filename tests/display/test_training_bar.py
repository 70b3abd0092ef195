"""The speed and the loss beside the bar of a training, by a clock that is known."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.cli.test_train_figures import EPOCH, START
from tuicnn.display.training_bar import TrainingBar
from tuicnn.training.events import Event, Paused, Step, Unpaused


def test_the_speed_counts_each_image_once_and_only_the_time_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    bar = TrainingBar(Console(file=io.StringIO(), width=100))

    def pass_by(seconds: float, event: Event) -> None:
        now[0] += seconds
        bar(event)

    try:
        pass_by(9.0, START)  # data is read
        for number in (1, 2, 3):
            pass_by(0.5, Step(number, 1.0 + number))
        pass_by(7.0, EPOCH)  # after its validation
        pass_by(0.5, Step(4, 5.0))
        pass_by(0.0, Paused(4))
        pass_by(60.0, Unpaused(4))
        pass_by(0.5, Step(5, 6.0))
        (task,) = bar._progress.tasks
    finally:
        bar.close()
    assert task.fields["speed"] == f"{(20 + 20 + 5 + 20 + 20) / 2.5:,.0f} images/s"
    loss = 2.0
    for later in (3.0, 4.0, 5.0, 6.0):
        loss = 0.98 * loss + 0.02 * later
    assert task.fields["loss"] == f"loss {loss:.4f}"
    assert (task.completed, task.total, task.description) == (5, 6, "epoch 2")
