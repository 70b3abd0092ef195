"""Picture files (JPEG, PNG, …): found in folders that are named for their classes, opened, and what shape they have."""

from __future__ import annotations

import logging
import os
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from .base import DataError
from .places import reading

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LARGEST_FILE",
    "SUFFIXES",
    "ClassFolders",
    "ImageShape",
    "foreign_text",
    "list_classes",
    "must_be_classes",
    "must_have_shape",
    "open_picture",
    "orientation",
    "quiet",
    "shape_of",
    "upright",
]

T = TypeVar("T")

# Pillow logs warnings about pictures; without a handler they would be printed
logging.getLogger("PIL").addHandler(logging.NullHandler())

#: endings of names that are taken for pictures; other files are passed over
SUFFIXES = frozenset(
    {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
#: what cameras write that is no picture to us: it is told how many there are
_FOREIGN = frozenset({".heic", ".heif", ".avif", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raw", ".svg", ".psd"})
#: what may be inside, whatever the name says: no format whose decoder starts other programs
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
#: folders that are none of a person's
_NOT_CLASSES = frozenset({"__MACOSX"})
_GREY = ("1", "L", "LA")
_COLOUR = ("RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
#: a picture of more pixels is refused: it may be a small file that takes all memory
_MOST_PIXELS = 2**26
_TOO_LARGE = f"too large to be read; make the picture smaller, of {_MOST_PIXELS // 10**6} million pixels at most"
LARGEST_FILE = 2**28  # bytes
_ORIENTATION = 0x0112  # the EXIF tag
_SIDEWAYS = (5, 6, 7, 8)  # its values where width and height are exchanged


class ImageShape(NamedTuple):
    """Channels and size of a picture as it is seen, in pixels."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {'grey' if self.channels == 1 else 'RGB'}"


@dataclass(frozen=True)
class ClassFolders:
    """Pictures by class, both in the order of their names; and how many files of kinds that are not read, by ending."""

    pictures: dict[str, list[Path]] = field(default_factory=dict)
    foreign: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.pictures)


def list_classes(folder: Path, besides: Collection[str] = ()) -> ClassFolders:
    """The pictures in `folder/CLASS/`, also in folders in it, but for the classes named in `besides`.

    Empty where no folder has a picture. Raises `DataError` where some have pictures and another has none, which may be
    a class that is not filled yet.
    """
    found: dict[str, list[Path]] = {}
    foreign: Counter[str] = Counter()
    with reading(folder):
        for place in sorted(folder.iterdir(), key=lambda path: path.name):
            name = place.name
            if place.is_dir() and not name.startswith(".") and name not in besides and name not in _NOT_CLASSES:
                found[name] = sorted(_pictures(place, foreign))
    if not any(found.values()):
        return ClassFolders(foreign=foreign)
    for name, pictures in found.items():
        if not pictures:
            raise DataError(f"{folder / name} holds no pictures{_instead(folder / name)}; put some in or remove it.")
    return ClassFolders(found, foreign)


def _pictures(folder: Path, foreign: Counter[str]) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            suffix = Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in SUFFIXES:
                yield Path(place, name)
            elif suffix in _FOREIGN:
                foreign[suffix] += 1


def _instead(folder: Path) -> str:
    """What a folder without pictures has: ` but 12 .heic files, which are not read`."""
    foreign: Counter[str] = Counter()
    list(_pictures(folder, foreign))
    return f" but {foreign_text(foreign)}" if foreign else ""


def foreign_text(foreign: Counter[str]) -> str:
    """`12 .heic files, which are not read: save them as JPEG or PNG`."""
    each = " and ".join(f"{count} {ending}" for ending, count in sorted(foreign.items()))
    many = sum(foreign.values()) > 1
    return (
        f"{each} file{'s' * many}, which {'are' if many else 'is'} not read: save {'them' if many else 'it'} as JPEG "
        "or PNG"
    )


def must_be_classes(folder: Path, found: Iterable[str], names: Sequence[str]) -> None:
    """Refuse a folder in `folder` that is named for no class in `names`. Raises `DataError`."""
    for name in found:
        if name not in names:
            more = ", …" if len(names) > 12 else ""
            raise DataError(f"{folder / name} is not one of the classes {', '.join(names[:12])}{more}.")


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress Pillow's warnings: a picture can be decoded or it cannot. Not thread-safe: once for all threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_picture(source: IO[bytes], name: str, use: Callable[[Image.Image], T]) -> T:
    """Open a picture of 8 bits a channel, and return what `use` does of it. Raises `DataError`."""
    from PIL import Image  # only pictures need it, and importing it is slow

    try:
        with Image.open(source, formats=_FORMATS) as image:
            if image.mode not in _GREY + _COLOUR:
                raise DataError(f"{name} has {image.mode} values; pictures must have 8 bits a channel, grey or RGB.")
            if image.width * image.height > _MOST_PIXELS:
                raise DataError(f"{name} is {shape_of(image)}: {_TOO_LARGE}.")
            return use(image)
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{name} does not fit in this machine's memory.") from None
    except Image.DecompressionBombError:
        raise DataError(f"{name} is {_TOO_LARGE}.") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged input
        system = error.strerror.lower() if isinstance(error, OSError) and error.strerror else ""
        reason = system or "it is none, or is damaged or cut off; replace it or take it away"
        raise DataError(f"{name} cannot be read as a picture: {reason}.") from None


def orientation(image: Image.Image) -> int:
    """How the camera was held (EXIF), 1 for upright, of a picture that is not decoded yet."""
    if image.format != "TIFF" and not image.info.keys() & {"exif", "xmp", "XML:com.adobe.xmp"}:
        return 1  # a PNG would be decoded to look for more
    found = image.getexif().get(_ORIENTATION, 1)
    return found if found in range(2, 9) else 1


def shape_of(image: Image.Image) -> ImageShape:
    """What shape a picture has when it is upright."""
    height, width = image.height, image.width
    if orientation(image) in _SIDEWAYS:
        height, width = width, height
    return ImageShape(1 if image.mode in _GREY else 3, height, width)


def upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """A picture turned as the camera was held, and whether it had to be."""
    from PIL import ImageOps

    if orientation(image) == 1:
        return image, False
    return ImageOps.exif_transpose(image), True


def must_have_shape(name: str, found: ImageShape, shape: ImageShape) -> None:
    """Refuse a picture of another shape. Raises `DataError`."""
    if found != shape:
        raise DataError(f"{name} is {found}, but it must be {shape}, as all pictures are.")
