"""What is known of each layer, and where the time of a step goes: all of its parts make the whole step."""

from __future__ import annotations

import contextlib
from pathlib import Path

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.runs.small import NET, made_data
from tuicnn.engine import step as engine_step
from tuicnn.engine.groups import forked
from tuicnn.engine.hooks import StepProfile
from tuicnn.errors import UserError
from tuicnn.language import check
from tuicnn.observing.layer_stats import AskLayerStats, LayerStats, usual
from tuicnn.training import measured_steps, trainer
from tuicnn.training.measured_steps import MEASURED, POINTS, Course
from tuicnn.training.trainer import Trainer
from tuicnn.vocabulary import info


class Clock:
    """Goes on by some seconds each time it is looked at."""

    now, tick = 0.0, 0.001

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (engine_step, measured_steps, forked, trainer):
        monkeypatch.setattr(module, "perf_counter", made)
    return made


def a_trainer(folder: Path) -> Trainer:
    plan = check(NET.format(data=made_data(folder), optim="optim: adam lr=0.001")).plan
    assert plan is not None
    return Trainer(plan, plan.data.load(), threads=1)


def after_a_measured_step(trainer: Trainer) -> LayerStats:
    with contextlib.suppress(UserError):
        AskLayerStats().answer(trainer)
    trainer.measured.advance(trainer)
    return AskLayerStats().answer(trainer)


def test_a_step_is_measured_only_after_a_question(tmp_path: Path) -> None:
    made = a_trainer(tmp_path)
    made.measured.advance(made)
    with pytest.raises(UserError, match="No step has been measured yet"):
        AskLayerStats().answer(made)
    made.measured.advance(made)
    stats = AskLayerStats().answer(made)
    for _ in range(3):
        assert made.measured.advance(made)[2] > 0
    assert len(made.measured.seconds) == 2  # the first of the three
    assert AskLayerStats().answer(made).step != stats.step
    made.measured.forget()  # the weights were set back: what is known is of other ones
    with pytest.raises(UserError):
        AskLayerStats().answer(made)


def test_each_layer_has_its_sizes_and_a_relu_its_dead_units(tmp_path: Path) -> None:
    made = a_trainer(tmp_path)
    stats = after_a_measured_step(made)
    assert (stats.milliseconds > 0).all()
    assert (stats.activation > 0).all()
    assert (stats.gradient > 0).all()
    relus = np.array([info(type(node.layer)).name == "relu" for node in made.plan.nodes])
    assert relus.any()
    assert ((stats.dead >= 0) & (stats.dead <= 1))[relus].all()
    assert np.isnan(stats.dead[~relus]).all()


def test_how_far_a_step_moves_the_weights_is_told_of_each_layer_that_has_some(tmp_path: Path) -> None:
    made = a_trainer(tmp_path)
    before = made.network.state_dict()
    update = after_a_measured_step(made).update
    after = made.network.state_dict()
    for node, found in zip(made.plan.nodes, update.tolist(), strict=True):
        own = [name for name in before if name.startswith(f"{node.name}.") and "running" not in name]
        moved, size = (
            sum(float(np.square(array[name]).sum()) for name in own)
            for array in ({name: after[name] - before[name] for name in own}, before)
        )
        assert found == pytest.approx((moved / size) ** 0.5, rel=1e-4) if own else np.isnan(found)
    assert np.isfinite(update).any()


@given(st.lists(st.floats(0, 1, width=32), max_size=5 * POINTS))
@example([n / 200 for n in range(5 * POINTS)])
def test_a_course_is_made_of_means_over_equal_times(values: list[float]) -> None:
    course = Course()
    for value in values:
        course.add(np.array([value, 1 - value]))
    points = course.points
    assert len(points) <= POINTS + 1
    if values:
        stride = max(2**k for k in range(9) if len(points) * 2**k < len(values) + 2**k)
        means = [np.mean(values[i : i + stride]) for i in range(0, len(values), stride)]
        np.testing.assert_allclose(points[:, 0], means, atol=1e-6)
        np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-6)


def test_the_times_of_a_step_add_up_to_what_it_takes(tmp_path: Path, clock: Clock) -> None:
    made, before = a_trainer(tmp_path), clock.now
    stats = after_a_measured_step(made)
    took = 1000 * (clock.now - before)
    assert np.isnan(stats.waiting)  # there is nobody to wait for
    parts = float(stats.milliseconds.sum()) + stats.optimizer + stats.rest
    assert parts == pytest.approx(stats.step)
    assert stats.step == pytest.approx(took, abs=2 * 1000 * clock.tick + 1e-3)


def test_one_slow_step_does_not_move_the_times(tmp_path: Path, clock: Clock) -> None:
    made = a_trainer(tmp_path)
    seen = []
    for number in range(MEASURED):
        clock.tick = 1.0 if number == MEASURED - 1 else 0.001
        seen.append(after_a_measured_step(made).step)
    assert seen[-1] == pytest.approx(seen[0], rel=0.2)


def test_the_milliseconds_of_each_layer_are_those_of_a_usual_step(tmp_path: Path, clock: Clock) -> None:
    made = a_trainer(tmp_path)
    layers, spreads = np.arange(1, len(made.plan.nodes) + 1), [9.0, 1.0, 1.5]  # the mean is far from 1.5

    def advance(profile: StepProfile) -> tuple[float, float, int]:
        spread = spreads.pop()
        profile.forward_seconds[:] = 0.001 * layers * spread
        profile.backward_seconds[:] = 0.002 * layers * spread
        profile.optimizer_seconds = 0.007 * spread
        clock.now += spread
        return 0.0, 0.0, 1

    made.advance = advance  # type: ignore[method-assign, assignment]
    while spreads:
        stats = after_a_measured_step(made)
    np.testing.assert_allclose(stats.milliseconds, 3 * layers * 1.5, rtol=1e-6)
    assert stats.optimizer == pytest.approx(7 * 1.5)


@given(npst.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.floats(0, 1)))
def test_the_times_of_usual_steps_add_up_and_lie_between_those_of_the_steps(parts: NDArray[np.float64]) -> None:
    steps = np.column_stack([parts, parts.sum(axis=1)])
    *shown, whole = usual(steps)
    assert sum(shown) == pytest.approx(whole, abs=1e-12)
    assert steps[:, -1].min() - 1e-12 <= whole <= steps[:, -1].max() + 1e-12


def test_time_spent_waiting_for_others_is_told_apart(tmp_path: Path, clock: Clock) -> None:
    made = a_trainer(tmp_path)
    made.group.size = 2  # the other one does nothing, and is waited for
    made.group.waited = 10.0  # until now
    advance = made.network.forward_backward

    def step(*given: object, **named: object) -> object:
        clock.now += 0.25
        made.group.waited += 0.25
        made.group.active = 1
        return advance(*given, **named)  # type: ignore[arg-type]

    made.network.forward_backward = step  # type: ignore[method-assign, assignment]
    stats = after_a_measured_step(made)
    assert stats.waiting == pytest.approx(250)
    parts = float(stats.milliseconds.sum()) + stats.optimizer + stats.waiting + stats.rest
    assert parts == pytest.approx(stats.step)
