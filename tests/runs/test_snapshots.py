"""The weights after each epoch: that they are those of training, how many are kept, and what becomes of them."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.runs.small import a_run, checkpoint_of, killed_after_each_event, story, train
from tuicnn.errors import UserError
from tuicnn.runs import checkpoint_folder, snapshots
from tuicnn.runs import folder as run_folder
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.snapshots import SnapshotFolder, kept
from tuicnn.runs.status import summary
from tuicnn.system.files import write_atomic
from tuicnn.training.checkpoint import Checkpoint
from tuicnn.training.events import End, Epoch

SMALL = Checkpoint(5, 1, {"dense1.weight": np.ones((2, 2), np.float32), "dense1.weight/m": np.ones((2, 2), np.float32)})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return a_run(tmp_path, "optim: adam")


def test_each_epoch_leaves_the_weights_that_it_ended_with(folder: RunFolder) -> None:
    left = {}
    for _, run in killed_after_each_event(folder):
        if run.checkpoints.steps():
            left[checkpoint_of(run).step] = checkpoint_of(run)
    assert folder.snapshots.epochs() == [1, 2]
    for epoch in (1, 2):
        found, then = folder.snapshots.read(epoch), left[3 * epoch]
        assert (found.step, found.epochs, found.text, found.choices) == (3 * epoch, epoch, then.text, then.choices)
        names = [name for name in then.arrays if "/" not in name]
        assert found.arrays.keys() == set(names)
        assert all(found.arrays[name].tobytes() == then.arrays[name].tobytes() for name in names)


def test_whenever_a_run_is_killed_resuming_leaves_the_same_snapshots(folder: RunFolder) -> None:
    left = killed_after_each_event(folder)
    whole = {epoch: folder.snapshots.read(epoch).arrays for epoch in folder.snapshots.epochs()}
    for _, run in left[:-1]:
        train(run, resume=True, say=lambda line: None)
        assert story(run) == story(folder)
        found = {epoch: run.snapshots.read(epoch).arrays for epoch in run.snapshots.epochs()}
        assert found.keys() == whole.keys()
        for epoch, arrays in found.items():
            assert all(array.tobytes() == whole[epoch][name].tobytes() for name, array in arrays.items())


def test_what_is_killed_between_a_checkpoint_and_its_snapshot_has_both_when_it_goes_on(folder: RunFolder) -> None:
    run = next(run for _, run in killed_after_each_event(folder) if run.snapshots.epochs() == [1])
    assert run.checkpoints.steps()[0] == 3
    run.snapshots.file(1).unlink()
    train(run, resume=True, say=lambda line: None)
    assert run.snapshots.epochs() == folder.snapshots.epochs() == [1, 2]


def test_what_is_trained_again_loses_its_snapshot(folder: RunFolder) -> None:
    first = next(run for _, run in killed_after_each_event(folder) if 4 in run.checkpoints.steps())
    assert first.snapshots.epochs() == [1]
    shutil.copy(folder.snapshots.file(2), first.snapshots.file(2))
    at_resume: list[list[int]] = []
    train(first, resume=True, report=lambda run, event: at_resume.append(first.snapshots.epochs()))
    assert at_resume[0] == [1]
    assert first.snapshots.epochs() == [1, 2]


@pytest.mark.parametrize("most", [1, 2, 3, 8, 64])
def test_so_many_are_kept_and_none_that_was_removed(most: int) -> None:
    before: set[int] = set()
    for newest in range(1, 300):
        found = kept(newest, most)
        assert len(found) <= most
        assert newest in found
        assert newest == 1 or found <= before | {newest}
        if newest <= most:
            assert found == set(range(1, newest + 1))
        if newest >= most >= 3:
            assert len(found) > most // 2
            assert 1 in found
        before = found
    assert kept(5, 0) == set()


def test_the_folder_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SnapshotFolder(tmp_path / "snapshots")
    monkeypatch.setattr(snapshots, "MOST_BYTES", 10 * 16)
    for epoch in range(1, 100):
        made.write(replace(SMALL, step=5 * epoch, epochs=epoch))
        assert made.epochs() == sorted(kept(epoch, 10))
    assert list(made.read(99).arrays) == ["dense1.weight"]
    monkeypatch.setattr(snapshots, "MOST_BYTES", 15)
    made.write(replace(SMALL, step=500, epochs=100))
    assert made.epochs() == []


def test_one_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    made = SnapshotFolder(tmp_path / "mnist-1" / "snapshots")
    made.path.parent.mkdir()
    with pytest.raises(
        UserError, match=r"The run mnist-1 has no snapshot of epoch 1; one is written after each epoch\."
    ):
        made.read(1)
    for epochs, said in (
        ([3], "epoch 3"), ([1, 2], "epochs 1, 2"), ([1, 2, 3, 4], "epochs 1 to 4"),
        ([1, 4, 8, 12, 16, 17], "epochs 1, 4 to 16 by 4, 17"),
    ):  # fmt: skip
        shutil.rmtree(made.path, ignore_errors=True)
        for epoch in epochs:
            made.write(replace(SMALL, epochs=epoch))
            made.path.joinpath(f"epoch-{epoch:04}.safetensors").rename(tmp_path / f"{epoch}")
        for epoch in epochs:
            (tmp_path / f"{epoch}").rename(made.file(epoch))
        with pytest.raises(UserError, match=rf"no snapshot of epoch 9; there are those of {said}\."):
            made.read(9)
    made.file(4).rename(made.file(5))
    with pytest.raises(UserError, match="is that of epoch 4; somebody renamed it"):
        made.read(5)
    made.file(8).write_bytes(made.file(12).read_bytes()[:-1])
    with pytest.raises(UserError, match=r"epoch-0008\.safetensors is damaged"):
        made.read(8)


def test_a_disk_that_takes_no_snapshot_costs_nothing_else(folder: RunFolder) -> None:
    (folder.path / "snapshots").write_text("no folder")
    said: list[str] = []
    ended: list[End] = []

    def look(run: object, event: object) -> None:
        if isinstance(event, End):
            ended.append(event)
        if isinstance(event, Epoch) and event.epoch == 2:
            said.append(run.progress().trouble)  # type: ignore[attr-defined]

    train(folder, report=look)
    assert said == [
        f"No snapshot of the weights can be written to {folder.snapshots.path}: file exists. Training goes on."
    ]
    assert (ended[0].state, ended[0].weights, ended[0].trouble) == ("done", True, None)
    assert (summary(folder).state, summary(folder).trouble) == ("done", "")


def test_they_make_room_for_checkpoints_and_weights(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full, and only then."""
    for epoch in range(1, 8):
        folder.snapshots.write(replace(SMALL, epochs=epoch))
    reason = errno.ENOSPC

    def write(path: Path, data: bytes | bytearray) -> None:
        if len(folder.snapshots.epochs()) > 2:
            raise OSError(reason, "")
        write_atomic(path, data)

    monkeypatch.setattr(checkpoint_folder, "write_atomic", write)
    monkeypatch.setattr(run_folder, "write_atomic", write)
    folder.checkpoints.write(SMALL)
    assert folder.checkpoints.steps() == [5]
    assert folder.snapshots.epochs() == [3, 7]
    folder.snapshots.write(replace(SMALL, epochs=8))
    folder.save_weights(SMALL)
    assert folder.weights.exists()
    assert folder.snapshots.epochs() == [3, 8]
    reason = errno.EACCES
    folder.snapshots.write(replace(SMALL, epochs=9))
    with pytest.raises(UserError, match="you have no permission"):
        folder.save_weights(SMALL)
    assert folder.snapshots.epochs() == [3, 8, 9]
    reason = errno.ENOSPC
    monkeypatch.setattr(SnapshotFolder, "_remove", lambda self, epochs: None)
    with pytest.raises(UserError, match="the disk is full"):
        folder.save_weights(SMALL)


def test_it_goes_with_its_run(folder: RunFolder) -> None:
    train(folder)
    assert folder.snapshots.epochs()
    folder.remove()
    assert not folder.path.exists()
