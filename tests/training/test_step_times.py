"""Where the time of a step goes: the layers, the optimizer, the waits and the rest make the whole step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import NET, made_data
from tuicnn.engine import executor
from tuicnn.engine.groups import forked
from tuicnn.engine.hooks import StepProfile
from tuicnn.language import check
from tuicnn.training import inspection, trainer
from tuicnn.training.inspection import MEASURED, Inspector
from tuicnn.training.meter import Waits
from tuicnn.training.trainer import Trainer


class Clock:
    """Goes on by some seconds each time it is looked at."""

    now, tick = 0.0, 0.001

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (executor, inspection, forked, trainer):
        monkeypatch.setattr(module, "perf_counter", made)
    return made


def a_trainer(folder: Path) -> Trainer:
    plan = check(NET.format(data=made_data(folder), optim="optim: adam lr=0.001")).plan
    assert plan is not None
    return Trainer(plan, plan.data.load(), threads=1)


def test_the_times_of_a_step_add_up_to_what_it_takes(tmp_path: Path, clock: Clock) -> None:
    made, views = a_trainer(tmp_path), Inspector()
    views.figures()
    before = clock.now
    views.advance(made)
    took = 1000 * (clock.now - before)
    figures = views.figures()
    assert figures is not None
    assert np.isnan(figures.waiting)  # there is nobody to wait for
    parts = float(figures.milliseconds.sum()) + figures.optimizer + figures.rest
    assert parts == pytest.approx(figures.step)
    assert figures.step == pytest.approx(took, abs=2 * 1000 * clock.tick + 1e-3)


def test_one_slow_step_does_not_move_the_times(tmp_path: Path, clock: Clock) -> None:
    made, views = a_trainer(tmp_path), Inspector()
    seen = []
    for number in range(MEASURED):
        clock.tick = 1.0 if number == MEASURED - 1 else 0.001
        views.figures()
        views.advance(made)
        figures = views.figures()
        assert figures is not None
        seen.append(figures.step)
    assert seen[-1] == pytest.approx(seen[0], rel=0.2)


def test_the_milliseconds_of_each_layer_are_the_median_of_its_seconds(tmp_path: Path) -> None:
    made, views = a_trainer(tmp_path), Inspector()
    layers, spreads = np.arange(1, len(made.plan.nodes) + 1), [9.0, 1.0, 1.5]  # the mean is far from 1.5

    def advance(profile: StepProfile) -> tuple[float, float, int]:
        spread = spreads.pop()
        profile.forward_seconds[:] = 0.001 * layers * spread
        profile.backward_seconds[:] = 0.002 * layers * spread
        profile.optimizer_seconds = 0.007 * spread
        return 0.0, 0.0, 1

    made.advance = advance  # type: ignore[method-assign, assignment]
    while spreads:
        views.figures()
        views.advance(made)
    figures = views.figures()
    assert figures is not None
    np.testing.assert_allclose(figures.milliseconds, 3 * layers * 1.5, rtol=1e-6)
    assert figures.optimizer == pytest.approx(7 * 1.5)


def test_time_spent_waiting_for_others_is_told_apart(tmp_path: Path, clock: Clock) -> None:
    made, views = a_trainer(tmp_path), Inspector()
    made.group.size = 2  # the other one does nothing, and is waited for
    advance = made.network.forward_backward

    def step(*given: object, **named: object) -> object:
        clock.now += 0.25
        made.group.waited += 0.25
        made.group.active = 1
        return advance(*given, **named)  # type: ignore[arg-type]

    made.network.forward_backward = step  # type: ignore[method-assign, assignment]
    views.figures()
    views.advance(made)
    figures = views.figures()
    assert figures is not None
    assert figures.waiting == pytest.approx(250)
    parts = float(figures.milliseconds.sum()) + figures.optimizer + figures.waiting + figures.rest
    assert parts == pytest.approx(figures.step)


def test_a_team_that_mostly_waits_is_told_of_after_enough_steps() -> None:
    waits = Waits(steps=5)
    said = []
    for _ in range(5):
        waits.add(0.7, 1.0)
        said.append(waits.warning)
    assert said[:-1] == [""] * 4
    assert said[-1] == (
        "the processes wait for each other 70 % of a step: this machine is busy; --threads 1 may be faster"
    )
    for _ in range(5):
        waits.add(0.1, 1.0)
    assert waits.warning == ""
