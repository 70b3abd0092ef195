"""The course of a run: every step while there are few, means of steps when there are many, in memory that stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.language import check
from tuicnn.training import meter
from tuicnn.training.meter import WINDOW, HistoryRecorder, Throughput, WaitTimes, seconds_to_go


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "POINTS", 8)


def recorded(values: list[float]) -> HistoryRecorder:
    recorder = HistoryRecorder()
    for value in values:
        recorder.add(value, 1 - value)
    return recorder


@given(st.lists(st.floats(0, 1, width=32), max_size=100))
def test_a_point_is_the_mean_of_its_steps(values: list[float]) -> None:
    history = recorded(values).since(0, 0)
    count = len(values) // history.stride
    assert len(history.losses) == len(history.accuracies) == count <= 8
    means = np.array(values[: count * history.stride]).reshape(count, history.stride).mean(axis=1)
    np.testing.assert_allclose(history.losses, means, atol=1e-6)
    np.testing.assert_allclose(history.accuracies, 1 - means, atol=1e-6)
    # no more is given up than has to be
    assert history.stride == 1 or len(values) > 4 * history.stride


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_pieces_make_the_whole(pieces: list[int]) -> None:
    """Whoever asks now and then, and thins what is had already, has what one who asks at the end gets."""
    recorder, losses, stride, number = HistoryRecorder(), np.empty(0), 1, 0
    for piece in pieces:
        for _ in range(piece):
            recorder.add(float(number), 0.0)
            number += 1
        new = recorder.since(len(losses) * stride, 0)
        factor = new.stride // stride
        kept = len(losses) // factor
        losses, stride = losses[: kept * factor].reshape(kept, factor).mean(axis=1), new.stride
        losses = np.concatenate([losses[: new.start // stride], new.losses])
    whole = recorder.since(0, 0)
    assert whole.stride == stride
    np.testing.assert_allclose(losses, whole.losses)


def test_what_is_not_known_of_a_step_is_not_known_of_its_point() -> None:
    history = recorded([0.5] * 8 + [float("nan")] + [0.5] * 3).since(0, 0)
    assert history.stride == 2
    assert np.isnan(history.losses).tolist() == [False] * 4 + [True, False]


#: seconds whose sums are exact
_took = st.integers(1, 3000).map(lambda n: n / 1024)


@given(st.lists(st.tuples(_took, st.integers(1, 64)), min_size=1, max_size=40))
def test_the_speed_is_that_of_the_last_steps_that_fill_a_second(steps: list[tuple[float, int]]) -> None:
    speed = Throughput()
    for step in steps:
        speed.add(*step)
    count = next((n for n in range(1, len(steps)) if sum(took for took, _ in steps[-n:]) >= WINDOW), len(steps))
    last = steps[-count:]
    took = sum(seconds for seconds, _ in last)
    assert speed.seconds_per_step == pytest.approx(took / count)
    assert speed.images_per_second == pytest.approx(sum(images for _, images in last) / took)


def test_a_team_that_mostly_waits_is_told_of_after_enough_steps() -> None:
    waits = WaitTimes(steps=5)
    said = []
    for _ in range(5):
        waits.add(0.7, 1.0)
        said.append(waits.warning)
    assert said[:-1] == [""] * 4
    assert said[-1] == ("the processes wait for each other 70% of a step: this machine is busy; 1 thread may be faster")
    for _ in range(5):
        waits.add(0.1, 1.0)
    assert waits.warning == ""


@pytest.mark.parametrize(("test", "views"), [("", 1), ("test: flip=horizontal shift=1\n", 6)])
def test_the_time_left_counts_what_is_evaluated_and_every_view_of_a_test(test: str, views: int) -> None:
    plan = check(f"{test}train: epochs=3\nflatten -> dense 10\n").plan
    data = SimpleNamespace(val_images=range(100), test_images=range(200))
    trainer: Any = SimpleNamespace(dataset=data, plan=plan, steps=30, step=20)
    speed = Throughput()
    speed.add(0.5, 64)

    assert seconds_to_go(trainer, speed, 10.0, 2, 0.0) == 10 * 0.5 + 10 + views * 20
    assert seconds_to_go(trainer, speed, 10.0, 2.5, 0.0) == 10 * 0.5 + 5 + views * 20
    assert meter.seconds_of_test(trainer, 10.0) == views * 20
