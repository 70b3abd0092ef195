"""What is asked of a run is done, and in the order in which it was asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuicnn.training.control import Control

ACTS = st.lists(st.sampled_from(["pause", "resume", "step", "save", "halve", "double"]), max_size=12)


def steering(journal: list[str]) -> Control:
    return Control(
        lambda layer, sample, future: None,
        lambda first: journal.append("paused") if first else None,
        lambda: journal.append("unpaused"),
        lambda: journal.append("save"),
        lambda by: journal.append("halve" if by == 0.5 else "double"),
    )


def ask(run: Control, act: str) -> None:
    if act in ("halve", "double"):
        run.scale_rate(0.5 if act == "halve" else 2.0)
    else:
        getattr(run, act)()


@given(ACTS)
def test_acts_are_done_in_the_order_in_which_they_were_asked_for(acts: list[str]) -> None:
    expected: list[str] = []
    paused = told = False
    for act in acts:
        if paused and not told:
            expected.append("paused")
            told = True
        if act == "step":
            paused = True
            expected.append("trained")
        elif act == "pause" and not paused:
            paused = told = True
            expected.append("paused")
        elif act == "resume":
            if told:
                expected.append("unpaused")
            paused = told = False
        elif act in ("save", "halve", "double"):
            expected.append(act)
    if paused and not told:
        expected.append("paused")
        told = True
    journal: list[str] = []
    run = steering(journal)
    for act in [*acts, "resume"]:
        ask(run, act)
    for _ in range(acts.count("step")):
        assert run.hold(before_step=True)
        journal.append("trained")
    assert run.hold(before_step=True)
    assert journal == expected + ["unpaused"] * told


@given(ACTS)
def test_rates_and_saves_are_seen_to_before_a_stop(acts: list[str]) -> None:
    journal: list[str] = []
    run = steering(journal)
    run.stop()
    for act in acts:
        ask(run, act)
    assert not run.hold(before_step=True)
    assert [done for done in journal if "paused" not in done] == [
        act for act in acts if act in ("save", "halve", "double")
    ]
