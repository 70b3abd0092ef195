"""What is asked of a run is done, and in the order in which it was asked for."""

from __future__ import annotations

import itertools
import threading
import time
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.errors import UserError
from tuicnn.training import control as module
from tuicnn.training import pace
from tuicnn.training.control import Control

ACTS = st.lists(
    st.sampled_from(["pause", "resume", "step", "save", "halve", "double", "slower", "faster"]), max_size=16
)


def control(journal: list[str]) -> Control:
    return Control(
        lambda first: journal.append("paused") if first else None,
        lambda: journal.append("unpaused"),
        lambda: journal.append("save"),
        lambda by: journal.append("halve" if by == 0.5 else "double"),
        lambda pace: journal.append(f"pace {pace}"),
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
    paces, rung = [0, 100, 10, 2], 0
    for act in acts:
        if paused and not told:
            expected.append("paused")
            told = True
        before = rung
        if act == "slower" and not paused and rung == 3:
            act = "pause"
        elif act == "slower" and not paused:
            rung += 1
        elif act == "faster" and paused:
            rung, act = 3, "resume"
        elif act == "faster":
            rung = max(0, rung - 1)
        if rung != before:
            expected.append(f"pace {paces[rung]}")
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
    run = control(journal)
    for act in [*acts, "resume"]:
        ask(run, act)
    seconds = itertools.count()
    with patch.object(pace, "monotonic", lambda: next(seconds)):  # each step takes longer than the slowest pace
        for _ in range(acts.count("step")):
            assert run.hold(before_step=True)
            journal.append("trained")
        assert run.hold(before_step=True)
    assert journal == expected + ["unpaused"] * told


@given(ACTS)
def test_rates_and_saves_are_seen_to_before_a_stop(acts: list[str]) -> None:
    journal: list[str] = []
    run = control(journal)
    run.stop()
    for act in acts:
        ask(run, act)
    assert not run.hold(before_step=True)
    assert [done for done in journal if "pa" not in done] == [act for act in acts if act in ("save", "halve", "double")]


@given(st.lists(st.sampled_from(["step", "save", "halve"]), max_size=8))
def test_during_an_evaluation_single_steps_hold_nothing_up_and_are_trained_after_it(acts: list[str]) -> None:
    journal: list[str] = []
    run = control(journal)
    for act in acts:
        ask(run, act)
    assert run.hold(before_step=False)
    assert journal == [act for act in acts if act != "step"]
    for _ in range(acts.count("step")):
        assert run.hold(before_step=True)
    assert "paused" not in journal
    if "step" in acts:
        run.stop()
        assert not run.hold(before_step=True)  # nothing more is trained without a resume


def test_a_rate_that_no_step_follows_is_refused() -> None:
    journal: list[str] = []
    run = control(journal)
    late = run.scale_rate(0.5)
    run.close()
    for refused in (late, run.scale_rate(2.0)):
        with pytest.raises(UserError, match="no training step follows"):
            refused.result(0)
    assert journal == []


def test_a_question_is_answered_while_paused_and_after_the_end() -> None:
    run = control([])
    early = run.ask(lambda: 1)
    assert not early.done()
    assert run.hold(before_step=True)
    waiting = run.ask(lambda: 1 // 0)
    run.close()
    assert (early.result(0), run.ask(lambda: 2).result(0)) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        waiting.result(0)


@pytest.mark.parametrize("word", ["resume", "step", "stop", "save", "rate", "question"])
def test_a_paused_run_is_woken_at_once(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    journal: list[str] = []
    run = control(journal)
    run.pause()
    paused = threading.Thread(target=lambda: journal.append(f"held: {run.hold(before_step=True)}"))
    paused.start()
    deadline = time.monotonic() + 10
    while "paused" not in journal:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.05)  # it waits by now
    if word == "question":
        assert run.ask(lambda: 1).result(10) == 1
    elif word == "rate":
        run.scale_rate(0.5).result(10)
    else:
        getattr(run, word)()
    while word == "save" and "save" not in journal:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    if word in ("save", "rate", "question"):
        assert paused.is_alive()
        run.resume()
    paused.join(10)
    assert journal[-1] == f"held: {word != 'stop'}"


def test_a_slowed_run_trains_so_many_steps_a_second_and_an_evaluation_as_fast_as_it_can() -> None:
    run = control([])
    run.slower()
    run.slower()
    assert run.hold(before_step=True)
    began = time.monotonic()
    for _ in range(3):
        assert run.hold(before_step=True)
    took = time.monotonic() - began
    assert 0.29 < took < 5
    began = time.monotonic()
    for _ in range(100):
        assert run.hold(before_step=False)
    assert time.monotonic() - began < 5
    run.full_speed()
    for _ in range(100):
        assert run.hold(before_step=True)
    assert time.monotonic() - began < 9


@pytest.mark.parametrize("word", ["stop", "pause", "faster", "save", "rate", "question"])
def test_a_slowed_run_is_woken_at_once(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    monkeypatch.setattr(pace, "PACES", (0, 1e-3))  # a step in a quarter of an hour
    journal: list[str] = []
    run = control(journal)
    run.slower()
    assert run.hold(before_step=True)
    held = threading.Thread(target=lambda: journal.append(f"held: {run.hold(before_step=True)}"))
    held.start()
    time.sleep(0.05)  # it waits by now
    deadline = time.monotonic() + 10
    if word == "question":
        assert run.ask(lambda: 1).result(10) == 1
    elif word == "rate":
        run.scale_rate(0.5).result(10)
    else:
        getattr(run, word)()
    while {"save": "save", "pause": "paused"}.get(word, "pace 0.001") not in journal:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    if word not in ("stop", "faster"):
        assert held.is_alive()
        run.stop()
    held.join(10)
    assert journal[-1] == f"held: {word == 'faster'}"
