"""When checkpoints are written, which are kept, and what happens on a disk that refuses them."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import NET, a_run, checkpoint_of, made_data, same, story, train
from tuicnn.runs import checkpoint_folder, checkpointer
from tuicnn.runs.checkpoint_folder import CheckpointFolder
from tuicnn.runs.checkpointer import Checkpointer
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import Journal
from tuicnn.runs.predictions import PredictionFolder
from tuicnn.runs.snapshots import SnapshotFolder
from tuicnn.runs.status import summary
from tuicnn.system.files import write_atomic
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.checkpointing import CheckpointReason
from tuicnn.training.events import Event, State, Step
from tuicnn.training.options import Options
from tuicnn.worker.runner import Run

CHECKPOINT = Checkpoint(1, 0, {"dense1.weight": np.ones((2, 2), np.float32)})


class Clock:
    """A clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("tuicnn.runs.checkpointer.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints")


def a_keeper(folder: CheckpointFolder, said: list[str], every: float = 30) -> Checkpointer:
    journal = Journal(folder.path.with_name("journal.jsonl"))
    return Checkpointer(lambda: folder, journal, every=every, on_trouble=said.append)


def at(step: int, epochs: int = 0, best_step: int = 0) -> Checkpoint:
    return replace(CHECKPOINT, step=step, epochs=epochs, best_step=best_step)


def test_after_a_step_one_is_written_when_its_time_has_come(folder: CheckpointFolder, clock: Clock) -> None:
    made = a_keeper(folder, [])
    assert not made.offer(CheckpointReason.STEP, lambda: at(1))
    clock.now += 29
    assert not made.offer(CheckpointReason.STEP, lambda: at(2))
    clock.now += 2
    assert made.offer(CheckpointReason.STEP, lambda: at(3))
    assert not made.offer(CheckpointReason.STEP, lambda: at(4))
    clock.now -= 10_000  # a clock that is set back is not this one
    assert not made.offer(CheckpointReason.STEP, lambda: at(5))
    assert folder.steps() == [3]


@pytest.mark.parametrize(
    "reason", [CheckpointReason.EPOCH, CheckpointReason.PAUSE, CheckpointReason.STOP, CheckpointReason.ASKED]
)
def test_at_every_other_moment_at_once_also_with_checkpoints_by_time_off(
    folder: CheckpointFolder, reason: CheckpointReason
) -> None:
    made = a_keeper(folder, [], every=0)
    assert not made.offer(CheckpointReason.STEP, lambda: at(1))
    assert made.offer(reason, lambda: at(1))
    assert folder.steps() == [1]


def test_the_last_two_and_the_best_are_kept(folder: CheckpointFolder) -> None:
    made = a_keeper(folder, [])
    kept = []
    for step, epochs, best in ((2, 0, 0), (4, 0, 0), (4, 1, 4), (6, 1, 4), (8, 1, 4), (8, 2, 8), (9, 2, 8)):
        made.offer(CheckpointReason.ASKED, lambda step=step, epochs=epochs, best=best: at(step, epochs, best))  # type: ignore[misc]
        kept.append(folder.steps())
    assert kept == [[2], [4, 2], [4, 2], [6, 4], [8, 6, 4], [8, 6], [9, 8]]


