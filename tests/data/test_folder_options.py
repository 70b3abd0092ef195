"""Options of `folder`: pictures of any size and colour become images of one shape, and what was done is told."""

from __future__ import annotations

import dataclasses
import io
import random
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from tuicnn.data import DataError, ImageFolder
from tuicnn.data.base import OptionError
from tuicnn.data.fitting import Fitting, fit_file, fitting_of
from tuicnn.language import check
from tuicnn.vocabulary import Size

from .made import images, picture, write_tree

ORIENTATION = 0x0112


def write(path: Path, width: int, height: int, colour: bool = True, orientation: int = 1, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width, 3) if colour else (height, width)
    exif = Image.Exif()
    if orientation != 1:
        exif[ORIENTATION] = orientation
    Image.fromarray(images(1, *shape, seed=seed)[0]).save(path, exif=exif)


def phone(folder: Path) -> ImageFolder:
    """Two classes of pictures of many sizes, some grey, some held sideways."""
    for number in range(12):
        width, height = ((40, 30), (30, 40), (9, 9), (100, 20))[number % 4]
        write(
            folder / ["cat", "dog"][number % 2] / f"{number:02}.{'png' if number % 3 else 'jpg'}",
            width,
            height,
            colour=number % 5 != 0,
            orientation=6 if number % 6 == 1 else 1,
            seed=number,
        )
    return ImageFolder(str(folder))


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_an_image_is_the_picture_as_prediction_fits_it(tmp_path: Path, fit: str, colour: str) -> None:
    spec = dataclasses.replace(phone(tmp_path), size=Size((12, 16)), colour=colour, fit=fit, pad=2)
    loaded = spec.load()
    channels = 3 if colour == "rgb" else 1
    assert spec.describe().shape == (channels, 16, 20)
    fitting = fitting_of(spec, spec.describe().shape)
    assert fitting == Fitting((channels, 16, 20), fit, 2)
    wanted = {fit_file(path, fitting).pixels.tobytes() for path in tmp_path.glob("*/*")}
    assert len(wanted) == 12
    every = np.concatenate([loaded.train_images, loaded.val_images, loaded.test_images])
    assert {image.tobytes() for image in every} == wanted


