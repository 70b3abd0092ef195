"""Schedules: what holds of every one of them, and PyTorch's as twins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import objects
from tuicnn.schedules import Cosine, Linear, OneCycle, Plateau, Restarts, Schedule, Step


@given(objects("schedule", warmup=st.floats(0, 3)), st.integers(1, 50), st.integers(1, 10))
def test_the_rate_stays_between_none_and_all_of_it(schedule: Schedule, steps_per_epoch: int, epochs: int) -> None:
    factors = [schedule.scale(step, steps_per_epoch, epochs) for step in range(steps_per_epoch * epochs)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[0] > 0


def all_of(schedule: Schedule, steps_per_epoch: int, epochs: int) -> list[float]:
    return [schedule.scale(step, steps_per_epoch, epochs) for step in range(steps_per_epoch * epochs)]


def test_warmup_rises_to_the_full_rate_and_then_falls() -> None:
    for schedule in (Cosine(warmup=2), Linear(warmup=2)):
        factors = all_of(schedule, 10, 5)
        assert factors[:20] == sorted(factors[:20])
        assert factors[19] == 1.0
        assert factors[20:] == sorted(factors[20:], reverse=True)


def test_they_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    scheduler = torch.optim.lr_scheduler

    def theirs(make: object, steps: int) -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        made = make(optimizer)  # type: ignore[operator]
        rates = []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            made.step()
        return rates

    pairs = [
        (Cosine(), lambda o: scheduler.CosineAnnealingLR(o, 30)),
        (Linear(), lambda o: scheduler.LinearLR(o, 1.0, 0.0, 30)),
        (Step(at=(1, 2), factor=0.3), lambda o: scheduler.MultiStepLR(o, [10, 20], 0.3)),
        (OneCycle(), lambda o: scheduler.OneCycleLR(o, max_lr=1.0, total_steps=30, cycle_momentum=False)),
        (Cosine(final=0.1), lambda o: scheduler.CosineAnnealingLR(o, 30, eta_min=0.1)),
        (Linear(final=0.1), lambda o: scheduler.LinearLR(o, 1.0, 0.1, 30)),
        (Restarts(every=1), lambda o: scheduler.CosineAnnealingWarmRestarts(o, 10)),
        (Restarts(every=1, growth=2, final=0.2), lambda o: scheduler.CosineAnnealingWarmRestarts(o, 10, 2, 0.2)),
    ]
    for ours, make in pairs:
        assert all_of(ours, 10, 3) == pytest.approx(theirs(make, 30), abs=1e-9)
    for steps in range(2, 30):  # its peak may lie between two steps, or before the first

        def once(optimizer: object, steps: int = steps) -> object:
            return scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=steps, cycle_momentum=False)

        if 0.3 * steps != 1:  # PyTorch divides by zero there
            assert all_of(OneCycle(), steps, 1) == pytest.approx(theirs(once, steps), abs=1e-9)


@given(
    st.lists(st.sampled_from([0.1, 0.5, 0.9, 0.99, 0.9999, 1.0, float("nan")]), max_size=30),
    st.integers(0, 3),
    st.sampled_from([0.0, 1e-4, 0.05]),
)
def test_a_plateau_is_pytorchs(losses: list[float], patience: int, threshold: float) -> None:
    torch = pytest.importorskip("torch")
    ours = Plateau(patience=patience, factor=0.5, threshold=threshold)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience, threshold=threshold)
    rate = 1.0
    for epoch, loss in enumerate(losses):
        theirs.step(loss)
        rate *= ours.after(losses[: epoch + 1])
        # which leaves a rate as it is where it would fall by less than 1e-8
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-7)


def test_cycles_end_where_the_rate_begins_anew() -> None:
    schedule = Restarts(every=2, growth=2)
    assert schedule.ends(20) == [2, 6, 14, 30]
    for end in schedule.ends(20):
        assert schedule.scale(end * 10, 10, 40) == 1.0
        assert schedule.scale(end * 10 - 1, 10, 40) < 0.01
