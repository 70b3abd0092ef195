"""`tuicnn import`: a run with weights from elsewhere, which says what went where, and is as good as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.conftest import Run, usage_error
from tests.runs.small import checkpoint_of, read_journal, train
from tuicnn.runs.folder import RunFolder
from tuicnn.training.events import End, Imported, Start, State


def scores(tuicnn: Run, run: str) -> dict[str, float]:
    found = json.loads(tuicnn("eval", run, "--json").stdout)
    return {name: found[name] for name in ("loss", "accuracy", "confusion")}


@pytest.mark.parametrize("file", ["net.onnx", "net.safetensors", "net.npz"])
def test_a_network_goes_out_and_comes_back(tuicnn: Run, stopped: RunFolder, tmp_path: Path, file: str) -> None:
    if file.endswith("onnx"):
        pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    assert tuicnn("export", "my-1", "-o", file).returncode == 0
    done = tuicnn("import", file, "--net", "my.net")
    assert done.returncode == 0, done.stderr
    assert f"as {file} says." in done.stdout
    assert f"my-2 has the weights of {file}: " in done.stdout
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:4]] == [
        [name, name, "name"] for name in ("conv1", "batchnorm1", "dense1")
    ]

    run = RunFolder(tmp_path / "work/runs/my-2")
    before, after = checkpoint_of(stopped), checkpoint_of(run)
    assert {name: array.tobytes() for name, array in after.weights.items()} == {
        name: array.tobytes() for name, array in before.weights.items()
    }
    assert (after.mean, after.std, after.class_names) == (before.mean, before.std, before.class_names)
    assert scores(tuicnn, "my-2") == scores(tuicnn, "my-1")
    kinds = [type(event) for event in read_journal(run.journal).events]
    assert kinds == [Imported, Start, End]
    assert "stopped" in tuicnn("runs").stdout
    assert tuicnn("export", "my-2", "-o", "again.npz").returncode == 0


def test_what_images_were_normalised_with_stays_so(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    """Weights belong to it: also training goes on with what the weights know, and not with what the data has."""
    tuicnn("export", "my-1", "-o", "net.safetensors")
    work = tmp_path / "work"
    save_file(load_file(work / "net.safetensors"), work / "bare.safetensors")  # nothing but weights
    done = tuicnn("import", "bare.safetensors", "--net", "my.net")
    assert "as the data has them" in done.stdout
    done = tuicnn("import", "bare.safetensors", "--net", "my.net", "--mean", "0.25", "--std", "0.5")
    assert "by mean 0.25 and standard deviation 0.5, as you say." in done.stdout
    assert done.returncode == 0, done.stderr
    assert scores(tuicnn, "my-2") == scores(tuicnn, "my-1")
    assert scores(tuicnn, "my-3") != scores(tuicnn, "my-1")

    run = RunFolder(work / "runs/my-3")
    train(run, resume=True)
    after = checkpoint_of(run)
    assert (after.step, after.mean, after.std) == (6, (0.25,), (0.5,))
    assert next(e for e in reversed(read_journal(run.journal).events) if isinstance(e, End)).state is State.DONE
    assert tuicnn("eval", "my-3").returncode == 0


def test_layers_that_are_new_begin_anew(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    tuicnn("export", "my-1", "-o", "net.npz")
    net = (tmp_path / "work/my.net").read_text().replace("-> dense 3", "-> dense 5 -> dense 3")
    (tmp_path / "work/other.net").write_text(net)
    refused = tuicnn("import", "net.npz", "--net", "other.net")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "dense2 (weight 3x5, bias 3)" in refused.stderr
    assert "With --partial" in refused.stderr
    assert not (tmp_path / "work/runs/other-2").exists()

    done = tuicnn("import", "net.npz", "--net", "other.net", "--partial", "--run", "mine")
    assert done.returncode == 0, done.stderr
    assert "Not used: dense1." in done.stdout
    kept = checkpoint_of(RunFolder(tmp_path / "work/mine")).arrays
    assert np.array_equal(kept["conv1.weight"], checkpoint_of(stopped).arrays["conv1.weight"])
    assert not kept["dense2.bias"].any()


def test_what_cannot_be_is_said_in_one_sentence(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    tuicnn("export", "my-1", "-o", "net.npz")
    with np.load(tmp_path / "work/net.npz") as file:
        np.savez(tmp_path / "work/named.npz", **{**file, "class_names": np.array(["cat", "dog", "cow"])})
    with np.load(tmp_path / "d.npz") as file:
        words = {name: np.array(["a", "b", "c"])[file[name]] for name in ("y_train", "y_test")}
        np.savez(tmp_path / "words.npz", **{**file, **words})
    (tmp_path / "work/my.net").write_text(stopped.text.replace("d.npz", "words.npz"))
    for arguments, sentence in [
        (["no.npz"], "no.npz cannot be read: it is not there"),
        (["named.npz"], "know the classes cat, dog, cow, in this order, but"),
        (["net.npz", "--mean", "0.5"], "--mean and --std belong together: add --std 0.25"),
        (["net.npz", "--mean", "0.5,0.5", "--std", "1"], "--mean has 1 number for images of 1 channel"),
        (["net.npz", "--mean", "0", "--std", "0"], "--std has 1 number above 0"),
    ]:
        done = tuicnn("import", *arguments, "--net", "my.net")
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "work/runs").iterdir()] == ["my-1"]
    assert "is no numbers with commas between them" in usage_error("import", "a.npz", "--net", "b.net", "--mean", "x")
