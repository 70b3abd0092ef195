"""CIFAR-10 in every form in which it comes, and what is said where it does not."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuicnn.data import Cifar10, DataError

from .made import CIFAR, REAL, images, picture, real, write_tree

BATCHES = (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin")


def batch(seed: int, count: int = 10) -> bytes:
    labels = np.arange(count, dtype=np.uint8) % 10
    return np.concatenate([labels[:, None], images(count, 3 * 32 * 32, seed=seed)], axis=1).tobytes()


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    mode = "w:" + {"gz": "gz", "xz": "xz", "tar": ""}[path.suffix[1:]]
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("a-folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def pictures() -> dict[str, bytes]:
    """Two a class in train/, one in test/, in an order that is not that of the names."""
    files = {}
    for part, each in (("train", 2), ("test", 1)):
        for label, name in reversed(list(enumerate(CIFAR))):
            for number in range(each):
                image = images(1, 32, 32, 3, seed=100 * each + 10 * number + label)[0]
                files[f"{part}/{name}/{number:04}.png"] = picture(image)
    return files


@pytest.mark.parametrize("form", ["cifar-10-batches-bin", ".", "cifar-10-binary.tar.gz"])
@pytest.mark.parametrize("place", ["cifar10", "."])
def test_the_binary_version(data: Path, place: str, form: str) -> None:
    files = {name: batch(seed) for seed, name in enumerate(BATCHES)}
    folder = data / place
    folder.mkdir(exist_ok=True)
    if form.endswith(".gz"):
        write_tar(folder / form, {f"cifar-10-batches-bin/{name}": files[name] for name in reversed(BATCHES)})
    else:
        (folder / form).mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / form / name).write_bytes(content)
    Cifar10().find()
    loaded = Cifar10().load()
    assert loaded.test_labels.tolist() == list(range(10))
    expected = images(10, 3, 32, 32, seed=5).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(loaded.test_images, expected)
    assert len(loaded.train_labels) + len(loaded.val_labels) == 50


@pytest.mark.parametrize("form", ["folder", "cifar10-jpg.tar.xz", "cifar10.tar.gz", "cifar-10-png.tar"])
def test_pictures_in_class_folders(data: Path, form: str) -> None:
    if form == "folder":
        for name, content in pictures().items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_bytes(content)
    else:
        write_tar(data / form, pictures())
    Cifar10().find()
    for _ in ("decoded", "from the cache"):
        loaded = Cifar10(classes=(9, 3)).load()
        assert loaded.class_names == ("truck", "cat")
        assert loaded.test_labels.tolist() == [1, 0]
        np.testing.assert_array_equal(loaded.test_images[0], images(1, 32, 32, 3, seed=103)[0])


def test_what_to_get_is_said(data: Path) -> None:
    assert Cifar10(pad=4).describe().shape == (3, 40, 40)
    with pytest.raises(DataError) as caught:
        Cifar10().find()
    for part in ("cifar-10-binary.tar.gz", "cs.toronto.edu", str(data), "cache/tuicnn/cifar10", "TUICNN_DATA"):
        assert part in str(caught.value)


@pytest.mark.parametrize("form", ["cifar-10-python.tar.gz", "cifar-10-batches-py", "cifar10.tar.gz"])
def test_the_python_version_is_not_opened(data: Path, form: str) -> None:
    if form.endswith("gz"):
        write_tar(data / form, {"cifar-10-batches-py/data_batch_1": b"pickled"})
    else:
        (data / form).mkdir()
    uses = (Cifar10.load,) if form == "cifar10.tar.gz" else (Cifar10.find, Cifar10.load)  # the last shows when read
    for use in uses:
        with pytest.raises(DataError, match=rf"{form} is the Python version .* (get|put) cifar-10-binary\.tar\.gz"):
            use(Cifar10())
    write_tar(data / "cifar-10-binary.tar.gz", {name: batch(seed) for seed, name in enumerate(BATCHES)})
    Cifar10().load()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"readme": b""}, "neither data_batch_1"),
        ({name: batch(1) for name in BATCHES[1:]}, "has no data_batch_1.bin"),
        ({name: batch(1)[:-1] for name in BATCHES}, r"data_batch_1\.bin in .* is cut short"),
        ({name: b"\x0b" + batch(1)[1:] for name in BATCHES}, "has the label 11"),
        ({"train/cat/1.png": b"?"}, r"has no pictures in test|train/cat/1\.png in .*cannot be read"),
        ({"train/cat/1.png": bytes(2**20 + 1)}, "is not CIFAR-10"),
        ({"train/cat/1.png": picture(images(1, 8, 8, 3)[0]), "test/cat/1.png": b""}, "is 8x8 RGB, but .* 32x32 RGB"),
    ],
)
def test_what_is_wrong_is_said(data: Path, files: dict[str, bytes], says: str) -> None:
    write_tar(data / "cifar10.tar.xz", files)
    with pytest.raises(DataError, match=says):
        Cifar10().load()


def test_an_incomplete_folder_is_named(data: Path) -> None:
    write_tree(data / "train", CIFAR, 1, 32, 32, 3)
    (data / "test" / "airplane").mkdir(parents=True)
    with pytest.raises(DataError, match="has no pictures in test/CLASS"):
        Cifar10().load()


def places_in_a_tar(path: Path) -> list[int]:
    """Where its files begin, with their names and sizes, and where the mark of the end does."""
    with tarfile.open(path) as tar:
        members = tar.getmembers()
    return [*(member.offset for member in members), members[-1].offset_data + 512 * -(-members[-1].size // 512)]


def test_a_tar_that_is_not_fetched_to_its_end_is_none(data: Path) -> None:
    (data / "cifar-10-binary.tar.gz.part").write_bytes(b"")
    with pytest.raises(DataError, match="is not here"):
        Cifar10().load()


@pytest.mark.parametrize("beyond", [0, 1, 300, 511, 512, 900])  # bytes; the first 512 are the name and the size
@pytest.mark.parametrize("member", [1, 2, 20, 21, 30, 31])  # the last one is the mark of the end
def test_a_tar_that_was_cut_is_not_read_as_one_with_fewer_pictures(data: Path, member: int, beyond: int) -> None:
    path = data / "cifar10.tar"
    write_tar(path, pictures())
    whole, cut = path.read_bytes(), places_in_a_tar(path)[member] + beyond
    path.write_bytes(whole[:cut])
    if member == 31 and beyond >= 512:  # only padding is missing
        assert len(Cifar10().load().test_labels) == 10
        return
    with pytest.raises(DataError, match=r"cifar10\.tar is (damaged: .*|cut short: .*)"):
        Cifar10().load()


@pytest.mark.parametrize("member", [1, 15, 30])
def test_a_tar_with_an_altered_name_inside_is_not_read_as_one_that_ends_there(data: Path, member: int) -> None:
    path = data / "cifar10.tar"
    write_tar(path, pictures())
    content = bytearray(path.read_bytes())
    content[places_in_a_tar(path)[member]] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cifar10\.tar is damaged: one of the files in it .* Get it anew\.$"):
        Cifar10().load()


@given(st.data(), st.sampled_from(["cifar10.tar.gz", "cifar10.tar.xz", "cifar10.tar"]))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_altered_tar_is_named_or_read(data: Path, draw: st.DataObject, form: str) -> None:
    for old in data.iterdir():
        old.unlink()
    small = {name: content for name, content in pictures().items() if "/cat/" in name or "/dog/" in name}
    write_tar(data / form, small)
    altered = bytearray((data / form).read_bytes())
    place = draw.draw(st.integers(0, min(len(altered), 2000) - 1))
    altered[place] ^= draw.draw(st.integers(1, 255))
    cut = draw.draw(st.integers(0, len(altered))) if draw.draw(st.booleans()) else len(altered)
    (data / form).write_bytes(altered[:cut])
    try:
        Cifar10().load()
    except DataError as error:
        problem = str(error)
    else:
        return
    assert form in problem or "cifar10 has too few images" in problem


@real("cifar10")
def test_the_real_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUICNN_DATA", str(REAL))
    Cifar10().find()
