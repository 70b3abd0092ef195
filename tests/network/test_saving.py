"""A network as one file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from tests.network.conftest import TEXT
from tests.runs.small import a_run, train
from tuicnn import Dataset, Network, UserError


def test_what_is_loaded_gives_the_same_bits(tmp_path: Path, images: Dataset) -> None:
    network = Network.from_text(TEXT, data=images)
    network.fit(images, progress=False).run()
    network.save(tmp_path / "bars.safetensors")
    loaded = Network.load(tmp_path / "bars.safetensors")
    assert np.array_equal(loaded.predict(images.test_images), network.predict(images.test_images))
    assert loaded.trained_on == network.trained_on
    loaded.fit(images, epochs=1, progress=False).run()  # its text has all that training needs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_that_is_not_trained_keeps_its_weights_and_its_precision(tmp_path: Path, dtype: type) -> None:
    network = Network.from_text("conv 2 3x3 -> flatten -> dense 4", input=(3, 5, 6), classes=4, dtype=dtype)
    network.save(tmp_path / "n")
    loaded = Network.load(str(tmp_path / "n"))
    assert loaded.dtype == dtype
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 6))
    assert np.array_equal(loaded.forward(x), network.forward(x))
    assert loaded.trained_on is None


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027])
def test_others_may_read_it_as_the_umask_allows(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        Network.from_text("flatten -> dense 10").save(tmp_path / "net.safetensors")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "net.safetensors").stat().st_mode) == 0o666 & ~mask


def test_the_weights_of_a_run_are_such_a_file(tmp_path: Path) -> None:
    folder = a_run(tmp_path)
    train(folder)
    loaded, network = Network.load(folder.weights), Network.from_run(folder.path)
    assert loaded.trained_on == network.trained_on
    pixels = np.random.default_rng(0).integers(0, 255, (3, 8, 8), dtype=np.uint8)
    assert np.array_equal(loaded.predict(pixels), network.predict(pixels))


@pytest.mark.parametrize("labels", [["bar", "dot"], [0.5, 1.0], [None, 1]])
def test_labels_that_are_no_numbers_of_classes_are_refused(images: Dataset, labels: list[object]) -> None:
    network = Network.from_text(TEXT, data=images)
    network.fit(images, epochs=1, progress=False).run()
    with pytest.raises(ValueError, match="labels must be whole numbers, one for each image"):
        network.evaluate(images.test_images[:2], labels)  # type: ignore[arg-type]


def test_what_cannot_be_written_or_read_is_a_sentence(tmp_path: Path, images: Dataset) -> None:
    network = Network.from_text(TEXT, data=images)
    with pytest.raises(UserError, match=r"cannot be written to .*/none/n: there is no folder .*/none; make it first"):
        network.save(tmp_path / "none" / "n")
    with pytest.raises(UserError, match=r"n cannot be read: it is not there"):
        Network.load(tmp_path / "n")
    network.save(tmp_path / "n")
    data = bytearray((tmp_path / "n").read_bytes())
    data[-1] ^= 1
    (tmp_path / "n").write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        Network.load(tmp_path / "n")
