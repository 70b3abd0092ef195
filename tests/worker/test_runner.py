"""What a run's process does around its session: journal, weights, faults, leaving."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast, get_args

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.runs.small import kinds, of, read_journal
from tests.worker.pretend import PretendRun
from tuicnn.errors import UserError
from tuicnn.language.plan import Plan
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.status import summary
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import End, Event, Start, State, Step, Warned
from tuicnn.training.options import Options
from tuicnn.training.progress import Progress
from tuicnn.worker import runner
from tuicnn.worker.feed import Action
from tuicnn.worker.runner import Run

PLAN = cast(Plan, SimpleNamespace(train=SimpleNamespace(checkpoint=30.0)))


def a_run(folder: RunFolder, **more: Any) -> Run:
    return Run(PreparedRun(folder, PLAN, Options(threads=1)), "stop", **more)


class PretendSession(PretendRun):
    """Two steps and an end, or an error between."""

    error: Exception | None = None

    def __init__(self, plan: Plan, *, threads: int, run: str, on_event: Callable[[Event], None], **_: object) -> None:
        super().__init__()
        self.network = SimpleNamespace()
        self.emit = on_event
        self.control = self

    def run(self) -> State:
        self.emit(Start(epochs=1))
        self.emit(Step(1))
        self.now = Progress(state=State.TRAINING)
        if self.error is not None:
            raise self.error
        self.now = Progress(state=State.DONE)
        self.emit(End(State.DONE))
        return State.DONE

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(1, 1, {"a": np.ones(3, np.float32)})

    def pause(self) -> None:
        self.act("pause")

    def resume(self) -> None:
        self.act("resume")

    def step(self) -> None:
        self.act("step")

    def slower(self) -> None:
        self.act("slower")

    def faster(self) -> None:
        self.act("faster")

    def full_speed(self) -> None:
        self.asked.append("full speed")

    def save(self) -> None:
        self.act("save")

    def stop(self) -> None:
        self.act("stop")

    def scale_rate(self, by: float) -> Future[None]:
        self.act("halve-rate" if by == 0.5 else "double-rate")
        return Future()


def end_of(folder: RunFolder) -> End:
    return of(read_journal(folder.journal).events, End)[-1]


@pytest.fixture(autouse=True)
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "Session", PretendSession)


def test_the_end_in_the_journal_means_that_the_weights_are_safe(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended_when_saving: list[bool] = []
    real = RunFolder.save_weights

    def watched(self: RunFolder, weights: Checkpoint) -> None:
        ended_when_saving.append(summary(self).state == "done")
        real(self, weights)

    monkeypatch.setattr(RunFolder, "save_weights", watched)
    run = a_run(folder)
    run.train()
    run.close()
    assert ended_when_saving == [False]
    assert load_file(folder.weights)["a"].tolist() == [1, 1, 1]
    start, _, end = read_journal(folder.journal).events
    assert isinstance(start, Start)
    assert isinstance(end, End)
    assert set(start.versions) == {"tuicnn", "python", "numpy"}
    assert b'{"event":"step","step":1,"loss":null' in folder.journal.read_bytes()
    assert end.weights is True


def test_weights_that_cannot_be_had_do_not_hide_the_end(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(RunFolder, "save_weights", fail)
    run = a_run(folder)
    run.train()
    run.close()
    assert run.progress().state is State.DONE
    assert "could not be saved: MemoryError" in (end_of(folder).trouble or "")


def test_a_full_disk_at_the_end_is_told_and_not_called_a_success(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tuicnn.runs.folder.write_atomic", full)
    run = a_run(folder)
    run.train()
    run.close()
    end = end_of(folder)
    assert (end.weights, run.progress().state) == (False, State.DONE)
    assert end.trouble == run.progress().trouble == run.unsaved == summary(folder).trouble
    assert "the disk is full" in capsys.readouterr().err
    assert "the disk is full. Once that is fixed, tuicnn resume " in run.unsaved


def test_a_full_disk_is_told_beside_what_was_done_about_something_else(folder: RunFolder) -> None:
    said: list[str] = []
    run = a_run(folder, say=said.append)
    session = cast(PretendSession, run.session)
    session.now = Progress(state=State.TRAINING, message="Training goes on in one process.")
    assert run.progress() == session.now
    run._recorder.tell("checkpoint", "The disk is full.")
    assert run.progress().trouble == "The disk is full. Training goes on."
    assert run.progress().message == "Training goes on in one process."
    run._recorder.tell("checkpoint", "")
    assert run.progress() == session.now
    assert said == ["The disk is full. Training goes on."]
    run.close()


def test_a_warning_is_in_the_journal_and_in_the_log(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(folder)
    cast(PretendSession, run.session).emit(Warned("One process is gone."))
    run.close()
    assert re.fullmatch(r"[-\d]{10} [:\d]{8} One process is gone\.\n", capsys.readouterr().err)
    assert read_journal(folder.journal).events[-1] == Warned("One process is gone.")


def test_an_error_in_training_is_a_sentence_to_people_and_a_traceback_in_the_log(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PretendSession, "error", ValueError("shapes differ"))
    run = a_run(folder)
    run.train()
    run.close()
    assert run.progress().state is State.FAILED
    assert run.progress().message == "Training failed: ValueError: shapes differ"
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1].endswith(f" {run.progress().message}")
    found = summary(folder)
    assert (found.state, found.message) == ("failed", run.progress().message)


def test_a_full_disk_under_the_journal_is_shown_and_training_goes_on(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(folder)

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", refuse)
    monkeypatch.setattr(runner, "log", lambda _: None)
    run.train()
    assert run.progress().state is State.DONE
    assert "the disk is full" in run.progress().trouble
    monkeypatch.undo()
    run.close()
    assert kinds(read_journal(folder.journal).events) == ["start", "step", "end"]


@pytest.mark.parametrize("action", get_args(Action))
def test_each_action_reaches_the_session(folder: RunFolder, action: Action) -> None:
    run = a_run(folder)
    run.act(action)
    session = cast(PretendSession, run.session)
    assert session.asked == ["stop" if action == "discard" else action]
    assert run.asked_to_stop == (action in ("stop", "discard"))
    run.train()
    run.close()
    assert folder.weights.exists() == (action != "discard")


def test_a_run_that_was_slowed_and_is_not_watched_any_more_trains_as_fast_as_it_can(folder: RunFolder) -> None:
    run = a_run(folder)
    session = cast(PretendSession, run.session)
    run.check(1000.0)
    session.now = Progress(state=State.TRAINING, pace=2)
    run.check(0.0)  # somebody watches
    run.check(runner.UNWATCHED / 2)  # a line that broke may come back
    assert session.asked == []
    run.check(runner.UNWATCHED + 1)
    assert session.asked == ["full speed"]


def test_a_folder_that_takes_no_journal_is_a_sentence(folder: RunFolder) -> None:
    folder.journal.mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        a_run(folder)
