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
