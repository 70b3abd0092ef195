"""Arrays of a program as a data set; data sets by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runs.small import made_data
from tuicnn import DataError, Dataset, UserError, datasets

X = np.random.default_rng(0).integers(0, 255, (60, 5, 4), dtype=np.uint8)
Y = np.arange(60) % 3


def test_it_is_what_a_file_with_these_arrays_would_be(tmp_path: Path) -> None:
    path = made_data(tmp_path)
    with np.load(path) as arrays:
        given = {name: arrays[name] for name in arrays}
    made = Dataset.from_arrays(
        given["x_train"], given["y_train"], val=10, test=(given["x_test"], given["y_test"]), name="mine"
    )
    read = datasets.load(f'npz "{path}" val=10')
    for part in ("train", "val", "test"):
        for what in ("images", "labels"):
            assert np.array_equal(getattr(made, f"{part}_{what}"), getattr(read, f"{part}_{what}"))
    assert (made.mean, made.std) == (read.mean, read.std)
    assert repr(made) == "mine: 60 + 10 + 12 images to train, validate and test on, 1x8x8, 3 classes"


def test_parts_that_are_given_stay_as_they_are() -> None:
    made = Dataset.from_arrays(X, Y, val=(X[:5], Y[:5]), test=(X[:7], Y[:7]), class_names=["a", "b", "c"])
    assert np.array_equal(made.train_images[..., 0], X)
    assert (len(made.val_labels), len(made.test_labels)) == (5, 7)
    assert (made.class_names, made.input, made.classes) == (("a", "b", "c"), (1, 5, 4), 3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"labels": Y[:-1]}, "the array of images has 60 images, but there are 59 labels"),
        ({"class_names": ["a", "b"]}, "the array of labels goes up to 2, but there are 2 class names"),
        ({"test": (X[:, :4], Y)}, "training images are 1x5x4 .* test images are 1x4x4"),
        ({"val": 60}, "leaves nothing to train on"),
        ({"val": 0}, "val must be a number of images, at least 1"),
        ({"images": X.reshape(60, 20)}, "the array of images has the shape 60x20, one row an image: reshape it"),
        ({"images": X - 128.0}, "the array of images holds float64 values from -128 to"),
        ({"test": X}, r"test data must be a pair \(images, labels\)"),
    ],
)
def test_what_does_not_fit_is_said(given: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Dataset.from_arrays(**{"images": X, "labels": Y, **given})


def test_names_and_fractions_are_taken_as_people_have_them() -> None:
    names = np.array(["ant", "bee", "cow"])
    plain, given = Dataset.from_arrays(X, Y), Dataset.from_arrays(X / 255, names[Y])
    assert given.class_names == ("ant", "bee", "cow")
    assert np.array_equal(given.train_images, plain.train_images)
    assert np.array_equal(given.test_labels, plain.test_labels)
    one_hot = Dataset.from_arrays(X, np.eye(3)[Y], class_names=names)
    assert (one_hot.class_names, one_hot.train_labels.tolist()) == (given.class_names, plain.train_labels.tolist())


def test_options_are_those_of_the_language() -> None:
    data = datasets.mnist(classes=[3, 8], limit=100, val=50, pad=2)
    assert (data.class_names, len(data.train_labels), len(data.val_labels)) == (("3", "8"), 100, 50)
    assert data.input == (1, 32, 32)
    with pytest.raises(UserError, match="`limit` of mnist must be a whole number, at least 1, not -3"):
        datasets.mnist(limit=-3)
    with pytest.raises(UserError, match=r"names no data: .*mnsit"):
        datasets.load("mnsit")
