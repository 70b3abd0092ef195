"""`tuicnn export`: which files it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from tests.conftest import Run, usage_error
from tests.runs.small import checkpoint_of
from tuicnn import Network
from tuicnn.runs.creation import create_run
from tuicnn.runs.folder import RunFolder
from tuicnn.training.checkpointing import first_checkpoint


def test_weights_leave_with_what_normalises_their_images(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    """The data need not be here."""
    (tmp_path / "d.npz").unlink()
    checkpoint, work = checkpoint_of(stopped), tmp_path / "work"
    for file in ("net.safetensors", "net.npz"):
        done = tuicnn("export", "my-1", "-o", file)
        assert done.returncode == 0, done.stderr
        assert f"{file}: my-1 after epoch 1" in done.stdout

    weights = load_file(work / "net.safetensors")
    with safe_open(work / "net.safetensors", "numpy") as opened:
        about = opened.metadata()
    with np.load(work / "net.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {*weights, "net", "input", "class_names", "mean", "std"}
        assert arrays["class_names"].tolist() == ["0", "1", "2"] == json.loads(about["class_names"])
        assert arrays["mean"].tolist() == list(checkpoint.mean) == json.loads(about["mean"])
        assert arrays["std"].tolist() == list(checkpoint.std) == json.loads(about["std"])
        assert str(arrays["net"]) == stopped.text == about["net"]
        for name, array in weights.items():
            assert array.tobytes() == checkpoint.arrays[name].tobytes() == arrays[name].tobytes()


def test_the_format_is_asked_for_or_what_the_file_ends_in(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert tuicnn("export", "my-1", "--to", "torch").stdout.startswith("my_1.py and my_1.safetensors: ")
    source = (work / "my_1.py").read_text()
    assert "from my_1 import load" in source
    assert "# conv 3 3x3 pad=1 -> batchnorm -> relu" in source
    assert tuicnn("export", "my-1", "-o", "my_1.py").returncode == 0  # a module of ours is written anew

    pytest.importorskip("onnx", reason="the package onnx writes the file (the extra `onnx` has it)")
    assert "Input image: float32 (N, 1, 8, 8)" in tuicnn("export", "my-1", "-o", "NET.ONNX").stdout
    assert (work / "NET.ONNX").is_file()


def test_what_cannot_be_written_is_said_in_one_sentence(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "own.py").write_text("print('mine')\n")
    for arguments, sentence in [
        (["-o", "net.h5"], "net.h5 ends in none of .onnx, .py, .safetensors, .npz"),
        (["--to", "onnx", "-o", "net.py"], "write -o net.onnx"),
        (["--to", "npz", "-o", "."], "write -o net.npz"),
        (["-o", "there/net.npz"], "There is no folder there"),
        (["-o", "own.py"], "own.py is there, and is no module that tuicnn wrote"),
        (["-o", "net.npz", "--epoch", "7"], "has no snapshot of epoch 7"),
    ]:
        done = tuicnn("export", "my-1", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert sentence in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert (work / "own.py").read_text() == "print('mine')\n"
    assert sorted(path.name for path in work.iterdir()) == ["my.net", "own.py", "runs"]
    assert "say what to write" in usage_error("export", "my-1")


def test_a_run_without_weights_has_nothing_to_export(tuicnn: Run, tmp_path: Path) -> None:
    folder = create_run(tmp_path / "work", "new", "data: mnist\nflatten -> dense 10\n")
    done = tuicnn("export", "new-1", "-o", "net.npz")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "has no checkpoint yet" in done.stderr
    network = Network.from_file(folder.path / "net.net")
    folder.checkpoints.write(first_checkpoint(network, network.plan))  # of a run that is to begin with other weights
    done = tuicnn("export", "new-1", "-o", "net.npz")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "has not begun to train" in done.stderr
