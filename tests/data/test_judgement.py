"""Checking a net and training it judge the data alike, and before memory is taken."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuicnn.data import Cifar10, DataError, DataSpec, FashionMnist, IdxFolder, ImageFolder, Mnist, Npz, Symbols
from tuicnn.language import check
from tuicnn.system import machine

from .made import FILES, idx_bytes, images, picture, write_tree

few = st.integers(0, 6)
options = st.fixed_dictionaries(
    {
        "val": st.one_of(st.none(), st.integers(1, 8)),
        "limit": st.one_of(st.none(), st.integers(1, 20)),
        "pad": st.integers(0, 2),
        "classes": st.sampled_from([None, (0, 1), (1, 2), (0, 5)]),
    }
)


def verdicts(spec: DataSpec) -> tuple[str, str]:
    """What checking says, and what loading does; "" where all is well."""

    def said(use: Any) -> str:
        try:
            use()
        except DataError as error:
            return str(error)
        return ""

    return said(spec.describe), said(spec.load)


#: forms of images, of which some are refused, and of labels
form_of_images = st.sampled_from([lambda x: x, lambda x: x / 255, lambda x: x / 128, lambda x: x.astype(int) + 1])
form_of_labels = st.sampled_from([lambda y: y, lambda y: np.eye(3)[y], lambda y: y.astype(str), lambda y: y / 2])
some_part = st.one_of(st.none(), st.tuples(few, few, form_of_labels))


@given(few, few, form_of_images, form_of_labels, some_part, some_part, st.integers(4, 5), options)
@settings(deadline=None)
def test_npz(count: int, of_labels: int, x: Any, y: Any, test: Any, val: Any, side: int, given: dict[str, Any]) -> None:
    arrays: dict[str, Any] = {"x_train": x(images(count, 4, 4)), "y_train": y(np.arange(of_labels) % 3)}
    for name, part in (("test", test), ("val", val)):
        if part is not None:
            arrays |= {f"x_{name}": images(part[0], 4, side), f"y_{name}": part[2](np.arange(part[1]) % 3)}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "a.npz", allow_pickle=False, **arrays)
        checked, loaded = verdicts(Npz(str(Path(folder) / "a.npz"), **given))
    assert checked == loaded


@given(few, few, few, few, st.integers(4, 5), options)
@settings(deadline=None)
def test_idx(a: int, b: int, c: int, d: int, side: int, given: dict[str, Any]) -> None:
    arrays: tuple[Any, ...] = (images(a, 4, 4), np.arange(b) % 3, images(c, 4, side), np.arange(d) % 3)
    with tempfile.TemporaryDirectory() as folder:
        for name, array in zip(FILES, arrays, strict=True):
            (Path(folder) / name).write_bytes(idx_bytes(array.astype(np.uint8)))
        checked, loaded = verdicts(IdxFolder(folder, **given))
    assert checked == loaded


@given(
    st.integers(1, 4), st.booleans(), st.sampled_from([b"", b"no picture", picture(images(1, 4, 5)[0]), None]), options
)
@settings(deadline=None)
def test_folder(each: int, apart: bool, odd: bytes | None, given: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tree(folder / "train" if apart else folder, ("a", "b", "c"), each, 4, 4)
        if apart:
            write_tree(folder / "test", ("a", "b"), 1, 4, 4)
        if odd is not None:
            (folder / ("test" if apart else "") / "b" / "00.png").write_bytes(odd)
        checked, loaded = verdicts(ImageFolder(name, **given))
    assert checked == loaded


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_picture_that_never_ends_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    write_tree(tmp_path, ("a", "b"), 4, 4, 4)
    path = tmp_path / "b" / "09.png"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    for said in verdicts(ImageFolder(str(tmp_path))):
        assert "09.png is a pipe or a device" in said


def test_what_memory_cannot_hold_is_refused_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(10_000_000, 10_000_000))
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((30_000, 20, 20), np.uint8), labels=np.arange(30_000) % 3)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert sum(info.compress_size for info in archive.infolist()) < 1_000_000
    write_tree(tmp_path / "pictures", ("a", "b"), 2, 4, 4)
    for spec, need in (
        (Npz(str(tmp_path / "a.npz")), "24 MB"),
        (Mnist(pad=1024), "302 GB"),
        (ImageFolder(str(tmp_path / "pictures"), pad=1024), "17 MB"),
    ):
        for said in verdicts(spec):
            assert f"takes {need}, more than this machine's memory (10 MB)" in said


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"images": images(60, 784), "labels": np.arange(60) % 3}, r"reshape it to \(60, 28, 28\)"),
        ({"images": images(60, 3072), "labels": np.arange(60) % 3}, r"reshape it to \(60, 32, 32, 3\)"),
        ({"images": images(0, 4, 4), "labels": np.arange(0)}, "has no images"),
        ({"images": images(30, 4, 4), "labels": np.zeros(30, int)}, "it needs two classes"),
        ({"images": images(1, 4, 4), "labels": np.ones(1, int)}, "too few images"),
    ],
)
def test_what_is_wrong_with_arrays_is_said_with_what_to_write(
    tmp_path: Path, arrays: dict[str, Any], says: str
) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=False, **arrays)
    with pytest.raises(DataError, match=says):
        Npz(str(tmp_path / "a.npz")).describe()


def test_a_val_folder_beside_train_is_what_a_run_validates_on(tmp_path: Path) -> None:
    write_tree(tmp_path / "train", ("a", "b"), 9, 4, 4)
    expected = write_tree(tmp_path / "val", ("a", "b"), 2, 4, 4, seed=7)
    write_tree(tmp_path / "test", ("a", "b"), 2, 4, 4, seed=8)
    loaded = ImageFolder(str(tmp_path)).load()
    np.testing.assert_array_equal(loaded.val_images, expected[..., None])
    assert len(loaded.train_labels) == 18
    for said in verdicts(ImageFolder(str(tmp_path), val=3)):
        assert "holds the validation images: leave val=3 out" in said


def test_a_file_where_a_folder_is_wanted_is_not_proposed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("1,2\n")
    (found,) = check('data: folder "a.csv"\nflatten -> dense 3\n', path=tmp_path / "my.net").diagnostics
    assert found.help == 'write `csv "a.csv"`'
    (tmp_path / "a.txt").write_text("1,2\n")
    (found,) = check('data: folder "a.txt"\nflatten -> dense 3\n', path=tmp_path / "my.net").diagnostics
    assert '"a.txt"`' not in (found.help or "")
    assert "name a folder of pictures" in (found.help or "")


def test_what_the_free_memory_cannot_hold_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((30_000, 20, 20), np.uint8), labels=np.arange(30_000) % 3)
    spec = Npz(str(tmp_path / "a.npz"))
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(64_000_000_000, 20_000_000))
    checked, loaded = verdicts(spec)
    assert checked == ""
    assert "takes 24 MB, more than the memory that is free now (20 MB)" in loaded
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(64_000_000_000, 30_000_000))
    assert verdicts(spec) == ("", "")


def test_labels_are_not_read_before_their_number_is_judged(tmp_path: Path) -> None:
    """A file of 2 TB by its size on disk, and one of 2 TB by its header."""
    arrays: tuple[Any, ...] = (images(8, 4, 4), np.arange(8) % 2, images(8, 4, 4), np.arange(8) % 2)
    for name, array in zip(FILES, arrays, strict=True):
        (tmp_path / name).write_bytes(idx_bytes(array.astype(np.uint8)))
    labels = tmp_path / FILES[1]
    with labels.open("r+b") as file:
        file.truncate(2**41)
    for said in verdicts(IdxFolder(str(tmp_path))):
        assert "is too long: 8 values take 16 bytes" in said
    with labels.open("r+b") as file:
        file.write(b"\0\0\x0e\x02" + (2**31).to_bytes(4, "big") + (128).to_bytes(4, "big"))
    for said in verdicts(IdxFolder(str(tmp_path))):
        assert "labels must be one whole number an image" in said


@pytest.mark.parametrize("spec", [Mnist(), FashionMnist(), Cifar10(), Symbols()])
def test_a_data_set_of_known_size_is_not_looked_for_when_free_memory_cannot_hold_it(
    spec: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(64_000_000_000, 20_000_000))
    checked, loaded = verdicts(spec)
    assert checked == ""
    assert "more than the memory that is free now (20 MB)" in loaded
