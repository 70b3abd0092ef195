"""The curves of a run are the same whoever asks: its process, a process that goes on with it, or nobody's journal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run, killed_after_each_event, stop_after, train
from tuicnn.runs.history import history_of, read_record
from tuicnn.training.events import Event, Step
from tuicnn.training.marks import MOST_MARKS, Mark, with_mark
from tuicnn.training.progress import History
from tuicnn.worker.runner import Run


def halve_twice(run: Run, event: Event) -> None:
    """After step 2 both at once, and again after step 4."""
    if isinstance(event, Step) and event.step in (2, 4):
        run.act("halve-rate")
        if event.step == 2:
            run.act("halve-rate")


def alike(one: History, other: History) -> bool:
    return (
        np.array_equal(one.losses, other.losses, equal_nan=True)
        and np.array_equal(one.accuracies, other.accuracies, equal_nan=True)
        and (one.epochs, one.stride, one.marks) == (other.epochs, other.stride, other.marks)
    )


def test_curves_and_marks_of_a_journal_are_those_of_the_process(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: adam lr=0.01")
    left = killed_after_each_event(folder, halve_twice)
    whole = history_of(folder)
    assert len(whole.losses) == 6
    assert [(mark.step, mark.kind) for mark in whole.marks] == [(2, "rate"), (4, "rate")]
    for kind, killed in left:
        if kind != "step":
            continue
        before = history_of(killed)
        resumed = train(killed, resume=True).history(0, 0)
        # what the checkpoint knew of them; an act that it did not know is lost with the process
        assert resumed.marks == tuple(mark for mark in before.marks if mark in resumed.marks)
        assert alike(resumed, history_of(killed))


def test_a_mark_takes_the_place_of_its_like_and_the_oldest_make_way() -> None:
    marks: tuple[Mark, ...] = ()
    for step in range(3 * MOST_MARKS):
        for text in ("rate 1", "rate 2"):
            marks = with_mark(marks, Mark(step, "rate", text))
    assert [mark.step for mark in marks] == list(range(2 * MOST_MARKS, 3 * MOST_MARKS))
    assert {mark.text for mark in marks} == {"rate 2"}


def test_a_run_that_has_not_begun_has_no_steps(tmp_path: Path) -> None:
    found = read_record(a_run(tmp_path))
    assert found.overview is None
    assert (found.progress.state, found.progress.step, found.progress.steps) == ("lost", 0, 0)


def test_a_journal_tells_the_figures_that_the_process_told_and_of_a_long_one_how_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuicnn.runs.history.REPORT_EVERY", 200)
    folder = a_run(tmp_path)
    begun: list[float] = []
    train(folder, report=stop_after(1))
    assert len(history_of(folder).epochs) == 0  # none is done
    ended = train(folder, resume=True).progress()
    found = read_record(folder, begun.append).progress
    for name in (
        "state",
        "epoch",
        "step",
        "train_loss",
        "train_accuracy",
        "val_accuracy",
        "best_epoch",
        "test_accuracy",
    ):
        assert getattr(found, name) == pytest.approx(getattr(ended, name)), name
    assert len(begun) > 3
    assert begun == sorted(begun)
    assert 0 < begun[0] < 0.5 < begun[-1] <= 1
