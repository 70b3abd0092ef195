"""`npz "FILE"`: Keras's names or plain ones, either order of axes; nothing is unpickled."""

from __future__ import annotations

import dataclasses
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tuicnn.data import DataError, Npz
from tuicnn.data.arrays import as_images, number_labels
from tuicnn.language import check

from .made import images


def save(path: Path, compressed: bool = False, **arrays: Any) -> Npz:
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return Npz(str(path))


def labels(count: int, classes: int = 3) -> np.ndarray:
    return np.arange(count) % classes


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(("shape", "is_"), [((6, 5), (1, 6, 5)), ((6, 5, 3), (3, 6, 5)), ((3, 6, 5), (3, 6, 5))])
def test_keras_names(tmp_path: Path, shape: tuple[int, ...], is_: tuple[int, ...], compressed: bool) -> None:
    spec = save(
        tmp_path / "a.npz",
        compressed,
        x_train=np.asfortranarray(images(40, *shape)),
        y_train=labels(40)[:, None].astype(np.uint8),
        x_test=images(9, *shape, seed=1),
        y_test=labels(9, 4),
    )
    spec.find()
    assert spec.describe().shape == is_
    assert spec.describe().class_names == ("0", "1", "2", "3")
    loaded = spec.load()
    assert loaded.class_names == spec.describe().class_names
    assert loaded.train_images.shape == (36, is_[1], is_[2], is_[0])
    expected = images(9, *shape, seed=1)
    if len(shape) == 2:
        expected = expected[..., None]
    elif shape[0] == 3:
        expected = expected.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(loaded.test_images, expected)


def test_plain_names_hold_a_tenth_out(tmp_path: Path) -> None:
    loaded = save(tmp_path / "a.npz", images=images(100, 4, 4), labels=labels(100)).load()
    assert (len(loaded.test_labels), len(loaded.val_labels), len(loaded.train_labels)) == (10, 9, 81)


def test_a_relative_path_is_looked_for_beside_the_net_file_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "work").mkdir()
    save(tmp_path / "work" / "a.npz", images=images(30, 4, 4), labels=labels(30))
    monkeypatch.chdir(tmp_path / "work")
    spec = Npz("a.npz", bases=(str(tmp_path / "nets"), ""))
    assert spec.describe().shape == (1, 4, 4)
    save(tmp_path / "nets" / "a.npz", images=images(30, 7, 7), labels=labels(30))
    assert spec.describe().shape == (1, 7, 7)
    with pytest.raises(DataError, match=r'There is no file "b\.npz" in .*nets and .*work'):
        Npz("b.npz", bases=(str(tmp_path / "nets"), "")).find()


class Trap:
    def __reduce__(self) -> Any:
        return (Path("sprung").touch, ())


@pytest.mark.parametrize("name", ["x_train", "y_train"])
def test_pickles_are_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    arrays: dict[str, Any] = {"x_train": images(30, 4, 4), "y_train": labels(30)}
    arrays[name] = np.array([Trap()] * 30)
    spec = save(tmp_path / "a.npz", **arrays)
    for use in (Npz.describe, Npz.load):
        with pytest.raises(DataError, match=rf"{name} in .* holds Python objects.* texts by astype\(str\)"):
            use(spec)
    assert not Path("sprung").exists()


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"z": images(3, 4, 4)}, "has z, but no images: save x_train"),
        ({"X": images(3, 4, 4)}, "has X, but no y: save x_train"),
        ({"x_train": images(3, 4, 4)}, "has x_train, but no y_train"),
        ({"x_train": images(3, 4, 4), "y_train": labels(3), "x_test": images(3, 4, 4)}, "but no y_test"),
        ({"images": images(30, 4, 4), "labels": labels(29)}, "30 images in images, but 29 labels in labels"),
        (
            {"images": images(30, 4, 4) / 255 - 0.5, "labels": labels(30)},
            r"values from -0\.5 to 0\.5; .* fractions",
        ),
        (
            {"images": images(30, 4, 4) / 25, "labels": labels(30)},
            "values from 0 to 10.2; images must be whole",
        ),
        ({"images": images(30, 4, 4) * np.nan, "labels": labels(30)}, "NaN or infinite"),
        ({"images": images(30, 4, 4).astype(int) + 9, "labels": labels(30)}, "int64 values from 9 to 264"),
        ({"images": images(30, 4, 4).astype(str), "labels": labels(30)}, "images must be numbers"),
        ({"images": images(30, 4, 4), "labels": np.eye(3)[labels(30)] * 2}, "is not one-hot: each row must have one 1"),
        ({"images": images(30, 4, 4), "labels": labels(30) / 2}, "labels must be whole numbers"),
        ({"images": images(30, 4, 4), "labels": np.array([""] * 30)}, "has no label for image 0"),
        ({"images": images(30, 4, 4), "labels": images(30, 2, 2)}, "labels must be one whole number or one text an im"),
        ({"images": images(0, 4, 4), "labels": labels(0)}, "images"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    spec = save(tmp_path / "a.npz", **arrays)
    for use in (Npz.describe, Npz.load):
        with pytest.raises(DataError, match=says):
            use(spec)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["u1", "i8", "f4", "f8", "f2", "fractions of f4", "fractions of f8"]))
def test_the_same_images_in_any_type_are_the_same(seed: int, kind: str) -> None:
    stored = images(12, 3, 4, seed=seed)
    dtype = kind.removeprefix("fractions of ")
    given = stored.astype(dtype) / np.asarray(255, dtype) if dtype != kind else stored.astype(dtype)
    np.testing.assert_array_equal(as_images(given, "x")[..., 0], stored)


