"""The speed and the loss beside the bar of `tuicnn train`, by a clock that is known."""

from __future__ import annotations

import io

import pytest

from tuicnn.cli.output import train
from tuicnn.training.events import End, Epoch, Start, State, Step

START = Start(
    net="mnist",
    parameters=39,
    train_images=45,
    val_images=14,
    data="mnist",
    optimizer="sgd lr=0.1",
    batch=20,
    threads=1,
    steps_per_epoch=3,
    epochs=2,
)
EPOCH = Epoch(1, 3, 1.0, 0.5, 1.0, 0.5, 10.0, 1.0)


def test_the_lines_of_an_epoch_and_of_the_end_say_each_figure_by_its_name() -> None:
    told = Epoch(2, train_loss=1.25, val_loss=2.5, val_accuracy=0.375, images_per_second=4321.0, seconds=65.0)
    assert train.line_of(told, 12) == (
        "epoch  2/12: training loss 1.2500, validation loss 2.5000, accuracy 37.50%; 4,321 images/s, 1 min 05 s"
    )
    end = End(State.DONE, test_accuracy=0.625, test_loss=3.75, seconds=7800.0, best_val_accuracy=0.875, best_epoch=1)
    assert train.line_of(end, 12) == "test accuracy 62.50%, test loss 3.7500, after 2 h 10 min of training"
    assert train.line_of(End(State.STOPPED, step=1234), 12) == "stopped after step 1,234"


def test_the_loss_of_a_plain_line_is_the_mean_of_the_steps_since_the_line_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    lines = train.PlainLines(stream)
    lines(START)
    for number, loss in enumerate((1.0, 2.0, 6.0, 4.0, 8.0, 5.0), 1):
        now[0] += 6.0  # every second step a line is due
        lines(Step(number, loss))
        if number == 4:
            lines(EPOCH)
    said = [line for line in stream.getvalue().splitlines() if line.startswith("step")]
    assert said == [
        "step 2 of 6: training loss 1.5000",
        "step 4 of 6: training loss 5.0000",
        "step 6 of 6: training loss 6.5000",
    ]