def test_what_is_done_is_told(tmp_path: Path) -> None:
    spec = dataclasses.replace(phone(tmp_path / "phone"), size=Size((12, 16)), colour="rgb")
    assert spec.describe().notes == (
        "All 12 pictures are scaled to cover 16x12 and cut to the middle; they are 9x9 to 100x20.",
        "3 of 12 pictures are smaller than 16x12, and enlarged.",
        "2 of 12 pictures are turned upright, as the camera was held.",
        "3 of 12 pictures are grey, and taken as RGB.",
    )
    write_tree(tmp_path / "even", ("a", "b"), 4, 5, 5)
    assert ImageFolder(str(tmp_path / "even")).describe().notes == ()
    padded = dataclasses.replace(spec, fit="pad", colour="grey").describe().notes
    assert "scaled to lie within 16x12, between zeros" in padded[0]
    assert "9 of 12 pictures are made grey." in padded


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(1, 90), st.booleans()), min_size=8, max_size=12))
@settings(max_examples=30)
def test_what_is_said_to_write_is_all_that_is_needed(sizes: list[tuple[int, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for number, (width, height, colour) in enumerate(sizes):
            write(Path(name) / "ab"[number % 2] / f"{number}.png", width, height, colour)
        spec = ImageFolder(name)
        options = ""
        try:
            spec.describe()
        except OptionError as error:
            options = error.option
        net = Path(name) / "my.net"
        checked = check(f'data: folder "{name}" {options}\nflatten -> dense 2\n', path=net)
        assert checked.plan is not None, options
        assert checked.plan.data.load().train_images.shape[1:] == tuple(np.roll(checked.plan.input, -1))
        assert bool(options) == (len(set(sizes)) > 1)


def test_the_editor_is_offered_the_option(tmp_path: Path) -> None:
    phone(tmp_path / "photos")
    text = 'data: folder "photos" val=2  # mine\nflatten -> dense 2\n'
    (found,) = check(text, path=tmp_path / "my.net").diagnostics
    assert found.help == "write `size=9x9 colour=rgb` after `val=2`, to make them alike"
    (edit,) = found.fixes
    assert (edit.span.line, edit.replacement) == (1, " size=9x9 colour=rgb")


def test_bad_pictures_are_named_and_left_out_where_that_is_wanted(tmp_path: Path) -> None:
    kept = write_tree(tmp_path, ("a", "b"), 10, 8, 8)
    whole = (tmp_path / "a/03.png").read_bytes()
    (tmp_path / "a/03.png").write_bytes(whole[:70])
    (tmp_path / "b/00.png").write_text("no picture")
    inside = bytearray((tmp_path / "b/05.png").read_bytes())
    inside[60] ^= 0xFF  # seen only when it is decoded
    (tmp_path / "b/05.png").write_bytes(inside)
    spec = ImageFolder(str(tmp_path))
    for use in (spec.describe, spec.load):
        with pytest.raises(OptionError, match=r"a/03\.png cannot .* with 1 other picture\. Write skip=bad to leave"):
            use()
    spec = dataclasses.replace(spec, skip="bad")
    (note,) = spec.describe().notes
    assert note.startswith(f"2 pictures are left out: {tmp_path}/a/03.png cannot be read")
    loaded = spec.load()
    assert [text.partition(" cannot")[0] for text in loaded.left_out] == [
        f"{tmp_path}/{name}.png" for name in ("a/03", "b/00", "b/05")
    ]
    good = [image for number, image in enumerate(kept) if number not in (3, 10, 15)]
    every = np.concatenate([loaded.train_images, loaded.val_images, loaded.test_images])
    assert {image.tobytes() for image in every} == {image.tobytes() for image in good}
    for path in (tmp_path / "b").iterdir():
        path.write_text("no picture")
    for use in (spec.describe, spec.load):
        with pytest.raises(DataError, match=r"None of the pictures in .*/b can be read"):
            use()


def test_a_picture_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    """A file of 66 bytes that says it has 3.6 thousand million pixels; and one that another program would draw."""
    write_tree(tmp_path, ("a", "b"), 10, 8, 8)
    header = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    (tmp_path / "a/03.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(
        DataError, match=r"a/03\.png is .*too large to be read; make the picture smaller, of 67 million pixels at most"
    ):
        ImageFolder(str(tmp_path), size=Size((8, 8))).describe()
    (tmp_path / "a/03.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n")
    with pytest.raises(DataError, match=r"a/03\.png cannot be read as a picture"):
        ImageFolder(str(tmp_path), size=Size((8, 8))).describe()
    assert len(ImageFolder(str(tmp_path), skip="bad").load().left_out) == 1


def test_what_a_computer_or_a_phone_adds_is_no_class_and_no_picture(tmp_path: Path) -> None:
    write_tree(tmp_path, ("a", "b"), 6, 8, 8)
    write(tmp_path / "a/2023/more.png", 8, 8, colour=False)
    for name in ("__MACOSX/a/._00.png", ".DS_Store", "a/.thumbs/0.png", "b/Thumbs.db", "b/1.HEIC", "b/2.heic"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"?")
    spec = ImageFolder(str(tmp_path))
    assert spec.describe().class_names == ("a", "b")
    assert spec.describe().notes == ("Passed over: 2 .heic files, which are not read: save them as JPEG or PNG.",)
    loaded = spec.load()
    assert len(loaded.train_labels) + len(loaded.val_labels) + len(loaded.test_labels) == 13
    (tmp_path / "c").mkdir()
    (tmp_path / "c/3.heic").write_bytes(b"?")
    with pytest.raises(DataError, match=r"c holds no pictures but 1 \.heic file, which is not read: save it as JPEG"):
        spec.describe()


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_folder_for_validation_has_the_name_that_others_give_it(tmp_path: Path, name: str) -> None:
    for part, count in (("train", 6), (name, 2), ("test", 2)):
        write_tree(tmp_path / part, ("a", "b"), count, 8, 8)
    spec = ImageFolder(str(tmp_path))
    assert spec.validates_on() == f"{tmp_path}/{name}"
    assert len(spec.load().val_labels) == 4
    write_tree(tmp_path / ("valid" if name != "valid" else "val"), ("a", "b"), 1, 8, 8)
    with pytest.raises(DataError, match=r"has the folders val(id)? and valid.*: remove one of them"):
        spec.describe()


def test_valid_may_be_a_class(tmp_path: Path) -> None:
    write_tree(tmp_path, ("valid", "invalid"), 6, 8, 8)
    assert ImageFolder(str(tmp_path)).load().class_names == ("invalid", "valid")


def test_an_archive_that_unpacks_one_folder_deeper_is_noticed(tmp_path: Path) -> None:
    write_tree(tmp_path / "photos", ("a", "b"), 6, 8, 8)
    with pytest.raises(DataError, match=rf"no pictures of two classes: .* Or do you mean {tmp_path}/photos\?"):
        ImageFolder(str(tmp_path)).describe()


def test_photos_of_one_size_that_fill_memory_are_to_be_made_smaller(tmp_path: Path, monkeypatch: Any) -> None:
    from tuicnn.system import machine

    write_tree(tmp_path, ("a", "b"), 6, 80, 80, 3)
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(100_000, 100_000))
    with pytest.raises(DataError, match="Write size=64x64, say"):
        ImageFolder(str(tmp_path)).describe()
    assert ImageFolder(str(tmp_path), size=Size((16, 16))).load().train_images.shape[1:] == (16, 16, 3)


def test_a_photo_is_decoded_small_and_says_its_own_size(tmp_path: Path) -> None:
    """A JPEG may be decoded at an eighth of its size; the image is as near to the whole one's as a picture can be."""
    smooth = np.add.outer(np.linspace(0, 255, 1200), np.zeros(1600)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(smooth).save(tmp_path / "a.png")
    small, whole = (fit_file(tmp_path / name, Fitting((1, 30, 30))) for name in ("a.jpg", "a.png"))
    assert small.done == whole.done == ("scaled from 1600x1200 to 40x30", "cut to the middle 30x30")
    assert np.abs(small.pixels.astype(int) - whole.pixels).max() <= 2


def cut_or_altered(seed: int, kind: str) -> bytes:
    """A picture cut anywhere, or with other bytes at its begin, or whole."""
    source = random.Random(seed)
    size = source.choice([(6, 6, 3), (6, 6, 3), (5, 6, 3), (6, 6), (30, 40, 3)])
    whole = bytearray(picture(images(1, *size, seed=seed)[0], kind))
    match seed % 4:
        case 0:
            return bytes(whole[: source.randrange(len(whole))])
        case 1:
            whole[source.randrange(min(24, len(whole)))] ^= source.randrange(1, 256)
    return bytes(whole)


def opens(picture: bytes) -> bool:
    """Whether a picture's header is good."""
    try:
        Image.open(io.BytesIO(picture)).close()
    except Exception:
        return False
    return True


def decodes(picture: bytes) -> bool:
    """Whether all of a picture is good."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            image.load()
    except Exception:
        return False
    return True


@given(
    st.lists(st.integers(0, 2**32), min_size=4, max_size=8),
    st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"]),
    st.sampled_from([None, Size((6, 6)), Size((4, 9))]),
    st.sampled_from([None, "rgb", "grey"]),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from(["none", "bad"]),
    st.booleans(),
)
@settings(max_examples=150)
def test_checking_and_loading_judge_alike(
    seeds: list[int], kind: str, size: Size | None, colour: str | None, fit: str, skip: str, val: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, seed in enumerate(seeds):
            path = folder / "train" / "ab"[number % 2] / f"{number}.{kind.lower()}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written := cut_or_altered(seed, kind))
            # of what lies in a picture, its header does not tell whether it is good
            assume(seed % 4 != 1 or not opens(written) or decodes(written))
        if val:
            write_tree(folder / "val", ("a", "b"), 1, 6, 6, 3)
        spec = ImageFolder(name, size=size, colour=colour, fit=fit, skip=skip)
        told = []
        for use in (spec.describe, spec.load):
            try:
                use()
                told.append("")
            except DataError as error:
                told.append(str(error))
        assert told[0] == told[1]
