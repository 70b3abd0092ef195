"""A run that was killed and resumed ends with the same bits as one that was not; what cannot go on says why."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file

from tests.runs.small import (
    NET,
    checkpoint_of,
    killed_after_each_event,
    kinds,
    made_data,
    of,
    read_journal,
    same,
    stop_after,
    story,
    train,
)
from tuicnn import sharding
from tuicnn.engine.network import Network
from tuicnn.errors import UserError
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.resume_point import checkpoint_for, resume_state
from tuicnn.runs.status import describe, summary
from tuicnn.training.events import Event, State, Step
from tuicnn.training.options import Options
from tuicnn.worker.runner import Run

OPTIMIZERS = (
    "optim: sgd lr=0.05 momentum=0.9 nesterov=true decay=0.001",
    "optim: adam lr=0.01",
    "optim: adamw lr=0.01",
    "optim: rmsprop lr=0.01 momentum=0.5",
)


def a_run(parent: Path, optim: str = OPTIMIZERS[0], net: str = NET) -> RunFolder:
    return create_run(parent, "small", net.format(data=made_data(parent), optim=optim))


def copy_of(folder: RunFolder, name: str) -> RunFolder:
    path = folder.path.with_name(name)
    shutil.copytree(folder.path, path)
    return RunFolder(path)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that was stopped after its fourth step, with checkpoints of the third and the fourth; to be copied."""
    folder = a_run(tmp_path_factory.mktemp("stopped"))
    train(folder, report=stop_after(4))
    assert summary(folder).state == "stopped"
    assert folder.checkpoints.steps() == [4, 3]
    return folder


