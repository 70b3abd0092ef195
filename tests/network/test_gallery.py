"""Images beside each other in a notebook."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tuicnn import Gallery

RANDOM = np.random.default_rng(0)


def shown(gallery: Gallery) -> list[np.ndarray]:
    """The images in its HTML."""
    found = re.findall('src="data:image/png;base64,([^"]+)"', gallery._repr_html_())
    return [np.asarray(Image.open(io.BytesIO(b64decode(each)))) for each in found]


@pytest.mark.parametrize("shape", [(2, 5, 7), (2, 5, 7, 1), (2, 1, 5, 7), (2, 5, 7, 3), (2, 3, 5, 7)])
def test_images_are_shown_pixel_by_pixel(shape: tuple[int, ...]) -> None:
    images = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    gallery = Gallery(images, ["a<b", 7], width=70)
    expected = images.transpose(0, 2, 3, 1) if shape[1] in (1, 3) else images
    for image, pixels in zip(shown(gallery), expected, strict=True):
        assert np.array_equal(image, pixels.squeeze())
    html = gallery._repr_html_()
    assert "a&lt;b" in html
    assert "width:70px;height:50px" in html
    assert repr(gallery) == "Gallery of 2 images"


def test_maps_are_shown_from_their_least_value_to_their_largest() -> None:
    first, second = shown(Gallery(np.array([[[-1.0, 1.0]], [[0.0, np.nan]]])))
    assert (first.tolist(), second.tolist()) == ([[0, 255]], [[128, 128]])
    assert all((image == 0).all() for image in shown(Gallery(np.full((2, 3, 3), 4.0))))


@pytest.mark.parametrize(
    ("images", "captions", "says"),
    [
        (np.zeros((2, 3, 3), np.uint8), ["one"], "2 images need as many captions, not 1"),
        (np.zeros((3, 3), np.uint8), (), "images must be uint8"),
        (np.zeros((2, 5, 5, 5), np.uint8), (), "images must be uint8"),
        (np.zeros((2, 3, 5, 5)), (), r"not float64 of \(2, 3, 5, 5\)"),
    ],
)
def test_what_cannot_be_shown_is_said(images: Any, captions: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Gallery(images, captions)
