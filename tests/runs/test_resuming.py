"""A run that was killed and resumed ends with the same bits as one that was not; what cannot go on says why."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from tests.runs.small import (
    NET,
    RECIPE,
    SGD,
    a_run,
    checkpoint_of,
    killed_after_each_event,
    kinds,
    made_data,
    read_journal,
    same,
    stop_after,
    story,
    train,
)
from tuicnn import sharding
from tuicnn.engine.network import Network
from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.resume_point import checkpoint_for
from tuicnn.runs.status import describe, summary
from tuicnn.system.blas import blas_kernel
from tuicnn.training.events import Event, State, Step
from tuicnn.training.options import Options
from tuicnn.worker.runner import Run

OPTIMIZERS = (
    SGD,
    "optim: adam lr=0.01",
    "optim: adamw lr=0.01",
    "optim: rmsprop lr=0.01 momentum=0.5",
)


def copy_of(folder: RunFolder, name: str) -> RunFolder:
    path = folder.path.with_name(name)
    shutil.copytree(folder.path, path)
    return RunFolder(path)


# --- the same bits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "optim"),
    [*((NET, optim) for optim in OPTIMIZERS), (RECIPE, SGD), (NET.replace("seed=4", "seed=4 ema=0.7"), SGD)],
)
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bits(tmp_path: Path, net: str, optim: str) -> None:
    folder = a_run(tmp_path, optim, net)
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
    plain = NET.replace("schedule: cosine warmup=1", "schedule: constant")
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


def test_a_checkpoint_names_its_arrays_as_pytorch_would(stopped_run: RunFolder) -> None:
    arrays = load_file(stopped_run.checkpoints.file(4))
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


def test_a_changed_net_is_refused_with_the_difference(stopped_run: RunFolder, left: RunFolder) -> None:
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
    assert story(left) == story(stopped_run)


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


def test_another_version_is_told(stopped_run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.runs.resume_point.versions", lambda: {"numpy": "99", "tuicnn": "0.1.0"})
    said: list[str] = []
    assert checkpoint_for(PreparedRun.at(stopped_run, resumes=True), "stop", said.append)
    assert "is now 99" in said[0]
    assert "bits may come out differently" in said[0]


def test_other_matrix_products_are_told(stopped_run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuicnn.training.checkpointing.blas_kernel", lambda: "Abacus")
    said: list[str] = []
    assert checkpoint_for(PreparedRun.at(stopped_run, resumes=True), "stop", said.append)
    if blas_kernel():  # NumPy's other libraries do not tell
        assert f"BLAS kernel {blas_kernel()} is now Abacus" in said[0]
    else:
        assert said == []
