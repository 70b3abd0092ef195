"""The speed and the loss beside the bar of `tuicnn train`, by a clock that is known."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from tuicnn.console import train

START = {
    "event": "start",
    "net": "mnist",
    "parameters": 39,
    "train_images": 45,
    "val_images": 14,
    "data": "mnist",
    "optimizer": "sgd lr=0.1",
    "batch": 20,
    "threads": 1,
    "seed": 0,
    "steps_per_epoch": 3,
    "epochs": 2,
}
EPOCH = {
    "event": "epoch",
    "epoch": 1,
    "train_loss": 1.0,
    "val_loss": 1.0,
    "val_accuracy": 0.5,
    "images_per_second": 10.0,
    "seconds": 1.0,
}


def test_the_speed_counts_each_image_once_and_only_the_time_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    display = train.ProgressDisplay(Console(file=io.StringIO(), width=100))

    def pass_by(seconds: float, event: dict[str, Any]) -> None:
        now[0] += seconds
        display(event)

    def step(number: int) -> dict[str, Any]:
        return {"event": "step", "step": number, "loss": 1.0 + number, "accuracy": 0.5}

    try:
        pass_by(9.0, START)  # data is read
        for number in (1, 2, 3):
            pass_by(0.5, step(number))
        pass_by(7.0, EPOCH)  # after its validation
        pass_by(0.5, step(4))
        pass_by(0.0, {"event": "paused", "step": 4})
        pass_by(60.0, {"event": "unpaused", "step": 4})
        pass_by(0.5, step(5))
        (task,) = display._progress.tasks
    finally:
        display.close()
    assert task.fields["speed"] == f"{(20 + 20 + 5 + 20 + 20) / 2.5:,.0f} images/s"
    loss = 2.0
    for later in (3.0, 4.0, 5.0, 6.0):
        loss = 0.98 * loss + 0.02 * later
    assert task.fields["loss"] == f"loss {loss:.4f}"
    assert (task.completed, task.total, task.description) == (5, 6, "epoch 2")
