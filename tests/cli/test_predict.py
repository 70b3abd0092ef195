"""`tuicnn predict`: what a run takes pictures for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Run
from tuicnn import Network
from tuicnn.runs.folder import RunFolder
from tuicnn.sharding import INFERENCE_SHARD


@pytest.fixture
def pictures(tmp_path: Path, stopped: RunFolder) -> np.ndarray:
    """Test images of the run, two of them as pictures in `work`; the data itself is gone."""
    with np.load(tmp_path / "d.npz") as data:
        images: np.ndarray = data["x_test"]
    for number in range(2):
        Image.fromarray(images[number]).save(tmp_path / f"work/{number}.png")
    (tmp_path / "d.npz").unlink()
    return images


def test_a_picture_is_what_the_network_says(tuicnn: Run, stopped: RunFolder, pictures: np.ndarray) -> None:
    checkpoint = stopped.checkpoints.newest(lambda line: None)
    assert checkpoint is not None
    network = Network.from_run(stopped.path)
    z = network.forward((pictures[:, None] / 255 - checkpoint.mean[0]) / checkpoint.std[0]).astype(float)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    for images in (pictures, pictures[..., None], pictures[:, None]):
        assert network.predict(images) == pytest.approx(p, abs=1e-5)

    done = tuicnn("predict", "my-1", "0.png", "1.png", "--json")
    assert done.returncode == 0, done.stderr
    for number, line in enumerate(done.stdout.splitlines()):
        found = json.loads(line)
        assert (found["file"], found["done"]) == (f"{number}.png", [])
        assert list(found["probabilities"]) == ["0", "1", "2"]
        assert list(found["probabilities"].values()) == pytest.approx(p[number], abs=1e-5)
        assert found["class"] == str(p[number].argmax())


def test_many_pictures_are_asked_at_once_and_told_in_their_order(
    tuicnn: Run, pictures: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "work/many"
    folder.mkdir()
    for number in range(INFERENCE_SHARD + 3):
        Image.fromarray(pictures[number % len(pictures)]).save(folder / f"{number:03}.png")
    (folder / "001.png").write_text("no picture")
    done = tuicnn("predict", "my-1", "many", "--json")
    assert done.stderr.startswith("many/001.png cannot be read")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    numbers = [number for number in range(INFERENCE_SHARD + 3) if number != 1]
    assert [each["file"] for each in said] == [f"many/{number:03}.png" for number in numbers]
    wanted = Network.from_run(tmp_path / "work/runs/my-1").predict(pictures)
    for number, each in zip(numbers, said, strict=True):
        shares = list(each["probabilities"].values())
        assert shares == pytest.approx(wanted[number % len(pictures)].tolist(), abs=1e-6)


def test_evaluate_in_python_says_what_the_command_does(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    with np.load(tmp_path / "d.npz") as data:
        images, labels = data["x_test"], data["y_test"]
    found = json.loads(tuicnn("eval", "my-1", "--json").stdout)
    network = Network.from_run(stopped.path)
    for given in (images, images[:, None]):
        scores = network.evaluate(given, labels)
        assert (scores.loss, scores.accuracy) == (found["loss"], found["accuracy"])
        assert scores.answers.confusion().tolist() == found["confusion"]
        assert scores.calibration_error == found["ece"]
    with pytest.raises(ValueError, match="12 images need 12 labels"):
        network.evaluate(images, labels[:3])
    with pytest.raises(ValueError, match="images must be uint8, from 0 to 255 as they are stored, not float64"):
        network.evaluate(images / 255, labels)


def test_a_network_that_was_saved_predicts_as_its_run(
    tuicnn: Run, stopped: RunFolder, pictures: np.ndarray, tmp_path: Path
) -> None:
    Network.from_run(stopped.path).save(tmp_path / "work/mine.safetensors")
    by_run, by_file = (tuicnn("predict", of, "0.png", "--json") for of in ("my-1", "mine.safetensors"))
    assert by_file.stdout == by_run.stdout != ""
    assert "leave --epoch out" in tuicnn("predict", "mine.safetensors", "0.png", "--epoch", "1").stderr


def test_people_read_what_was_done(tuicnn: Run, pictures: np.ndarray, tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "white").save(tmp_path / "work/wide.png")
    done = tuicnn("predict", "my-1", "wide.png", "--invert", "--ascii")
    head, fitted, best, *_ = done.stdout.splitlines()
    assert head == "wide.png"
    assert fitted.strip() == "made grey, scaled from 40x20 to 16x8, cut to the middle 8x8, inverted"
    assert "%" in best
    assert done.stdout.isascii()


def test_a_bad_picture_among_good_ones_is_named(tuicnn: Run, pictures: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "work/00.png").write_text("no picture")
    done = tuicnn("predict", "my-1", ".", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["0.png", "1.png"]
    assert "00.png cannot be read as a picture" in done.stderr
    alone = tuicnn("predict", "my-1", "none.png")
    assert (alone.returncode, alone.stdout, alone.stderr.count("\n")) == (1, "", 1)


def test_a_picture_comes_from_standard_input(pictures: np.ndarray, tmp_path: Path, environment: dict[str, str]) -> None:
    with (tmp_path / "work/1.png").open("rb") as picture:
        done = subprocess.run(
            [sys.executable, "-m", "tuicnn", "predict", "my-1", "-", "--json"],
            cwd=tmp_path / "work", env=environment, stdin=picture, capture_output=True, text=True, check=True,
            timeout=120,
        )  # fmt: skip
    assert json.loads(done.stdout)["file"] == "-"


def test_what_predict_does_not_take_is_told() -> None:
    network = Network.from_text("flatten -> dense 3", input=(1, 4, 4), classes=3)
    images = np.zeros((2, 4, 4), np.uint8)
    with pytest.raises(ValueError, match="`fit`, `from_run` and `load` know it"):
        network.predict(images)
    with pytest.raises(ValueError, match=r"images of uint8 are not normalised; .* or give them to `predict`"):
        network.forward(images[:, None])
