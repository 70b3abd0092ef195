"""One image out of a file: what is read, and what does not fit is told with what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuicnn.data import DataError
from tuicnn.data.image_file import read_image

GREY = np.arange(30, dtype=np.uint8).reshape(5, 6)
COLOUR = np.arange(90, dtype=np.uint8).reshape(5, 6, 3)


@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
def test_pixels_are_as_they_were(tmp_path: Path, array: np.ndarray) -> None:
    wanted = array.reshape(5, 6, -1)
    shape = (wanted.shape[2], 5, 6)
    Image.fromarray(array).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", wanted.transpose(2, 0, 1).astype(np.int64))
    for name in ("a.png", "a.npy", "b.npy"):
        found = read_image(tmp_path / name, shape)
        assert found.dtype == np.uint8
        assert np.array_equal(found, wanted)


def test_what_does_not_fit_is_told_in_a_sentence(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    Image.fromarray(COLOUR).save(tmp_path / "colour.png")
    np.save(tmp_path / "small.npy", GREY)
    np.save(tmp_path / "float.npy", GREY / 255)
    np.save(tmp_path / "large.npy", GREY.astype(int) * 100)
    np.save(tmp_path / "objects.npy", np.array([None]), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "small.npy").read_bytes()[:-3])
    (tmp_path / "text.png").write_text("no picture")
    for name, shape, told in (
        ("grey.png", (3, 5, 6), "is 6x5 grey, but the network takes 6x5 RGB; save it in colour."),
        ("colour.png", (1, 5, 6), "is 6x5 RGB, but the network takes 6x5 grey; save it in grey."),
        ("colour.png", (1, 28, 28), "takes 28x28 grey; scale it to 28x28 and save it in grey."),
        ("grey.png", (1, 28, 28), "takes 28x28 grey; scale it to 28x28."),
        ("grey.png", (2, 5, 6), "takes 6x5 with 2 channels; save it as an .npy array."),
        ("small.npy", (1, 8, 8), "has the shape (5, 6), but the network takes an image of (8, 8, 1) or (1, 8, 8) or"),
        ("float.npy", (1, 5, 6), "must hold whole numbers from 0 to 255"),
        ("large.npy", (1, 5, 6), "must hold whole numbers from 0 to 255"),
        ("objects.npy", (1, 5, 6), "is not an .npy file of numbers, or is damaged."),
        ("cut.npy", (1, 5, 6), "is not an .npy file of numbers, or is damaged."),
        ("text.png", (1, 5, 6), "cannot be read as a picture"),
        ("none.png", (1, 5, 6), "none.png cannot be read: no such file"),
        ("none.npy", (1, 5, 6), "none.npy cannot be read: no such file"),
    ):  # fmt: skip
        with pytest.raises(DataError) as error:
            read_image(tmp_path / name, shape)
        assert told in str(error.value)
        assert "\n" not in str(error.value)
