"""Images a second and layers' times, by a clock that is known."""

from __future__ import annotations

import pytest

from tuicnn.bench import turns
from tuicnn.bench.results import Figures


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; whatever works moves it."""
    time = [50.0]
    monkeypatch.setattr(turns, "perf_counter", lambda: time[0])
    return time


def test_a_speed_is_of_the_images_and_the_time_after_the_warm_up(now: list[float]) -> None:
    pieces = iter([(1000, 9.0), (20, 0.5), (20, 0.5), (5, 0.25), (20, 0.5), (20, 0.5)])

    def work() -> int:
        images, seconds = next(pieces)
        now[0] += seconds
        return images

    assert turns.again(work, 1.5) == (20 + 20 + 5 + 20) / 1.75


def test_the_speed_of_a_side_is_the_median_of_its_rounds() -> None:
    figures = Figures({"training": [5.0, 1.0, 2.0], "inference": [10.0, 40.0, 30.0]})
    assert (figures.rate("training"), figures.rate("inference")) == (2.0, 30.0)


class Steps:
    """Takes a second for each step; the first layer's times are 99 of the first step, then 4, 1, 0, 1, 4."""

    def __init__(self, now: list[float]) -> None:
        self._now, self.done = now, -1

    def layer_times(self) -> turns.LayerTimes:
        self._now[0] += 1
        self.done += 1
        time = 99.0 if self.done == 0 else float((self.done - 3) ** 2)
        return [(time, 10 * time), (7.0, 0.0)]


def test_the_time_of_a_layer_is_the_median_of_the_steps_after_the_warm_up(now: list[float]) -> None:
    steps = Steps(now)
    assert turns.median_times(steps, 5.0) == [(1.0, 10.0), (7.0, 0.0)]  # type: ignore[arg-type]
    assert steps.done == 5
