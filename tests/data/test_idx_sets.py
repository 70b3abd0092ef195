"""MNIST is inside; Fashion-MNIST is found, proven and asked for; a folder of IDX files is read."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from tuicnn.data import DataError, Dataset, FashionMnist, IdxFolder, Mnist
from tuicnn.data import idx_sets as module

from .made import FILES, REAL, idx_bytes, images, real, write_idx_folder


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return Mnist().load()


def test_mnist_is_whole(mnist: Dataset) -> None:
    assert mnist.train_images.shape == (55_000, 28, 28, 1)
    assert mnist.val_images.shape == (5_000, 28, 28, 1)
    assert mnist.test_images.shape == (10_000, 28, 28, 1)
    assert mnist.train_images.dtype == np.uint8
    assert mnist.train_labels.dtype == np.int64
    labels = np.concatenate([mnist.train_labels, mnist.val_labels])
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    np.testing.assert_allclose(mnist.mean, [0.1307], atol=1e-3)
    np.testing.assert_allclose(mnist.std, [0.3081], atol=1e-3)


def test_mnist_describes_itself_as_it_loads(mnist: Dataset) -> None:
    spec = Mnist(classes=(7, 1), pad=2, limit=10)
    loaded, described = spec.load(), spec.describe()
    assert described.shape == (1, 32, 32)
    assert described.class_names == loaded.class_names == ("7", "1")
    assert loaded.train_images.shape == (10, 32, 32, 1)
    assert (loaded.val_images[:, :2] == 0).all()
    # the test set keeps its order: the first 7 and the first 1
    assert loaded.test_labels[:2].tolist() == [0, 1]
    np.testing.assert_array_equal(loaded.test_images[0, 2:-2, 2:-2], mnist.test_images[0])
    np.testing.assert_array_equal(loaded.test_images[1, 2:-2, 2:-2], mnist.test_images[2])


def test_an_altered_mnist_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(module.SHIPPED, tmp_path / "mnist")
    monkeypatch.setattr(module, "SHIPPED", tmp_path / "mnist")
    path = tmp_path / "mnist" / f"{FILES[3]}.gz"
    plain = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(plain[:-1] + bytes([plain[-1] ^ 1])))
    with pytest.raises(DataError, match=r"install tuicnn again.*t10k-labels"):
        Mnist().load()
    path.unlink()
    with pytest.raises(DataError, match="install tuicnn again"):
        Mnist().find()


def test_fashion_says_how_to_get_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEBIAN", data / "none")
    described = FashionMnist().describe()
    assert (described.shape, described.class_names[9]) == ((1, 28, 28), "Ankle boot")
    with pytest.raises(DataError) as caught:
        FashionMnist().find()
    sentence = str(caught.value)
    for part in (str(data), "cache/tuicnn/fashion-mnist", "train-images-idx3-ubyte.gz", "apt install", "TUICNN_DATA"):
        assert part in sentence
    assert "\n" not in sentence


def test_mnist_is_not_taken_for_fashion(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEBIAN", data / "none")
    for path in module.SHIPPED.iterdir():
        shutil.copy(path, data)
    with pytest.raises(DataError, match="Fashion-MNIST is not here"):
        FashionMnist().find()
    shutil.copytree(module.SHIPPED, data / "fashion-mnist")
    with pytest.raises(DataError, match="is not the file of Fashion-MNIST"):
        FashionMnist().load()


@pytest.mark.parametrize("place", ["data/fashion-mnist", "data", "cache/tuicnn/fashion-mnist", "debian"])
def test_fashion_is_found_wherever_it_may_lie(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(module, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(module, "FASHION", module.MNIST)  # its files, in the place of those that are not here
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    if place == "data":
        data.rmdir()
    (tmp_path / place).symlink_to(module.SHIPPED)
    FashionMnist().find()


@real("fashion-mnist")
def test_fashion_loads_zipped_or_not(data: Path) -> None:
    (data / "fashion-mnist").mkdir()
    for path in (REAL / "fashion-mnist").glob("*.gz"):
        (data / "fashion-mnist" / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    loaded = FashionMnist(classes=(9, 0)).load()
    assert loaded.class_names == ("Ankle boot", "T-shirt/top")
    assert len(loaded.train_labels) + len(loaded.val_labels) == 12_000
    assert np.bincount(loaded.test_labels).tolist() == [1000, 1000]
    assert loaded.test_labels[0] == 0


@pytest.mark.parametrize("zipped", [True, False])
def test_a_folder_of_idx_files(tmp_path: Path, zipped: bool) -> None:
    write_idx_folder(tmp_path / "mine", zipped=zipped)
    spec = dataclasses.replace(IdxFolder("mine"), bases=(str(tmp_path),))
    spec.find()
    assert spec.describe().shape == (1, 6, 5)
    assert spec.describe().class_names == ("0", "1", "2", "3")
    loaded = spec.load()
    assert loaded.train_images.shape == (36, 6, 5, 1)  # a tenth of 40 for validation
    np.testing.assert_array_equal(loaded.test_images[..., 0], images(10, 6, 5, seed=2))


def test_what_a_folder_of_idx_files_lacks_is_named(tmp_path: Path) -> None:
    write_idx_folder(tmp_path)
    labels = tmp_path / f"{FILES[1]}.gz"
    labels.write_bytes(gzip.compress(idx_bytes(np.arange(7, dtype=np.uint8))))
    with pytest.raises(DataError, match="40 images, but there are 7 labels"):
        IdxFolder(str(tmp_path)).load()
    labels.unlink()
    with pytest.raises(DataError, match=r"has no train-labels-idx1-ubyte\.gz"):
        IdxFolder(str(tmp_path)).find()
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(3, np.float32))))
    write_idx_folder(tmp_path / "good")
    shutil.copy(tmp_path / f"{FILES[0]}.gz", tmp_path / "good")
    for use in (IdxFolder.describe, IdxFolder.load):
        with pytest.raises(DataError, match="holds float32 of shape 3; images must be uint8"):
            use(IdxFolder(str(tmp_path / "good")))
