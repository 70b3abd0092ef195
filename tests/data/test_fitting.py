"""A person's picture is made to fit the network, and what was done is told."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuicnn.data import DataError
from tuicnn.data.fitting import Fitting, fit_file, fit_stream, image_files

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (6, 6), dtype=np.uint8)
ORIENTATION = 0x0112


def test_what_fits_is_as_it_was(tmp_path: Path) -> None:
    colour = RANDOM.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    for array in (GREY, colour):
        Image.fromarray(array).save(tmp_path / "a.png")
        wanted = array.reshape(6, 6, -1)
        for found in (
            fit_file(tmp_path / "a.png", Fitting((wanted.shape[2], 6, 6))),
            fit_stream(io.BytesIO((tmp_path / "a.png").read_bytes()), "-", Fitting((wanted.shape[2], 6, 6))),
        ):
            assert np.array_equal(found.pixels, wanted)
            assert found.done == ()
    assert fit_file(tmp_path / "a.png", Fitting((3, 6, 6))).inverted().done == ("inverted",)


def test_a_wide_picture_is_scaled_and_its_middle_kept(tmp_path: Path) -> None:
    """Left third black, middle grey, right white: only the middle is left."""
    Image.fromarray(np.repeat([[0] * 40 + [128] * 40 + [255] * 40], 40, axis=0).astype(np.uint8)).save(
        tmp_path / "a.png"
    )
    found = fit_file(tmp_path / "a.png", Fitting((1, 10, 10)))
    assert found.done == ("scaled from 120x40 to 30x10", "cut to the middle 10x10")
    assert (found.pixels[:, 1:-1] == 128).all()


def test_a_camera_that_was_turned_is_turned_back(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the right side of what was seen is up
    Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    found = fit_file(tmp_path / "a.png", Fitting((1, 6, 6)))
    assert found.done == ("turned upright",)
    assert np.array_equal(found.pixels[..., 0], np.rot90(GREY, -1))


def test_colours_are_made_the_networks_and_glass_is_laid_on_white(tmp_path: Path) -> None:
    Image.new("RGB", (6, 6), (255, 0, 0)).save(tmp_path / "red.png")
    Image.new("RGBA", (6, 6), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    Image.new("RGBA", (6, 6), (9, 9, 9, 255)).save(tmp_path / "solid.png")
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    red = fit_file(tmp_path / "red.png", Fitting((1, 6, 6)))
    assert (red.done, set(red.pixels.ravel().tolist())) == (("made grey",), {76})
    glass = fit_file(tmp_path / "glass.png", Fitting((3, 6, 6)))
    assert (glass.done, set(glass.pixels.ravel().tolist())) == (("laid on white",), {255})
    assert fit_file(tmp_path / "solid.png", Fitting((3, 6, 6))).done == ()
    assert fit_file(tmp_path / "grey.png", Fitting((3, 6, 6))).done == ("grey taken as RGB",)


def test_a_folder_is_all_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "a.jpg", "deep/c.npy", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in image_files(tmp_path)] == ["a.jpg", "b.png", "c.npy"]
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="none holds no pictures"):
        image_files(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "shape", "told"),
    [
        ("a.png", (1, 6, 6), "a.png cannot be read as a picture"),
        ("none.png", (1, 6, 6), "none.png cannot be read: no such file"),
        ("grey.png", (2, 6, 6), "the network takes 2 channels; save it as an .npy array"),
        ("deep.png", (1, 6, 6), "must have 8 bits a channel"),
        ("small.npy", (1, 5, 5), r"has the shape \(6, 6\)"),
    ],
)
def test_what_cannot_be_made_to_fit_is_one_sentence(
    tmp_path: Path, name: str, shape: tuple[int, int, int], told: str
) -> None:
    (tmp_path / "a.png").write_text("no picture")
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    Image.fromarray(GREY.astype(np.uint16)).save(tmp_path / "deep.png")
    np.save(tmp_path / "small.npy", GREY)
    with pytest.raises(DataError, match=told):
        fit_file(tmp_path / name, Fitting(shape))


COLOUR = RANDOM.integers(0, 256, (5, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("array", [COLOUR, COLOUR[..., 0]], ids=["colour", "grey"])
def test_an_array_is_taken_as_it_is(tmp_path: Path, array: np.ndarray) -> None:
    wanted = array.reshape(5, 6, -1)
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", wanted.transpose(2, 0, 1).astype(np.int64))
    for name in ("a.npy", "b.npy"):
        found = fit_file(tmp_path / name, Fitting((wanted.shape[2], 5, 6)))
        assert found.done == ()
        assert found.pixels.dtype == np.uint8
        assert np.array_equal(found.pixels, wanted)


def test_an_array_that_does_not_fit_is_told_in_a_sentence(tmp_path: Path) -> None:
    small = np.arange(30, dtype=np.uint8).reshape(5, 6)
    np.save(tmp_path / "small.npy", small)
    np.save(tmp_path / "float.npy", small / 255)
    np.save(tmp_path / "large.npy", small.astype(int) * 100)
    np.save(tmp_path / "objects.npy", np.array([None]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "small.npy").read_bytes()[:-3])
    for name, shape, told in (
        ("small.npy", (1, 8, 8), "has the shape (5, 6), but the network takes an image of (8, 8, 1) or (1, 8, 8) or"),
        ("float.npy", (1, 5, 6), "must hold whole numbers from 0 to 255"),
        ("large.npy", (1, 5, 6), "must hold whole numbers from 0 to 255"),
        ("objects.npy", (1, 5, 6), "is not an .npy file of numbers, or is damaged."),
        ("cut.npy", (1, 5, 6), "is not an .npy file of numbers, or is damaged."),
        ("none.npy", (1, 5, 6), "none.npy cannot be read: no such file"),
    ):
        with pytest.raises(DataError) as error:
            fit_file(tmp_path / name, Fitting(shape))
        assert told in str(error.value)
        assert "\n" not in str(error.value)