@given(
    st.lists(st.sampled_from(["cat", "Äpfel", "10", "2", "dog "]), min_size=4, max_size=40),
    st.sampled_from(["text", "column", "bytes", "numbers", "floats", "one-hot"]),
)
def test_labels_of_any_form_name_the_same_classes(given: list[str], form: str) -> None:
    names = sorted({name.strip() for name in given}, key=lambda n: (not n.isdecimal(), int(n) if n.isdecimal() else n))
    wanted = [names.index(name.strip()) for name in given]
    assume(len(names) > 1)
    if form in ("text", "column", "bytes"):
        array = np.array(given)
        if form == "bytes":
            assume("Äpfel" not in given)
            array = array.astype("S")
        found, (numbers,) = number_labels([(array[:, None] if form == "column" else array, "y")])
        assert found == names
    else:
        numbered = np.eye(len(names))[wanted] if form == "one-hot" else np.array(wanted, float)
        found, (numbers,) = number_labels([(numbered if form != "numbers" else np.array(wanted), "y")])
        assert found == [str(number) for number in range(max(wanted) + 1)]
    assert numbers.tolist() == wanted


def test_names_that_others_give_and_validation_images(tmp_path: Path) -> None:
    """As MedMNIST saves its parts."""
    parts = {"train": 30, "val": 6, "test": 5}
    arrays: dict[str, Any] = {f"{part}_images": images(count, 4, 4, seed=count) for part, count in parts.items()}
    arrays |= {f"{part}_labels": labels(count)[:, None].astype(np.uint8) for part, count in parts.items()}
    spec = save(tmp_path / "a.npz", **arrays)
    loaded = spec.load()
    assert len(loaded.train_labels) == 30
    np.testing.assert_array_equal(loaded.val_images[..., 0], arrays["val_images"])
    np.testing.assert_array_equal(loaded.test_images[..., 0], arrays["test_images"])
    for use in (Npz.describe, Npz.load):
        with pytest.raises(DataError, match=r"val_images in .* holds the validation images: leave val=3 out"):
            use(dataclasses.replace(spec, val=3))
    for x, y in (("X", "y"), ("data", "target")):
        both: dict[str, Any] = {x: images(30, 4, 4), y: np.array(["no", "yes"] * 15)}
        found = save(tmp_path / "b.npz", **both)
        assert found.describe().class_names == found.load().class_names == ("no", "yes")


def test_a_header_that_promises_too_much_is_not_believed(tmp_path: Path) -> None:
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"shape": (2**40, 28, 28), "fortran_order": False, "descr": "|u1"})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", data.getvalue() + b"123")
        archive.writestr("labels.npy", data.getvalue() + b"123")
    with pytest.raises(DataError, match=r"images in .* is damaged"):
        Npz(str(tmp_path / "a.npz")).load()


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_an_altered_file_is_named_or_read(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "altered-file.npz"
        spec = save(path, data.draw(st.booleans()), images=images(30, 3, 3), labels=labels(30))
        altered = bytearray(path.read_bytes())
        for place in data.draw(st.lists(st.integers(0, len(altered) - 1), min_size=1, max_size=3)):
            altered[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(altered[: data.draw(st.integers(0, len(altered)))] if data.draw(st.booleans()) else altered)
        for use in (Npz.describe, Npz.load):
            try:
                use(spec)
            except DataError as error:
                problem = str(error)
            else:
                continue
            assert "altered-file" in problem


def test_names_in_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"\x1b]0;title\x07\n": np.zeros(1)}
    with pytest.raises(DataError) as caught:
        save(tmp_path / "a.npz", **arrays).load()
    assert str(caught.value).isprintable()
    assert r"\x1b]0;title\x07\n" in str(caught.value)


def test_a_damaged_file_is_named_and_its_own_name_is_not_proposed(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    save(path, images=images(20, 6, 5), labels=labels(20))
    path.write_bytes(path.read_bytes()[:200])
    (found,) = check('data: npz "d.npz"\nflatten -> dense 3\n', path=tmp_path / "my.net").diagnostics
    assert "d.npz is not an .npz file, or is damaged" in found.message
    assert not found.help


def test_what_python_2_wrote_is_read_without_a_word(tmp_path: Path) -> None:
    """Its whole numbers end in L; NumPy warns of them, which says nothing to whoever trains on them."""
    whole = save(tmp_path / "a.npz", images=images(100, 4, 4), labels=labels(100)).load()
    with zipfile.ZipFile(tmp_path / "a.npz") as new, zipfile.ZipFile(tmp_path / "b.npz", "w") as old:
        for name in new.namelist():
            data = new.read(name)
            for one, other in ((b"(100, 4, 4), }   ", b"(100L, 4L, 4L), }"), (b"(100,), } ", b"(100L,), }")):
                assert len(one) == len(other)
                data = data.replace(one, other, 1)
            old.writestr(name, data)
    assert b"100L" in (tmp_path / "b.npz").read_bytes()
    np.testing.assert_array_equal(Npz(str(tmp_path / "b.npz")).load().train_images, whole.train_images)


def test_images_of_twelve_bits_are_told_by_what_to_divide_them(tmp_path: Path) -> None:
    images = np.arange(30 * 36, dtype=np.uint16).reshape(30, 6, 6) * 3
    np.savez(tmp_path / "deep.npz", images=images, labels=np.arange(30) % 2)
    with pytest.raises(DataError, match=r"Divide them by 4095"):
        Npz(str(tmp_path / "deep.npz")).describe()
