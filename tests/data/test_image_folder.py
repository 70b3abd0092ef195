"""`folder "DIR"`: pictures in class folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuicnn.data import DataError, ImageFolder, image_folder

from .made import images, picture, write_tree

PETS = ("cat", "dog", "eel")


def test_train_and_test(tmp_path: Path) -> None:
    write_tree(tmp_path / "train", PETS, 20, 6, 5, 3)
    expected = write_tree(tmp_path / "test", PETS, 2, 6, 5, 3, seed=1)
    (tmp_path / "train" / "cat" / "notes.txt").write_text("not a picture")
    (tmp_path / "train" / "cat" / ".hidden.png").write_text("nor this")
    (tmp_path / "train" / ".empty").mkdir()
    spec = ImageFolder(str(tmp_path))
    spec.find()
    assert spec.describe().shape == (3, 6, 5)
    assert spec.describe().class_names == PETS
    loaded = spec.load()
    assert loaded.class_names == PETS
    assert loaded.test_labels.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(loaded.test_images, expected)
    assert len(loaded.train_labels) == 54


def test_classes_alone_hold_a_tenth_out(tmp_path: Path) -> None:
    write_tree(tmp_path, PETS, 20, 4, 4)
    loaded = ImageFolder(str(tmp_path)).load()
    assert (len(loaded.test_labels), len(loaded.val_labels), len(loaded.train_labels)) == (6, 5, 49)
    assert loaded.test_images.shape[1:] == (4, 4, 1)  # grey
    np.testing.assert_array_equal(loaded.test_images, ImageFolder(str(tmp_path), val=20).load().test_images)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"])
def test_kinds_of_pictures(tmp_path: Path, kind: str) -> None:
    plain = np.full((8, 8, 3), 200, np.uint8)
    for name in ("a", "b"):
        for number in range(4):
            path = tmp_path / name / f"{number}.{kind.lower()}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture(plain, kind))
    loaded = ImageFolder(str(tmp_path)).load()
    assert loaded.train_images.shape == (6, 8, 8, 3)
    assert np.abs(loaded.train_images.astype(int) - 200).max() <= 2


def test_transparency_and_palettes_are_colour(tmp_path: Path) -> None:
    write_tree(tmp_path, ("a", "b"), 4, 4, 4, 3)
    red = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    red.save(tmp_path / "a" / "00.png")
    red.convert("RGB").quantize().save(tmp_path / "a" / "01.png")
    loaded = ImageFolder(str(tmp_path)).load()
    everything = np.concatenate([loaded.train_images, loaded.val_images, loaded.test_images])
    assert sum(bool((image == [255, 0, 0]).all()) for image in everything) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (picture(images(1, 4, 5, 3)[0]), r"dog/03\.png is 5x4 RGB, but the first picture is 4x4 RGB"),
        (picture(images(1, 4, 4)[0]), r"dog/03\.png is 4x4 grey, but"),
        (
            b"no picture at all",
            r"dog/03\.png cannot be read as a picture: it is none, or is damaged or cut off; replace it",
        ),
        (
            picture(images(1, 4, 4, 3)[0])[:50],
            r"dog/03\.png cannot be read as a picture: it is none, or is damaged or cut off; replace it",
        ),
        (picture(images(1, 4, 4)[0].astype(np.uint16)), r"dog/03\.png has I;16 values"),
        (b"", r"dog/03\.png cannot be read as a picture: it is none, or is damaged or cut off; replace it"),
    ],
)
def test_the_first_wrong_picture_is_named(tmp_path: Path, wrong: bytes, says: str) -> None:
    write_tree(tmp_path, PETS, 8, 4, 4, 3)
    for name in ("dog/03.png", "dog/05.png", "eel/00.png"):
        (tmp_path / name).write_bytes(wrong)
    with pytest.raises(DataError, match=says):
        ImageFolder(str(tmp_path)).load()


def test_what_the_folder_lacks_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no pictures of two classes"):
        ImageFolder(str(tmp_path)).describe()
    with pytest.raises(DataError, match='There is no folder "none" in'):
        ImageFolder(str(tmp_path / "none")).find()
    write_tree(tmp_path / "train", PETS, 2, 4, 4)
    write_tree(tmp_path / "test", ("cat", "owl"), 2, 4, 4)
    with pytest.raises(DataError, match="test/owl is not one of the classes cat, dog, eel"):
        ImageFolder(str(tmp_path)).load()
    shutil.rmtree(tmp_path / "test" / "owl")
    with pytest.raises(DataError, match="has 3 classes, 0 to 2; there is no class 3"):
        ImageFolder(str(tmp_path), classes=(0, 3)).describe()


def test_many_pictures_are_decoded_once_and_again_when_they_change(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_folder, "_WORTH_KEEPING", 10)
    write_tree(data, PETS, 10, 4, 4)
    spec = ImageFolder(str(data))
    first = spec.load()
    assert len(list((tmp_path / "cache" / "tuicnn" / "decoded").iterdir())) == 1

    def must_not(*_: object) -> None:
        raise AssertionError("decoded again")

    with monkeypatch.context() as patch:
        patch.setattr(image_folder, "decode_all", must_not)
        np.testing.assert_array_equal(spec.load().train_images, first.train_images)
    write_tree(data, PETS, 10, 4, 4, seed=5)
    (data / "cat" / "00.png").write_bytes(picture(images(1, 4, 4)[0], "PNG") + b" ")
    assert not np.array_equal(spec.load().train_images, first.train_images)
    assert len(list((tmp_path / "cache" / "tuicnn" / "decoded").iterdir())) == 1


def test_names_of_classes_can_be_shown(tmp_path: Path) -> None:
    write_tree(tmp_path, ("a\x1b[31m", "Äpfel"), 5, 4, 4)
    spec = ImageFolder(str(tmp_path))
    assert spec.describe().class_names == spec.load().class_names == (r"a\x1b[31m", "Äpfel")


@pytest.mark.parametrize("root", ["", "train"])
@pytest.mark.parametrize("empty", ["cow", "val", "val/cat", "test", "test/cat"])
def test_a_folder_without_pictures_is_named(tmp_path: Path, root: str, empty: str) -> None:
    write_tree(tmp_path / root, PETS, 8, 4, 4)
    if "/" in empty:
        write_tree(tmp_path / empty.partition("/")[0], ("dog", "eel"), 2, 4, 4)
    place = tmp_path / (root if empty == "cow" else "") / empty
    place.mkdir(parents=True)
    spec = ImageFolder(str(tmp_path))
    for use in (spec.describe, spec.load):
        with pytest.raises(DataError, match=rf"{empty} holds no pictures.*; put some in or remove it"):
            use()


@pytest.mark.parametrize("root", ["", "train"])
def test_folders_named_val_and_test_are_held_out_and_never_classes(tmp_path: Path, root: str) -> None:
    write_tree(tmp_path / root, PETS, 8, 4, 4)
    val = write_tree(tmp_path / "val", PETS, 2, 4, 4, seed=3)
    loaded = ImageFolder(str(tmp_path)).load()
    assert loaded.class_names == PETS
    np.testing.assert_array_equal(loaded.val_images[..., 0], val)
    assert (len(loaded.train_labels), len(loaded.test_labels)) == (22, 2)
    test = write_tree(tmp_path / "test", PETS, 1, 4, 4, seed=4)
    loaded = ImageFolder(str(tmp_path)).load()
    np.testing.assert_array_equal(loaded.test_images[..., 0], test)
    assert (loaded.class_names, len(loaded.train_labels)) == (PETS, 24)


@pytest.mark.parametrize("part", ["val", "test"])
def test_pictures_straight_in_val_or_test_are_no_class(tmp_path: Path, part: str) -> None:
    write_tree(tmp_path, (*PETS, part), 4, 4, 4)
    with pytest.raises(DataError, match=rf"holds no pictures in {part}/CLASS/"):
        ImageFolder(str(tmp_path)).describe()
