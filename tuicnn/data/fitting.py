"""A person's picture made such as a network takes: turned upright, in its colours, scaled, and cut to its size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tuicnn.lazy_numpy import np

from .base import DataError
from .image_file import read_image
from .pictures import SUFFIXES, ImageShape, open_picture, quiet
from .places import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tuicnn.layers.base import Shape

__all__ = ["FittedImage", "fit_file", "fit_stream", "image_files"]

_ORIENTATION = 0x0112  # the EXIF tag
_LARGEST_FILE = 2**28
_ARRAY = ".npy"


@dataclass(frozen=True, eq=False)
class FittedImage:
    """An image as a network takes it, and what was done to it, in words; none where it fitted."""

    pixels: NDArray[np.uint8]  # (H, W, C)
    done: tuple[str, ...]

    def inverted(self) -> FittedImage:
        """Light made dark: a network that knows white digits on black reads a pen's on paper so."""
        return FittedImage(255 - self.pixels, (*self.done, "inverted"))


def image_files(path: Path) -> list[Path]:
    """The file itself; of a folder all pictures and `.npy` files in it and in its folders, in order of their paths.

    Raises `DataError` where there are none, or it cannot be read.
    """
    with reading(path):
        if not path.is_dir():
            return [path]
        found = sorted(
            each
            for each in path.rglob("*")
            if each.suffix.lower() in {*SUFFIXES, _ARRAY} and not each.name.startswith(".")
        )
    if not found:
        raise DataError(f"{path} holds no pictures.")
    return found


def fit_file(path: Path, shape: Shape) -> FittedImage:
    """The image in a file, for a network that takes `shape` (C, H, W). Raises `DataError`.

    A picture is made to fit. Of an `.npy` file nobody can tell what its axes mean if they are not the network's.
    """
    if path.suffix.lower() == _ARRAY:
        return FittedImage(read_image(path, shape), ())
    with reading(path):
        if path.stat().st_size > _LARGEST_FILE:
            raise DataError(f"{path} has {path.stat().st_size} bytes: too large for a picture.")
        data = path.read_bytes()
    return _fit(data, str(path), shape)


def fit_stream(stream: BinaryIO, name: str, shape: Shape) -> FittedImage:
    """The picture that a stream holds; as `fit_file`."""
    data = stream.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise DataError(f"{name} holds more than {_LARGEST_FILE} bytes: too many for a picture.")
    return _fit(data, name, shape)


def _fit(data: bytes, name: str, shape: Shape) -> FittedImage:
    channels, height, width = shape
    if channels not in (1, 3):
        raise DataError(f"{name} is a picture, but the network takes {channels} channels; save it as an .npy array.")

    def fit(image: Image.Image, found: ImageShape) -> FittedImage:
        done: list[str] = []
        image = _upright(image, done)
        image = _in_colours(image, channels, done)
        image = _to_size(image, width, height, done)
        return FittedImage(np.asarray(image, dtype=np.uint8).reshape(height, width, channels), tuple(done))

    with quiet():
        return open_picture(io.BytesIO(data), name, fit)


def _upright(image: Image.Image, done: list[str]) -> Image.Image:
    """Turned as the camera was held."""
    from PIL import ImageOps

    if image.getexif().get(_ORIENTATION, 1) == 1:
        return image
    done.append("turned upright")
    return ImageOps.exif_transpose(image)


def _in_colours(image: Image.Image, channels: int, done: list[str]) -> Image.Image:
    """In grey or RGB; what can be seen through is laid on white, as a browser shows it."""
    from PIL import Image

    if image.has_transparency_data:
        seen = image.convert("RGBA")
        if np.asarray(seen)[..., 3].min() < 255:
            done.append("laid on white")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(seen)
        grey = image.mode == "LA"
        image = ground.convert("L" if grey else "RGB")
    wanted = "L" if channels == 1 else "RGB"
    if (image.mode in ("1", "L")) != (wanted == "L"):
        done.append("made grey" if wanted == "L" else "grey taken as RGB")
    return image if image.mode == wanted else image.convert(wanted)


def _to_size(image: Image.Image, width: int, height: int, done: list[str]) -> Image.Image:
    """Scaled, its shape kept, until it covers the size; then the middle of it."""
    from PIL import Image

    factor = max(width / image.width, height / image.height)
    scaled = max(width, round(image.width * factor)), max(height, round(image.height * factor))
    if scaled != image.size:
        done.append(f"scaled from {image.width}x{image.height} to {scaled[0]}x{scaled[1]}")
        image = image.resize(scaled, Image.Resampling.BILINEAR)  # of a larger picture, means over all its pixels
    if scaled != (width, height):
        done.append(f"cut to the middle {width}x{height}")
        left, top = (scaled[0] - width) // 2, (scaled[1] - height) // 2
        image = image.crop((left, top, left + width, top + height))
    return image
