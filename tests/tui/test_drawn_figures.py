"""Figures on the screen, each told apart from the others, against what they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.drawn import drawn, unhurried
from tests.worker.fake_feed import OVERVIEW
from tuicnn.display.terminal import TerminalProfile
from tuicnn.training.events import State
from tuicnn.training.progress import Progress
from tuicnn.tui.widgets.chart import Chart, Series
from tuicnn.tui.widgets.status import Status
from tuicnn.worker.snapshot import Snapshot


def status(progress: Progress, width: int = 170) -> list[str]:
    widget = Status(TerminalProfile(colours="none"))
    widget.show(Snapshot(OVERVIEW, progress))
    return drawn(widget, width, 2)


def test_each_number_of_the_status_stands_under_its_name() -> None:
    progress = Progress(
        State.TRAINING,
        epoch=2,
        step=1800,
        steps=2580,
        seconds=83.0,
        eta=47.0,
        images_per_second=12_345.0,
        learning_rate=0.025,
        train_loss=0.125,
        train_accuracy=0.75,
        val_accuracy=0.625,
        best_val_accuracy=0.875,
        best_epoch=1,
        val_loss=0.375,
    )
    state, numbers = (" ".join(line.split()) for line in status(progress))
    assert "0:47 left" in state
    for said in (
        "step 1,800",
        "loss 0.125",
        "accuracy 75.0%",
        "validation 62.5% (best 87.5% in epoch 1)",
        "images/s 12,345",
        "learning rate 0.025",
        "trained 1:23",
    ):
        assert said in numbers


@given(st.integers(0, 2579))
@unhurried
def test_the_bars_of_the_status_are_as_long_as_what_is_done_of_the_epoch_and_of_the_run(step: int) -> None:
    (line,) = status(Progress(State.TRAINING, epoch=step // 860, step=step, steps=2580))[:1]
    rest = line.split(f"epoch {1 + step // 860}/3", 1)[1]
    for bar, share in zip(rest.split("run", 1), (step % 860 / 860, step / 2580), strict=True):
        full = bar.count("━")
        empty = bar.count(TerminalProfile().glyphs.rail)
        assert full + empty > 3
        assert abs(full - share * (full + empty)) <= 0.501
        assert float(bar.split("%")[0].split()[-1]) == pytest.approx(100 * share, abs=1.01)


@given(st.lists(st.integers(0, 10), min_size=3, max_size=3, unique=True))
@unhurried
def test_a_point_stands_in_the_column_and_the_row_of_its_value(values: list[int]) -> None:
    """Between the lowest and the highest, which stand where the axis has their numbers."""
    widget = Chart(TerminalProfile(), "loss")
    y = np.array([0.0, *values, 10.0])
    x = np.array([0.0, 25.0, 50.0, 75.0, 100.0])
    widget.show([Series("v", x, y, "points")])
    cells = [
        (column, row)
        for row, line in enumerate(drawn(widget, 80, 30)[1:])
        for column, character in enumerate(line)
        if character == "●"
    ]
    (left, bottom), *middle, (right, top) = sorted(cells)
    assert top < bottom
    for (column, row), at, value in zip(middle, x[1:-1], values, strict=True):
        assert column == pytest.approx(left + (right - left) * at / 100, abs=1)
        assert row == pytest.approx(bottom + (top - bottom) * value / 10, abs=1)


def test_the_best_epoch_is_not_told_before_there_is_one() -> None:
    progress = Progress(State.TRAINING, step=3, steps=2580)
    assert "best" not in status(progress)[1]
    assert (
        "best 50.0% in epoch 2" in status(replace(progress, val_accuracy=0.4, best_val_accuracy=0.5, best_epoch=2))[1]
    )
