"""`data: symbols`: drawn alike everywhere, and nothing but the symbol tells the class."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tuicnn.data import Symbols
from tuicnn.data.symbols import SIZE, SYMBOLS, draw

CLASSES = np.arange(50, dtype=np.int64) % len(SYMBOLS)


def test_the_images_are_the_same_on_every_machine() -> None:
    """A run that goes on elsewhere must find the images that it began with."""
    images = draw("test", 0, CLASSES)
    assert images.shape == (50, SIZE, SIZE, 3)
    assert hashlib.blake2b(images.tobytes(), digest_size=8).hexdigest() == "ad076f43656ce077"


def test_no_image_is_there_twice() -> None:
    drawn = [draw(split, start, CLASSES) for split in ("train", "test") for start in (0, 50)]
    assert len({image.tobytes() for images in drawn for image in images}) == 200


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_symbol_lies_whole_in_the_image_and_is_no_other(name: str) -> None:
    x, y = np.meshgrid(*2 * [np.linspace(-2, 2, 201, dtype=np.float32)])
    inside = {each: distance(x, y) < 0 for each, distance in SYMBOLS.items()}
    assert not inside[name][np.hypot(x, y) > 1.1].any()
    for other in SYMBOLS.keys() - {name}:
        assert (inside[name] ^ inside[other]).sum() > 0.1 * inside[other].sum()


def test_colours_tell_nothing() -> None:
    """Images of two symbols that cover much and little have the same mean colours, and the same spread of them."""
    means = {}
    for name in ("circle", "crescent"):
        labels = np.full(400, list(SYMBOLS).index(name))
        means[name] = np.concatenate([draw(split, 0, labels) for split in ("train", "test")]).mean(axis=(1, 2))
    assert means["circle"].mean(axis=0) == pytest.approx(means["crescent"].mean(axis=0), abs=10)
    assert means["circle"].std(axis=0) == pytest.approx(means["crescent"].std(axis=0), rel=0.15)


def test_the_data_set() -> None:
    spec = Symbols(limit=100, val=200)
    data = spec.load()
    assert data.train_images.shape == (100, SIZE, SIZE, 3)
    assert data.train_images.dtype == np.uint8
    assert (len(data.val_labels), len(data.test_labels)) == (200, 2000)
    assert (np.bincount(data.test_labels) == 250).all()
    assert data.class_names == spec.describe().class_names == tuple(SYMBOLS)
    assert spec.describe().shape == (3, SIZE, SIZE)
