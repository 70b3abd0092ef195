"""`tuicnn eval`: how good a run is, as people and programs read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.made_predictions import predictions
from tests.runs.small import NET, made_data, stop_after, train
from tuicnn import Network
from tuicnn.cli.output.scores import print_scores
from tuicnn.display.terminal import TerminalProfile
from tuicnn.runs.creation import create_run
from tuicnn.runs.evaluating import EvaluatedRun
from tuicnn.runs.folder import RunFolder
from tuicnn.statistics import wilson_interval
from tuicnn.training.scores import Scores

PARTS = ("train", "validation", "test")


def said_of(folder: RunFolder, images: np.ndarray) -> np.ndarray:
    """The probabilities of images (N, H, W), computed here: normalised by what the checkpoint has."""
    checkpoint = folder.checkpoints.newest(lambda line: None)
    assert checkpoint is not None
    network = Network.from_run(folder.path)
    z = network.forward((images[:, None] / 255 - checkpoint.mean[0]) / checkpoint.std[0]).astype(float)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    shares: np.ndarray = p / p.sum(axis=1, keepdims=True)
    return shares


def test_the_figures_are_those_of_the_test_images(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    done = tuicnn("eval", "my-1", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    with np.load(tmp_path / "d.npz") as data:
        images, labels = data["x_test"], data["y_test"]
    p = said_of(stopped, images)
    said = p.argmax(axis=1)
    right = int((said == labels).sum())
    assert (found["images"], found["accuracy"]) == (12, right / 12)
    assert found["loss"] == pytest.approx(-np.log(p[range(12), labels]).mean(), rel=1e-4)
    assert found["accuracy_interval"] == pytest.approx(wilson_interval(right, 12))
    assert found["confusion"] == [[int(((labels == a) & (said == b)).sum()) for b in range(3)] for a in range(3)]
    assert [each["images"] for each in found["classes"]] == [4, 4, 4]
    assert [set(each) for each in found["classes"]] == [{"name", "images", "precision", "recall", "f1"}] * 3
    assert 0 <= found["ece"] <= 1
    assert len(found["worst"]) == 12 - right
    for each in found["worst"]:
        assert each["truth"] == str(labels[each["index"]])
        assert each["prediction"] == str(said[each["index"]])
        assert each["probability"] == pytest.approx(p[each["index"]].max(), rel=1e-3)

    parts = {
        part: json.loads(tuicnn("eval", "my-1", "--part", part, "--json").stdout) for part in ("train", "validation")
    }
    assert {part: each["images"] for part, each in parts.items()} == {"train": 60, "validation": 10}
    printed = tuicnn("eval", "my-1").stdout
    assert "on 12 test images" in printed
    assert "95% interval" in printed


def test_how_many_views_of_an_image_count(tuicnn: Run, tmp_path: Path) -> None:
    text = NET.format(data=made_data(tmp_path), optim="optim: adam\ntest: flip=horizontal shift=1")
    train(create_run(tmp_path / "work", "my", text), report=stop_after(2))
    views = {part: json.loads(tuicnn("eval", "my-1", "--part", part, "--json").stdout)["views"] for part in PARTS}
    assert views == {"train": 1, "validation": 1, "test": 6}
    assert "on 12 test images, each by 6 views" in tuicnn("eval", "my-1").stdout
    assert "views" not in tuicnn("eval", "my-1", "--part", "train").stdout


def test_other_data_is_normalised_as_the_training_images_were(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    """Also where the run's own data is gone."""
    work = tmp_path / "work"
    made_data(work, seed=1).rename(work / "other.npz")
    (tmp_path / "d.npz").unlink()
    done = tuicnn("eval", "my-1", "--data", 'npz "other.npz"', "--json")
    assert done.returncode == 0, done.stderr
    with np.load(work / "other.npz") as data:
        p = said_of_without_data(stopped, data["x_test"])
        assert json.loads(done.stdout)["loss"] == pytest.approx(-np.log(p[range(12), data["y_test"]]).mean(), rel=1e-4)


def said_of_without_data(folder: RunFolder, images: np.ndarray) -> np.ndarray:
    made_data(folder.path.parents[2])  # what `from_run` looks at is its shape
    return said_of(folder, images)


def test_other_data_may_be_named_by_its_path(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    def said(data: str) -> str:
        done = tuicnn("eval", "my-1", "--data", data, "--json")
        assert done.returncode == 0, done.stderr
        return done.stdout

    written = said('npz "../d.npz"')
    assert json.loads(said("../d.npz"))["accuracy"] == json.loads(written)["accuracy"]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ('npz "none.npz"', 'There is no file "none.npz"'),
        ("mnits", "`mnits` names no data: no data set called `mnits`"),
        ("nothing", '`nothing` names no data: no data set called `nothing`. Write it as in a net: npz "mine.npz"'),
        ("mnits", "Did you mean `mnist`? Write it as in a net"),
        ("mnist", "images of 1x28x28, but the network takes 1x8x8"),
        ("mnist\ninput: 1x2x2", "A data set is written in one line"),
    ],
)
def test_data_that_does_not_fit_is_one_sentence(tuicnn: Run, stopped: RunFolder, other: str, told: str) -> None:
    refused = tuicnn("eval", "my-1", "--data", other)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert told in refused.stderr


def test_what_cannot_be_evaluated_is_one_sentence(tuicnn: Run, stopped: RunFolder, tmp_path: Path) -> None:
    def refused(*more: str) -> str:
        done = tuicnn("eval", "my-1", *more)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        return done.stderr

    assert "no snapshot of epoch 9" in refused("--epoch", "9")
    made_data(tmp_path, seed=1)
    assert "is not what it was trained on: its images or labels have changed" in refused()
    (tmp_path / "d.npz").unlink()
    assert re.search(r"data of the run my-1 is not as it was: There is no file .*d\.npz.* --data PATH", refused())
    for folder in (stopped.path / "checkpoints", stopped.path / "snapshots"):
        for file in folder.iterdir():
            file.unlink()
    (stopped.path / "weights.safetensors").unlink(missing_ok=True)
    assert "has no checkpoint yet" in refused()


def evaluated(scores: Scores) -> EvaluatedRun:
    return EvaluatedRun("my-1", 1, 10, "test", None, "", 1, scores, np.zeros((0, 8, 8, 1), np.uint8))


@pytest.mark.parametrize(("classes", "matrix"), [(3, True), (10, True), (40, False)])
def test_80_columns_of_ascii_are_enough(
    classes: int, matrix: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    random = np.random.default_rng(0)
    labels, said = random.integers(0, classes, (2, 9999))
    made = predictions([(int(a), int(b), 0.75) for a, b in zip(labels, said, strict=True)], classes)
    names = tuple(f"a class with a long name {k}" for k in range(classes))
    print_scores(evaluated(Scores(made, names, 1.5, np.zeros(9999, np.int64))), TerminalProfile(ascii=True))
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= 80
    assert ("Confusion" in printed) is matrix
    assert ("with the lowest F1" in printed) is (classes > 20)
    assert "The surest mistakes" in printed


def test_a_network_without_mistakes_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    made = predictions([(0, 0, 0.9), (1, 1, 0.9)], 2)
    print_scores(evaluated(Scores(made, ("a", "b"), 0.1, np.zeros(2, np.int64))), TerminalProfile())
    printed = capsys.readouterr().out
    assert "100.00%" in printed
    assert "mistakes" not in printed
