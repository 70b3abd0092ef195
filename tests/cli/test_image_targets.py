"""A network whose target is the image, through the commands: it is told by errors of pixels, and makes pictures."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run
from tests.runs.small import made_data
from tuicnn import Network

NET = """\
data: npz "{data}" val=10
target: image
train: epochs=1 batch=20 seed=4
conv 3 3x3 stride=2 pad=same -> relu -> convtranspose 1 2x2 stride=2 -> sigmoid
"""


@pytest.fixture
def rebuilt(tuicnn: Run, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Test images (N, H, W) of a run `my-1`, trained here, and what its network makes of them (N, H, W), 0 to 1."""
    data = made_data(tmp_path)
    (tmp_path / "work/my.net").write_text(NET.format(data=data))
    done = tuicnn("train", "my.net", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert "accuracy" not in done.stdout
    with np.load(data) as arrays:
        images: np.ndarray = arrays["x_test"]
    return images, Network.from_run(tmp_path / "work/runs/my-1").predict(images)[:, 0]


def test_eval_tells_errors_of_pixels(tuicnn: Run, rebuilt: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    (images, made), folder = rebuilt, tmp_path / "work"
    errors = np.square(made - images / 255).mean(axis=(1, 2))
    found = json.loads(tuicnn("eval", "my-1", "--json").stdout)
    assert "accuracy" not in found
    assert found["mse"] == pytest.approx(errors.mean(), rel=1e-4)
    assert found["psnr"] == pytest.approx(-10 * np.log10(errors.mean()), rel=1e-4)
    assert found["worst"][0]["index"] == errors.argmax()
    assert tuicnn("eval", "my-1").stdout.splitlines()[2].startswith(f"PSNR  {found['psnr']:.2f} dB")
    assert f"loss {found['loss']:.3f}" in tuicnn("runs").stdout
    shutil.copytree(folder / "runs/my-1", folder / "runs/my-2")
    assert "none of its images is right or wrong" in tuicnn("compare", "my-1", "my-2").stderr


def test_predict_writes_pictures(tuicnn: Run, rebuilt: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    images, made = rebuilt
    for folder in ("a", "b"):
        (tmp_path / "work" / folder).mkdir()
        Image.fromarray(images[ord(folder) - ord("a")]).save(tmp_path / f"work/{folder}/one.png")
    assert "-o pictures" in tuicnn("predict", "my-1", "a").stderr
    done = tuicnn("predict", "my-1", "a", "b", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    for number, line in enumerate(done.stdout.splitlines()):
        said = json.loads(line)
        with Image.open(tmp_path / "work" / said["output"]) as picture:
            np.testing.assert_allclose(np.asarray(picture), made[number] * 255, atol=0.51)
        assert said["mse"] == pytest.approx(np.square(made[number] - images[number] / 255).mean(), rel=1e-4)
    assert sorted(path.name for path in (tmp_path / "work/out").iterdir()) == ["one-2.png", "one.png"]


def test_other_programs_make_the_same_pictures(
    tuicnn: Run, rebuilt: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    images, made = rebuilt
    given = images[:, None].astype(np.float32)
    runtime = pytest.importorskip("onnxruntime")
    assert "pixels, from 0 to 1" in tuicnn("export", "my-1", "-o", "my.onnx").stdout
    session = runtime.InferenceSession(tmp_path / "work/my.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["pixels"], {"image": given})[0][:, 0], made, atol=1e-5)
    torch = pytest.importorskip("torch")
    assert tuicnn("export", "my-1", "--to", "torch", "-o", "my_net.py").returncode == 0
    load = runpy.run_path(str(tmp_path / "work/my_net.py"))["load"]
    with torch.no_grad():
        np.testing.assert_allclose(load()(torch.tensor(given)).pixels.numpy()[:, 0], made, atol=1e-5)
