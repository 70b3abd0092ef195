"""A person's picture made such as a network takes: turned upright, in its colours, scaled, and cut or padded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tuicnn.lazy_numpy import np

from .array_file import read_array
from .base import DataError
from .pictures import LARGEST_FILE, SUFFIXES, open_picture, quiet, shape_of, upright
from .places import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from tuicnn.layers.base import Shape

    from .base import DataSpec

__all__ = ["FITS", "FittedImage", "Fitting", "fit_file", "fit_picture", "fit_stream", "fitting_of", "image_files"]

#: how a picture of another size is made to fit: scaled to cover the size and cut to its middle, scaled to lie within it
#: between zeros, or scaled to it without regard to its proportions
FITS = ("crop", "pad", "stretch")
_ARRAY = ".npy"


@dataclass(frozen=True)
class Fitting:
    """To what pictures are made to fit, and how: `shape` (C, H, W) includes a `border` of zeros, `fit` is of `FITS`."""

    shape: Shape
    fit: str = "crop"
    border: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height without the border."""
        return self.shape[2] - 2 * self.border, self.shape[1] - 2 * self.border


def fitting_of(data: DataSpec, shape: Shape) -> Fitting:
    """How a picture is made to fit a network that takes `shape` (C, H, W) and was trained on `data`: as those were."""
    return Fitting(shape, data.fit_of_pictures, data.pad if min(shape[1:]) > 2 * data.pad else 0)


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


def fit_file(path: Path, fitting: Fitting) -> FittedImage:
    """The image in a file, made to fit. Raises `DataError`.

    Of an `.npy` file nobody can tell what its axes mean if they are not the network's.
    """
    if path.suffix.lower() == _ARRAY:
        return FittedImage(read_array(path, fitting.shape), ())
    with reading(path):
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path} has {path.stat().st_size} bytes: too large for a picture.")
        data = path.read_bytes()
    return _fit(data, str(path), fitting)


def fit_stream(stream: BinaryIO, name: str, fitting: Fitting) -> FittedImage:
    """The picture that a stream holds; as `fit_file`."""
    data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise DataError(f"{name} holds more than {LARGEST_FILE} bytes: too many for a picture.")
    return _fit(data, name, fitting)


def _fit(data: bytes, name: str, fitting: Fitting) -> FittedImage:
    channels = fitting.shape[0]
    if channels not in (1, 3):
        raise DataError(f"{name} is a picture, but the network takes {channels} channels; save it as an .npy array.")
    with quiet():
        return open_picture(io.BytesIO(data), name, lambda image: fit_picture(image, fitting))


def fit_picture(image: Image.Image, fitting: Fitting) -> FittedImage:
    """An opened picture made to fit. A large JPEG is decoded at a part of its size, still at least twice as large."""
    (width, height), done = fitting.size, []
    before = shape_of(image)
    enough = 2 * max(width, height)
    if min(image.size) > enough:
        image.draft(None, (enough, enough))
    image, turned = upright(image)
    if turned:
        done.append("turned upright")
    image = _in_colours(image, fitting.shape[0], done)
    image = _to_size(image, width, height, fitting.fit, (before.width, before.height), done)
    pixels = np.asarray(image, dtype=np.uint8).reshape(height, width, fitting.shape[0])
    if fitting.border:
        pixels = np.pad(pixels, ((fitting.border,) * 2, (fitting.border,) * 2, (0, 0)))
        done.append(f"padded to {fitting.shape[2]}x{fitting.shape[1]}")
    return FittedImage(pixels, tuple(done))


def _in_colours(image: Image.Image, channels: int, done: list[str]) -> Image.Image:
    """In grey or RGB; what can be seen through is laid on white, as a browser shows it."""
    wanted = "L" if channels == 1 else "RGB"
    if image.mode == wanted and "transparency" not in image.info:
        return image
    from PIL import Image

    if image.has_transparency_data:
        seen = image.convert("RGBA")
        if np.asarray(seen)[..., 3].min() < 255:
            done.append("laid on white")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(seen)
        grey = image.mode == "LA"
        image = ground.convert("L" if grey else "RGB")
    if (image.mode in ("1", "L")) != (wanted == "L"):
        done.append("made grey" if wanted == "L" else "grey taken as RGB")
    return image if image.mode == wanted else image.convert(wanted)


def _to_size(
    image: Image.Image, width: int, height: int, fit: str, before: tuple[int, int], done: list[str]
) -> Image.Image:
    """Scaled by bilinear interpolation, of a larger picture by means over all its pixels; then cut or padded."""
    if image.size == (width, height) == before:
        return image
    from PIL import Image

    if fit == "stretch":
        scaled = width, height
    else:
        factors = width / before[0], height / before[1]
        factor = max(factors) if fit == "crop" else min(factors)
        least = (width, height) if fit == "crop" else (1, 1)
        scaled = max(least[0], round(before[0] * factor)), max(least[1], round(before[1] * factor))
    if scaled != before:
        done.append(f"scaled from {before[0]}x{before[1]} to {scaled[0]}x{scaled[1]}")
    if scaled != image.size:
        image = image.resize(scaled, Image.Resampling.BILINEAR)
    if scaled == (width, height):
        return image
    done.append(f"cut to the middle {width}x{height}" if fit == "crop" else f"padded to {width}x{height}")
    left, top = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    return image.crop((left, top, left + width, top + height))  # what lies outside is zeros
