"""Many pictures decoded to one array, by several processes, with a count."""

from __future__ import annotations

import io
import mmap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tuicnn.lazy_numpy import np

from .base import DataError
from .fitting import Fitting, fit_picture
from .pictures import ImageShape, must_have_shape, open_picture, quiet, shape_of
from .places import reading
from .portions import in_portions, processes_for
from .reading_progress import reading_progress
from .splits import Split

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["Picture", "decode_all"]


class Picture(NamedTuple):
    """One picture: its name for messages, its class, its bytes, and a function that reads them."""

    name: str
    label: int
    size: int
    read: Callable[[], bytes]


def decode_all(
    pictures: Sequence[Picture], fitting: Fitting, must_be: ImageShape | None = None
) -> tuple[Split, list[str]]:
    """All pictures that can be read, made to fit, and a sentence on each that cannot, or that `must_be` another shape.

    Raises `DataError` where memory cannot hold them.
    """
    channels, height, width = fitting.shape
    size = sum(picture.size for picture in pictures)
    processes = processes_for(len(pictures), size)
    images = _shared((len(pictures), height, width, channels))
    problems: dict[int, str] = {}
    progress = reading_progress()

    def values(name: str, image: Image.Image) -> NDArray[np.uint8]:
        if must_be is not None:
            must_have_shape(name, shape_of(image), must_be)
        return fit_picture(image, fitting).pixels

    def decode(start: int, stop: int) -> list[str | None]:
        return [_problem(pictures[place], place) for place in range(start, stop)]

    def _problem(picture: Picture, place: int) -> str | None:
        try:
            with reading(Path(picture.name)):
                data = picture.read()
            images[place] = open_picture(io.BytesIO(data), picture.name, lambda image: values(picture.name, image))
        except DataError as error:
            return str(error)
        return None

    def take(start: int, found: list[str | None]) -> None:
        problems.update({place: text for place, text in enumerate(found, start) if text is not None})
        progress.add(len(found))

    with quiet():
        in_portions(len(pictures), size, decode, take, processes=processes)
    split = Split(
        images,
        np.array([picture.label for picture in pictures], dtype=np.int64),
        np.array([picture.name for picture in pictures], dtype=np.str_),
    )
    good = np.ones(len(pictures), bool)
    good[list(problems)] = False
    return split if good.all() else split.at(good), [problems[place] for place in sorted(problems)]


def _shared(shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """An array that forked processes write into. Raises `DataError`."""
    count, height, width, channels = shape
    size = count * height * width * channels
    try:
        return np.frombuffer(mmap.mmap(-1, max(1, size)), np.uint8, size).reshape(shape)
    except (MemoryError, ValueError, OSError, OverflowError):
        raise DataError(f"{count} pictures of {width}x{height} do not fit in this machine's memory.") from None
