"""What became of a run's checkpoints and journal is told, and costs no more than what is damaged."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.small import (
    a_run,
    checkpoint_of,
    killed_after_each_event,
    of,
    read_journal,
    same,
    story,
    train,
)
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.resume_point import checkpoint_for, resume_state
from tuicnn.training.events import Step
from tuicnn.training.options import Options

# --- checkpoints ------------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(deadline=None)
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(stopped_run: RunFolder, data: st.DataObject) -> None:
    newest, before = (stopped_run.checkpoints.file(step) for step in (4, 3))
    whole = newest.read_bytes()
    if data.draw(st.booleans()):
        newest.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        flipped = bytearray(whole)
        flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        newest.write_bytes(flipped)
    said: list[str] = []
    try:
        found = checkpoint_for(PreparedRun.at(stopped_run, resumes=True), "stop", said.append)
    finally:
        newest.write_bytes(whole)
    assert found is not None
    assert (found.step, before.exists()) == (3, True)
    assert len(said) == 1
    assert str(newest) in said[0]
    assert "\n" not in said[0]
    assert said[0].endswith("The one before it is used.")


def test_from_the_one_before_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    _, left = killed_after_each_event(folder)[7]
    checkpoints = left.checkpoints
    assert checkpoints.steps() == [5, 4, 3]
    checkpoints.file(5).write_bytes(b"")
    (checkpoints.path / ".tmp-step-0000000006.safetensors-0a1b2c3d").write_bytes(b"half")
    said: list[str] = []
    train(left, resume=True, say=said.append)
    assert "is empty" in said[0]
    assert same(checkpoint_of(left), checkpoint_of(folder))
    assert story(left) == story(folder)
    assert {p.name for p in left.checkpoints.path.iterdir()} == {p.name for p in folder.checkpoints.path.iterdir()}


def test_what_lies_in_a_checkpoints_place_is_neither_waited_for_nor_followed(left: RunFolder) -> None:
    import os

    checkpoints = left.checkpoints
    os.mkfifo(checkpoints.file(9))
    checkpoints.file(8).mkdir()
    checkpoints.file(7).symlink_to(checkpoints.file(4))
    shutil.copy(checkpoints.file(4), checkpoints.file(6))
    said: list[str] = []
    found = checkpoints.newest(said.append)
    assert found is not None
    assert found.step == 4
    reasons = ["it is not a regular file", "it is", "it is a symbolic link", "is that of step 4"]
    assert all(reason in line for reason, line in zip(reasons, said, strict=True)), said


def test_a_negative_running_variance_is_damage_and_the_one_before_it_is_used(left: RunFolder) -> None:
    checkpoints = left.checkpoints
    sound = checkpoints.read(4)
    arrays = {**sound.arrays, "batchnorm1.running_var": -sound.arrays["batchnorm1.running_var"]}
    checkpoints.write(replace(sound, arrays=arrays))
    said: list[str] = []
    found = checkpoint_for(PreparedRun.at(left, resumes=True), "stop", said.append)
    assert found is not None
    assert found.step == 3
    assert [line for line in said if "running variance of batchnorm1 is negative. The one before it is used" in line]


@pytest.mark.parametrize(
    "forged",
    [
        {"step": 1 << 56},
        {"step": 1 << 56, "steps_per_epoch": 1 << 56},
        {"step": 1 << 56, "epochs_planned": 2, "epochs": 1, "steps_per_epoch": 1 << 55},
        {"epochs": 1 << 56},
    ],
)
def test_a_count_that_no_run_of_the_net_comes_to_is_damage(left: RunFolder, forged: dict[str, Any]) -> None:
    checkpoints = left.checkpoints
    changed = replace(checkpoints.read(4), **forged)
    checkpoints.file(4).unlink()
    checkpoints.write(changed)
    said: list[str] = []
    past = resume_state(replace(PreparedRun.at(left, resumes=True), options=Options(epochs=2)), "stop", said.append)
    assert (past.checkpoint is not None and past.checkpoint.step, len(past.steps), len(past.epochs)) == (3, 3, 1)
    assert len(said) == 1
    assert "is damaged: " in said[0]
    assert said[0].endswith("of the net. The one before it is used.")


def test_a_run_of_another_format_is_refused_in_one_sentence(left: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    written = checkpoint_of(left)
    with monkeypatch.context() as other:
        other.setattr("tuicnn.runs.checkpoint_file.FORMAT", "2")
        left.checkpoints.write(written)
    said: list[str] = []
    with pytest.raises(UserError, match=r"was written by another version of tuicnn.*resume the run with that version"):
        train(left, resume=True, say=said.append)
    assert said == []


# --- the journal ----------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(deadline=None)
def test_whatever_became_of_the_journal_the_run_goes_on(
    stopped_run: RunFolder, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from tuicnn.runs.journal_truncation import truncate

    journal = tmp_path_factory.mktemp("j") / "journal.jsonl"
    text = bytearray(stopped_run.journal.read_bytes())
    changes = data.draw(st.integers(0, 3))
    for _ in range(changes):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    journal.write_bytes(text[: data.draw(st.integers(0, len(text)))])
    past = truncate(journal, checkpoint_of(stopped_run), lambda line: None)
    assert (len(past.steps), len(past.epochs)) == (4, 1)
    left = journal.read_bytes()
    assert left == b"" or left.endswith(b"\n")
    steps = [step.step for step in of(read_journal(journal).events, Step)]
    assert sum(isinstance(step, int) and step > 4 for step in steps) <= changes


@pytest.mark.parametrize(("was", "now"), [('"step":2,', '"step":62,'), ('"epoch":1,', '"epoch":9,')])
def test_a_damaged_number_loses_no_more_than_its_line(left: RunFolder, was: str, now: str) -> None:
    text = left.journal.read_text()
    assert was in text
    left.journal.write_text(text.replace(was, now, 1))
    run = train(left, resume=True)
    known = [not math.isnan(loss) for loss in run.history(0, 0).losses]
    assert known == [True, "epoch" in was, True, True, True, True]
    steps = [step.step for step in of(read_journal(left.journal).events, Step)]
    assert [step for step in steps if step <= 6] == [step for step in range(1, 7) if known[step - 1]]


def test_lines_that_cannot_be_read_are_told(left: RunFolder) -> None:
    left.journal.write_bytes(left.journal.read_bytes().replace(b'"step":2,', b'"step":2"', 1))
    said: list[str] = []
    run = train(left, resume=True, say=said.append)
    assert said == [f"{left.journal} is damaged: 1 line cannot be read, and will be passed over."]
    assert [math.isnan(loss) for loss in run.history(0, 0).losses] == [False, True, False, False, False, False]


def test_that_a_long_journal_takes_a_while_is_told(stopped_run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    checkpoint_for(PreparedRun.at(stopped_run, resumes=True), "stop", said.append)
    assert said == []
    monkeypatch.setattr("tuicnn.runs.resume_point.LONG", 100)
    checkpoint_for(PreparedRun.at(stopped_run, resumes=True), "stop", said.append)
    assert [line for line in said if "reading it takes a while" in line]


def test_a_step_that_the_journal_lost_is_unknown(left: RunFolder) -> None:
    lines = left.journal.read_bytes().splitlines(keepends=True)
    left.journal.write_bytes(b"".join(line for line in lines if json.loads(line).get("step") != 2) + b'{"event":"st')
    said: list[str] = []
    run = train(left, resume=True, say=said.append)
    assert said == ["The last line of the journal was half-written; its 12 bytes were removed."]
    losses = run.history(0, 0).losses
    assert [math.isnan(loss) for loss in losses] == [False, True, False, False, False, False]
    assert read_journal(left.journal).damaged == 0
