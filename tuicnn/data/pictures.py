"""Picture files (JPEG, PNG, …) in folders that are named for their classes: listed, and decoded to one array."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from tuicnn.lazy_numpy import np

from .arrays import Images
from .base import DataError
from .places import reading
from .reading_progress import reading_progress
from .splits import Split

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "SUFFIXES",
    "ImageShape",
    "Picture",
    "decode_all",
    "image_shape",
    "list_classes",
    "must_have_shape",
    "open_picture",
    "quiet",
]

T = TypeVar("T")

# Pillow logs warnings about pictures; without a handler they would be printed
logging.getLogger("PIL").addHandler(logging.NullHandler())

#: endings of names that are taken for pictures; other files are passed over
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_GREY = ("1", "L", "LA")
_COLOUR = ("RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_LARGEST_SIDE = 8192
_LARGEST_FILE = 2**28
#: pictures that a thread decodes at a time (Pillow releases the interpreter lock while it decodes)
_PORTION = 256
_THREADS = 2


class ImageShape(NamedTuple):
    """What all pictures of a data set have in common."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {'grey' if self.channels == 1 else 'RGB'}"


class Picture(NamedTuple):
    """One picture: its name for messages, its class, and a function that reads its bytes."""

    name: str
    label: int
    read: Callable[[], bytes]


def list_classes(folder: Path, besides: Collection[str] = ()) -> dict[str, list[Path]]:
    """Pictures by class, both in the order of their names: `folder/CLASS/*`, but for the folders named in `besides`.

    Empty where no folder has a picture. Raises `DataError` where some have pictures and another has none, which may be
    a class that is not filled yet.
    """
    found: dict[str, list[Path]] = {}
    with reading(folder):
        for place in sorted(folder.iterdir(), key=lambda path: path.name):
            if place.is_dir() and not place.name.startswith(".") and place.name not in besides:
                found[place.name] = sorted(path for path in place.iterdir() if _is_picture(path.name))
    if not any(found.values()):
        return {}
    for name, pictures in found.items():
        if not pictures:
            raise DataError(f"{folder / name} holds no pictures; put some in or remove it.")
    return found


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES


def image_shape(path: Path) -> ImageShape:
    """Size and channels of a picture file, from its header; known while the file stays the same. Raises `DataError`."""
    with reading(path):
        status = path.stat()
    if status.st_size > _LARGEST_FILE:
        raise DataError(f"{path} has {status.st_size} bytes: too large for a picture to train on.")
    return _image_shape(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2**17)
def _image_shape(path: Path, size: int, changed: int) -> ImageShape:
    with reading(path), path.open("rb") as file, quiet():
        return open_picture(file, str(path), lambda image, shape: shape)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress Pillow's warnings: a picture can be decoded or it cannot. Not thread-safe: once for all threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_picture(source: IO[bytes], name: str, use: Callable[[Image.Image, ImageShape], T]) -> T:
    """Open a picture of 8 bits a channel, and return what `use(image, shape)` does. Raises `DataError`."""
    from PIL import Image  # only pictures need it, and importing it is slow

    try:
        with Image.open(source) as image:
            if image.mode not in _GREY + _COLOUR:
                raise DataError(f"{name} has {image.mode} values; pictures must have 8 bits a channel, grey or RGB.")
            shape = ImageShape(1 if image.mode in _GREY else 3, image.height, image.width)
            if max(image.size) > _LARGEST_SIDE:
                raise DataError(f"{name} is {shape}: too large to train on; make the pictures smaller.")
            return use(image, shape)
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{name} does not fit in this machine's memory.") from None
    except Image.DecompressionBombError:
        raise DataError(f"{name} is too large to train on; make the pictures smaller.") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged input
        system = error.strerror.lower() if isinstance(error, OSError) and error.strerror else ""
        reason = system or "it is none, or is damaged or cut off; replace it or take it away"
        raise DataError(f"{name} cannot be read as a picture: {reason}.") from None


def must_have_shape(name: str, found: ImageShape, shape: ImageShape) -> None:
    """Refuse a picture that differs from the first one. Raises `DataError`."""
    if found != shape:
        raise DataError(
            f"{name} is {found}, but the first picture is {shape}: all must have one size, and be all grey or all RGB."
        )


def decode_all(pictures: Sequence[Picture], shape: ImageShape) -> Split:
    """All pictures as one array. Raises `DataError`, which names the first that is damaged or differs from `shape`."""
    try:
        images = np.empty((len(pictures), shape.height, shape.width, shape.channels), dtype=np.uint8)
    except (MemoryError, ValueError):
        raise DataError(f"{len(pictures)} pictures of {shape} do not fit in this machine's memory.") from None

    def values(name: str, image: Image.Image, found: ImageShape) -> Images:
        must_have_shape(name, found, shape)
        mode = "L" if shape.channels == 1 else "RGB"
        return np.asarray(image if image.mode == mode else image.convert(mode), dtype=np.uint8).reshape(
            images.shape[1:]
        )

    def decode(start: int) -> None:
        for place, (name, _, read) in enumerate(pictures[start : start + _PORTION], start):
            with reading(Path(name)):
                data = read()
            images[place] = open_picture(io.BytesIO(data), name, partial(values, name))

    progress = reading_progress()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        with quiet():
            starts = range(0, len(pictures), _PORTION)
            for start, _ in zip(starts, pool.map(decode, starts), strict=True):
                progress.add(min(_PORTION, len(pictures) - start))
    finally:
        pool.shutdown(cancel_futures=True)
    return Split(images, np.array([picture.label for picture in pictures], dtype=np.int64))