def test_the_old_one_goes_only_when_the_new_one_is_there(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_keeper(folder, [])
    made.offer(CheckpointReason.ASKED, lambda: at(1))
    made.offer(CheckpointReason.ASKED, lambda: at(2))
    seen = []
    real = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((folder.steps(), self.stat().st_size > 0))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    made.offer(CheckpointReason.ASKED, lambda: at(3))
    assert seen == [([2, 1], True)]
    assert folder.steps() == [3, 2]


@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_on_a_disk_that_refuses_nothing_is_left_half_written_and_it_is_tried_again(
    folder: CheckpointFolder, clock: Clock, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    said: list[str] = []
    made = a_keeper(folder, said)
    assert made.offer(CheckpointReason.ASKED, lambda: at(1))
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, call, refuse)
        assert not made.offer(CheckpointReason.EPOCH, lambda: at(2, 1))
        clock.now += 31
        assert not made.offer(CheckpointReason.STEP, lambda: at(3, 1))
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before
    assert len(said) == 2
    assert said[0].startswith("The disk is full: no checkpoint can be written to")
    assert not made.offer(CheckpointReason.STEP, lambda: at(4, 1))  # not at every step
    clock.now += checkpointer.RETRY_EVERY
    assert made.offer(CheckpointReason.STEP, lambda: at(5, 1))
    assert said[2:] == [""]


def test_a_run_on_a_full_disk_says_so_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_run(tmp_path, "optim: adam")
    monkeypatch.setattr(checkpointer, "RETRY_EVERY", 0.0)
    full, messages = [False], []

    def narrow(path: Path, data: bytes | bytearray) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_atomic(path, data)

    monkeypatch.setattr(checkpoint_folder, "write_atomic", narrow)

    def look(run: Run, event: Event) -> None:
        if isinstance(event, Step):
            messages.append(run.progress().trouble)
            full[0] = event.step in (2, 3)

    run = train(folder, report=look)
    assert run.progress().state is State.DONE
    # a step's event comes before its checkpoint
    assert [bool(message) for message in messages] == [False, False, True, True, False, False]
    assert "The disk is full" in messages[2]
    best = checkpoint_of(folder).best_step
    assert folder.checkpoints.steps() == [6, 5, *([3] if best == 3 else [])]


@pytest.mark.parametrize("refusals", [2, 3])
def test_the_last_checkpoint_is_tried_once_more_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    folder = a_run(tmp_path, "optim: adam")
    tried: list[Path] = []

    def narrow(path: Path, data: bytes | bytearray) -> None:
        if path.name == "step-0000000006.safetensors":
            tried.append(path)
            if len(tried) <= refusals:  # after the last step, and after the last epoch
                raise OSError(errno.ENOSPC, "No space left on device")
        write_atomic(path, data)

    monkeypatch.setattr(checkpoint_folder, "write_atomic", narrow)
    for folder_class in (SnapshotFolder, PredictionFolder):  # they would be removed, and it be tried again
        monkeypatch.setattr(folder_class, "write", lambda *_: None)
    run = train(folder)
    assert run.progress().state is State.DONE
    saved = refusals == 2
    assert (run.unsaved == "", checkpoint_of(folder).step == 6, summary(folder).trouble == "") == (saved,) * 3
    if not saved:
        assert run.unsaved.startswith("The disk is full: no checkpoint can be written to ")
        assert run.unsaved.endswith("goes on after step 5.")
        assert "Training goes on" not in run.unsaved


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_disk_that_really_fills_costs_no_step_and_no_checkpoint(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SnapshotFolder, "write", lambda *_: None)
    net = NET.format(data=made_data(tmp_path), optim="optim: sgd lr=0.05 momentum=0.9")
    folder = RunFolder(small_disk / "run")
    folder.path.mkdir()
    (folder.path / "net.net").write_text(net)
    other = create_run(tmp_path, "small", net)
    train(other)
    ballast = small_disk / "ballast"

    def fill(run: Run, event: Event) -> None:
        if isinstance(event, Step) and event.step == 4:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

    run = train(folder, report=fill)
    assert run.progress().state is State.DONE
    assert "disk is full" in run.progress().trouble
    assert checkpoint_of(folder).step == 3
    assert not [path for path in folder.checkpoints.path.iterdir() if path.name.startswith(".tmp")]
    ballast.unlink()
    train(folder, resume=True)
    assert same(checkpoint_of(folder), checkpoint_of(other))
    assert story(folder) == story(other)


def test_a_disk_that_snapshots_fill_has_room_for_all_else(small_disk: Path, tmp_path: Path) -> None:
    folder = RunFolder(small_disk / "run")
    folder.path.mkdir()
    (folder.path / "net.net").write_text(NET.format(data=made_data(tmp_path), optim="optim: adam"))
    (small_disk / "ballast").write_bytes(bytes(250_000))
    said: list[str] = []
    run = train(folder, options=Options(epochs=40), report=lambda run, _: said.append(run.progress().trouble))
    assert (run.progress().state, run.unsaved) == (State.DONE, "")
    assert any("past epochs were removed to make room" in sentence for sentence in said)
    assert checkpoint_of(folder).step == 120
    assert folder.weights.exists()
    assert 0 < len(folder.snapshots.epochs()) < 40
