"""What was said of the validation images stays in the run's folder: of the last epoch and of the best one."""

from __future__ import annotations

import contextlib
import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_predictions import predictions
from tests.runs.small import NET, killed_after_each_event, made_data, story, train
from tuicnn.errors import UserError
from tuicnn.runs import checkpoint_folder
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.origin import Origin
from tuicnn.runs.predictions import PredictionFolder
from tuicnn.runs.prepared import plan_of
from tuicnn.runs.status import summary
from tuicnn.system.files import write_atomic
from tuicnn.training.events import End, Epoch, Event
from tuicnn.training.predictions import Predictions
from tuicnn.training.trainer import Trainer
from tuicnn.worker.runner import Run

MADE = predictions([(0, 1, 0.75), (2, 2, 0.5), (1, 1, 1.0)], 3, epoch=4)
ARRAYS = ("numbers", "labels", "said", "confidences", "truths")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    net = NET.format(data=made_data(tmp_path), optim="optim: adam lr=0.02").replace("epochs=2", "epochs=6")
    return create_run(tmp_path, "small", net)


def bytes_of(found: Predictions | None) -> tuple[object, ...]:
    assert found is not None
    return found.epoch, found.step, found.accuracy, *(getattr(found, name).tobytes() for name in ARRAYS)


def kept(run: RunFolder) -> list[tuple[object, ...]]:
    return [bytes_of(run.predictions.read(epoch)) for epoch in run.predictions.epochs()]


def test_the_last_and_the_best_epoch_leave_what_the_network_of_their_weights_says(folder: RunFolder) -> None:
    accuracies: list[float] = []
    there: list[list[int]] = []

    def note(run: Run, event: Event) -> None:
        if isinstance(event, Epoch):
            accuracies.append(event.val_accuracy)
            there.append(folder.predictions.epochs())

    train(folder, report=note)
    best = 1 + int(np.argmax(accuracies))
    assert best < 6, "the made-up run is to be best before its end"
    assert folder.predictions.epochs() == [best, 6]
    assert [epochs[-1] for epochs in there] == [1, 2, 3, 4, 5, 6]  # before the epoch is told
    last, of_best = folder.predictions.last(), folder.predictions.best()
    assert last is not None
    assert of_best is not None
    assert (last.epoch, of_best.epoch, of_best.accuracy) == (6, best, max(accuracies))
    plan = plan_of(folder, Origin.of(folder))
    trainer = Trainer(plan, plan.data.load())
    for found in (last, of_best):
        trainer.network.load_state_dict(folder.snapshots.read(found.epoch).arrays)
        again = trainer.evaluate("validation", lambda share: True)
        assert again is not None
        assert bytes_of(found) == bytes_of(
            replace(Predictions.of(again, "validation", trainer, found.epoch), step=found.step)
        )


def test_whenever_a_run_is_killed_resuming_leaves_the_same(folder: RunFolder) -> None:
    left = killed_after_each_event(folder)
    for _, run in left[::3]:
        train(run, resume=True)
        assert story(run) == story(folder)
        assert kept(run) == kept(folder)


def test_any_number_of_processes_says_the_same(folder: RunFolder, tmp_path: Path) -> None:
    train(folder)
    other = create_run(tmp_path, "other", folder.text)
    train(other, threads=2)
    assert kept(other) == kept(folder)


def test_what_is_trained_again_is_not_there(folder: RunFolder) -> None:
    first = next(run for kind, run in killed_after_each_event(folder) if run.predictions.epochs()[-1:] == [2])
    first.predictions.write(replace(MADE, epoch=5))
    at_resume: list[list[int]] = []
    train(first, resume=True, report=lambda run, event: at_resume.append(first.predictions.epochs()))
    assert max(at_resume[0]) <= 2
    assert kept(first) == kept(folder)


def test_a_disk_that_takes_none_costs_nothing_else(folder: RunFolder) -> None:
    (folder.path / "predictions").write_text("no folder")
    told: list[str] = []
    ended: list[End] = []

    def look(run: Run, event: Event) -> None:
        if isinstance(event, End):
            ended.append(event)
        if isinstance(event, Epoch) and event.epoch == 2:
            told.append(run.progress().trouble)

    train(folder, report=look)
    said = f"What was said of the images cannot be written to {folder.predictions.path}: file exists. Training goes on."
    assert told == [said]
    assert (ended[0].state, ended[0].weights, ended[0].trouble) == ("done", True, None)
    assert (summary(folder).state, folder.snapshots.epochs()) == ("done", [1, 2, 3, 4, 5, 6])


def test_they_make_room_for_a_checkpoint(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full, and after the snapshots."""

    def write(path: Path, data: bytes | bytearray) -> None:
        if folder.predictions.epochs() or folder.snapshots.epochs():
            raise OSError(errno.ENOSPC, "")
        write_atomic(path, data)

    train(folder)
    monkeypatch.setattr(checkpoint_folder, "write_atomic", write)
    checkpoint = folder.checkpoints.newest(lambda line: None)
    assert checkpoint is not None
    folder.checkpoints.write(checkpoint)
    assert not folder.predictions.epochs()
    assert (folder.predictions.last(), folder.predictions.best()) == (None, None)


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    made = PredictionFolder(tmp_path / "predictions")
    made.write(replace(MADE, accuracy=float("nan")))
    found = made.last()
    assert bytes_of(found)[3:] == bytes_of(MADE)[3:]
    assert found is not None
    assert (found.split, found.images, found.classes, np.isnan(found.accuracy)) == ("validation", 3, 3, True)
    made.file(4).rename(made.file(7))
    with pytest.raises(UserError, match=r"epoch-0007\.safetensors are damaged; they are written again"):
        made.read(7)
    with pytest.raises(UserError, match=r"epoch-0009\.safetensors cannot be read: it is not there"):
        made.read(9)


def test_of_epochs_that_are_equally_good_the_first_is_the_best(tmp_path: Path) -> None:
    made = PredictionFolder(tmp_path / "predictions")
    for epoch, accuracy in enumerate((float("nan"), 0.5, 0.75, 0.75, 0.25), 1):
        made.write(replace(MADE, epoch=epoch, accuracy=accuracy))
    best = made.best()
    assert best is not None
    assert best.epoch == 3


@given(st.data())
def test_whatever_is_done_to_a_file_is_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    made = PredictionFolder(tmp_path_factory.mktemp("made") / "predictions")
    made.write(MADE)
    whole = made.file(4).read_bytes()
    cut = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=3)):
        cut[place : place + 1] = [value] if place < len(cut) else []
    made.file(4).write_bytes(cut)
    with contextlib.suppress(UserError):
        found = made.read(4)
        assert found.confusion().sum() == 3
        assert (found.numbers < found.images).all()


@pytest.mark.parametrize(
    "about", [{"classes": 2}, {"classes": 1 << 40}, {"images": 2}, {"epoch": 5}, {"split": "training"}, {"step": "x"}]
)
def test_numbers_that_do_not_fit_each_other_are_refused(tmp_path: Path, about: dict[str, object]) -> None:
    made = PredictionFolder(tmp_path / "predictions")
    made.write(MADE)
    data = made.file(4).read_bytes()
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head["__metadata__"]["predictions"] = json.dumps({**json.loads(head["__metadata__"]["predictions"]), **about})
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    made.file(4).write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
    with pytest.raises(UserError, match="are damaged"):
        made.read(4)


def test_they_go_with_their_run(folder: RunFolder) -> None:
    train(folder)
    assert folder.predictions.epochs()
    folder.remove()
    assert not folder.path.exists()