@pytest.fixture
def left(stopped: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of it."""
    return RunFolder(Path(shutil.copytree(stopped.path, tmp_path / "left")))


# --- the same bits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optim", OPTIMIZERS)
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bits(tmp_path: Path, optim: str) -> None:
    folder = a_run(tmp_path, optim)
    killed = killed_after_each_event(folder)
    kinds = ["start", *["step"] * 3, "epoch", *["step"] * 3, "epoch", "end"]
    assert [kind for kind, _ in killed] == kinds
    for number, (_, left) in enumerate(killed[:-1]):
        train(left, resume=True, threads=1 + number % 2)
        assert same(checkpoint_of(left), checkpoint_of(folder)), number
        assert story(left) == story(folder), number


def test_resumed_on_a_machine_with_fewer_processors_it_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "SMALL_BATCH", 0)
    monkeypatch.setattr(sharding, "LEAST", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 5)  # batches of 20 in shards of 4
    folder = a_run(tmp_path)
    killed = killed_after_each_event(folder, threads=3)
    assert checkpoint_of(folder).choices == {"shard": 4}
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    left = dict(killed)["step"]
    train(left, resume=True, threads=2)
    assert same(checkpoint_of(left), checkpoint_of(folder))
    assert story(left) == story(folder)


def test_killed_again_and_again_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    train(folder)
    left = copy_of(folder, "again")
    shutil.rmtree(left.checkpoints.path)
    left.journal.unlink()
    while not (left.journal.exists() and summary(left).state == "done"):
        steps: list[int] = []

        def die(run: Run, event: Event, steps: list[int] = steps) -> None:
            steps += [1] * (isinstance(event, Step))
            if len(steps) == 1:
                run.act("stop")

        train(left, resume=left.journal.exists(), report=die, threads=2)
    assert same(checkpoint_of(left), checkpoint_of(folder))
    assert [e for e in story(left) if e["event"] != "end"] == [e for e in story(folder) if e["event"] != "end"]
    assert story(left)[-1] == story(folder)[-1]


@pytest.mark.parametrize("every", [0, 1e-9])
def test_what_was_lost_is_told_once(tmp_path: Path, every: float) -> None:
    """Without checkpoints by time there are those of the epochs, and the steps after them are trained again."""
    folder = a_run(tmp_path)
    for number, (_, left) in enumerate(killed_after_each_event(folder, every=every)[:-1]):
        run = train(left, resume=True, every=every)
        assert story(left) == story(folder), number
        assert kinds(read_journal(left.journal).events).count("resumed") == 1
        # what the charts show
        history = run.history(0, 0)
        losses = [event["loss"] for event in story(folder) if event["event"] == "step"]
        assert history.losses.tolist() == np.array(losses, np.float32).tolist()
        assert [epoch.step for epoch in history.epochs] == [3, 6]
        assert run.progress().step == 6


def test_it_may_be_trained_longer(tmp_path: Path) -> None:
    plain = NET.replace("schedule: cosine warmup=1\n", "")
    folder, longer = a_run(tmp_path, net=plain), a_run(tmp_path, net=plain.replace("epochs=2", "epochs=4"))
    train(folder)
    train(longer)
    with pytest.raises(UserError, match=r"is done, 2 epochs.*--epochs 4"):
        train(folder, resume=True)
    train(folder, resume=True, options=Options(epochs=4))
    assert same(checkpoint_of(folder), checkpoint_of(longer))
    assert [e for e in story(folder) if e["event"] != "end"] == [e for e in story(longer) if e["event"] != "end"]
    assert summary(folder).epochs_planned == 4
    with pytest.raises(UserError, match="is beyond that: it has done 12 steps"):
        train(copy_of(folder, "shorter"), resume=True, options=Options(epochs=3))


def test_the_best_is_kept_beside_the_last_two(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: sgd lr=1e-6", NET.replace("epochs=2", "epochs=4"))
    train(folder)
    best = checkpoint_of(folder).best_step
    assert best == 3  # with so small a rate nothing is learnt, and the first epoch stays the best
    assert folder.checkpoints.steps() == [12, 11, 3]
    assert math.isfinite(folder.checkpoints.read(3).best_val_accuracy)


# --- checkpoints on pause, on stop, when asked ----------------------------------------------------------------------


def test_on_stop_there_is_a_checkpoint_of_that_step(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    run = train(folder, report=stop_after(2), every=0)
    assert (run.progress().state, checkpoint_of(folder).step, run.progress().saved) == (State.STOPPED, 2, 2)
    assert "stopped" in describe(folder)
    assert summary(folder).resumable


@pytest.mark.parametrize("action", ["pause", "save"])
def test_on_pause_and_when_asked_too(tmp_path: Path, action: Any) -> None:
    folder = a_run(tmp_path)
    seen: list[int] = []

    def act(run: Run, event: Event) -> None:
        if isinstance(event, Step):
            if event.step == 2:
                run.act(action)
                if action == "pause":
                    run.act("step")  # once it has paused, one step is trained
            elif event.step == 3:
                seen.extend(folder.checkpoints.steps())
                run.act("resume")

    train(folder, report=act, every=0)
    assert seen == [2]
    assert summary(folder).state == "done"


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    train(folder, report=lambda run, event: run.act("discard"))
    assert not folder.path.exists()


# --- damage ---------------------------------------------------------------------------------------------------------


def prepared(folder: RunFolder) -> PreparedRun:
    return PreparedRun.at(folder, resumes=True)


@given(data=st.data())
@settings(deadline=None)
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(stopped: RunFolder, data: st.DataObject) -> None:
    newest, before = (stopped.checkpoints.file(step) for step in (4, 3))
    whole = newest.read_bytes()
    if data.draw(st.booleans()):
        newest.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        flipped = bytearray(whole)
        flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        newest.write_bytes(flipped)
    said: list[str] = []
    try:
        found = checkpoint_for(prepared(stopped), "stop", said.append)
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
    found = checkpoint_for(prepared(left), "stop", said.append)
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
    past = resume_state(replace(prepared(left), options=Options(epochs=2)), "stop", said.append)
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


# --- what the files are good for ------------------------------------------------------------------------------------


def test_the_weights_file_alone_is_enough_to_predict(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    trained = train(folder)
    with safe_open(folder.weights, "numpy") as file:
        metadata = file.metadata()
    shape, names = (json.loads(metadata[name]) for name in ("input", "class_names"))
    mean, std = (np.array(json.loads(metadata[name])).reshape(-1, 1, 1) for name in ("mean", "std"))
    network = Network.from_text(metadata["net"], input=tuple(shape), classes=len(names))
    network.load_state_dict(load_file(folder.weights))
    data = np.load(tmp_path / "d.npz")
    predicted = network.forward((data["x_test"][:, None] / 255 - mean) / std).argmax(axis=1)
    assert np.mean(predicted == data["y_test"]) == trained.progress().test_accuracy


def test_a_checkpoint_names_its_arrays_as_pytorch_would(stopped: RunFolder) -> None:
    arrays = load_file(stopped.checkpoints.file(4))
    assert {name: array.shape for name, array in arrays.items()} == {
        "conv1.weight": (3, 1, 3, 3),
        "conv1.weight/momentum": (3, 1, 3, 3),
        "dense1.weight": (3, 192),
        "dense1.weight/momentum": (3, 192),
        **dict.fromkeys(("dense1.bias", "dense1.bias/momentum"), (3,)),
        **{f"batchnorm1.{name}": (3,) for name in ("weight", "bias", "running_mean", "running_var")},
        **{f"batchnorm1.{name}/momentum": (3,) for name in ("weight", "bias")},
        **dict.fromkeys(("conv1.bias", "conv1.bias/momentum"), (3,)),
    }


# --- what cannot go on ----------------------------------------------------------------------------------------------


def test_a_changed_net_is_refused_with_the_difference(stopped: RunFolder, left: RunFolder) -> None:
    net = left.path / "net.net"
    net.write_text(left.text.replace("dropout 0.3", "dropout 0.4"))
    with pytest.raises(UserError) as refused:
        train(left, resume=True)
    lines = str(refused.value).splitlines()
    assert "--warm" in lines[0]
    assert [line for line in lines if line.startswith("-conv")] == [f"-{NET.splitlines()[-1]}"]
    assert [line for line in lines if line.startswith("+conv")] == [
        f"+{NET.splitlines()[-1]}".replace("dropout 0.3", "dropout 0.4")
    ]
    assert story(left) == story(stopped)


def test_a_changed_comment_is_no_change(left: RunFolder) -> None:
    (left.path / "net.net").write_text("# a remark\n" + left.text.replace(" -> ", "  ->\n"))
    train(left, resume=True)
    assert summary(left).state == "done"


def test_other_data_is_refused_and_the_weights_are_kept(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    train(folder, report=stop_after(2))
    weights = folder.weights.read_bytes()
    made_data(tmp_path, seed=1)
    run = train(folder, resume=True)
    assert run.progress().state is State.FAILED
    assert "is not what it was trained on" in run.progress().message
    assert (folder.weights.read_bytes(), checkpoint_of(folder).step) == (weights, 2)
    made_data(tmp_path)
    assert train(folder, resume=True).progress().state is State.DONE


def test_a_run_that_diverged_is_not_sent_there_again(tmp_path: Path) -> None:
    folder = a_run(tmp_path, "optim: sgd lr=1e6")
    assert train(folder).progress().state is State.DIVERGED
    with pytest.raises(UserError, match=r"would again at the same step.*--on-nan halve-lr"):
        train(folder, resume=True)
    begun = checkpoint_of(folder)
    assert all(np.isfinite(array).all() for array in begun.arrays.values())
    run = train(folder, resume=True, on_nan="halve-lr")
    assert run.progress().state is State.DONE
    assert checkpoint_of(folder).rate_factor < 1


def test_another_version_is_told(stopped: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.runs.resume_point.versions", lambda: {"numpy": "99", "tuicnn": "0.1.0"})
    said: list[str] = []
    assert checkpoint_for(prepared(stopped), "stop", said.append)
    assert "is now 99" in said[0]
    assert "bits may come out differently" in said[0]


# --- the journal ----------------------------------------------------------------------------------------------------


@given(data=st.data())
@settings(deadline=None)
def test_whatever_became_of_the_journal_the_run_goes_on(
    stopped: RunFolder, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from tuicnn.runs.journal_truncation import truncate

    journal = tmp_path_factory.mktemp("j") / "journal.jsonl"
    text = bytearray(stopped.journal.read_bytes())
    changes = data.draw(st.integers(0, 3))
    for _ in range(changes):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    journal.write_bytes(text[: data.draw(st.integers(0, len(text)))])
    past = truncate(journal, checkpoint_of(stopped), lambda line: None)
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


def test_that_a_long_journal_takes_a_while_is_told(stopped: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    checkpoint_for(prepared(stopped), "stop", said.append)
    assert said == []
    monkeypatch.setattr("tuicnn.runs.resume_point.LONG", 100)
    checkpoint_for(prepared(stopped), "stop", said.append)
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
