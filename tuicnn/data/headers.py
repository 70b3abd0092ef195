"""What the headers of picture files tell: shape, how the camera was held, and whether the file is whole.

The headers of many files are kept in the user's cache folder, and read again when a file changes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from tuicnn.lazy_numpy import np

from .base import DataError
from .cache import kept
from .pictures import LARGEST_FILE, ImageShape, open_picture, orientation, quiet, shape_of
from .places import reading
from .portions import in_portions, processes_for

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["PictureHeader", "picture_header", "picture_headers"]

#: headers of so many files are kept: fewer are read faster
_WORTH_KEEPING = 2000
#: how a whole file ends; one of another kind, or that ends otherwise, is decoded to see
_ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b";"}


class PictureHeader(NamedTuple):
    """The shape of a picture when it is upright, and whether it must be turned for that."""

    shape: ImageShape
    turned: bool = False


def picture_header(path: Path) -> PictureHeader:
    """What a picture file's header tells; known while the file stays the same. Raises `DataError`.

    Also of a file that is cut off: what this accepts can be decoded, but for damage inside.
    """
    with reading(path):
        status = path.stat()
    if status.st_size > LARGEST_FILE:
        raise DataError(f"{path} has {status.st_size} bytes: too large for a picture to train on.")
    return _header(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=2**17)
def _header(path: Path, size: int, changed: int) -> PictureHeader:
    def header(image: Image.Image) -> PictureHeader:
        found = PictureHeader(shape_of(image), orientation(image) != 1)
        if not _ends_well(file, image.format or ""):
            image.load()
        return found

    with reading(path), path.open("rb") as file, quiet():
        return open_picture(file, str(path), header)


def _ends_well(file: IO[bytes], kind: str) -> bool:
    if kind not in _ENDS:
        return False
    place = file.tell()
    file.seek(-len(_ENDS[kind]), os.SEEK_END)
    end = file.read()
    file.seek(place)
    return end == _ENDS[kind]


def picture_headers(folder: Path, paths: Sequence[Path]) -> list[PictureHeader | str]:
    """The header of each file in a `folder`, or a sentence on why it cannot be read as a picture."""

    def read() -> dict[str, NDArray[Any]]:
        found: dict[int, list[list[int] | str]] = {}
        in_portions(
            len(paths),
            len(paths),  # little of each is read, however large it is
            lambda start, stop: [_told(path) for path in paths[start:stop]],
            found.__setitem__,
            processes=processes_for(len(paths), 0),
        )
        every = [each for start in sorted(found) for each in found[start]]
        problems = {number: each for number, each in enumerate(every) if isinstance(each, str)}
        return {
            "headers": np.array([[0] * 4 if isinstance(each, str) else each for each in every], np.int32),
            "bad": np.array(list(problems), np.int64),
            "problems": np.array(list(problems.values()), np.str_),
        }

    made = kept("headers", folder, paths, read) if len(paths) >= _WORTH_KEEPING else read()
    headers: list[PictureHeader | str] = [
        PictureHeader(ImageShape(*shape), bool(turned)) for *shape, turned in made["headers"].tolist()
    ]
    for number, problem in zip(made["bad"].tolist(), made["problems"].tolist(), strict=True):
        headers[number] = problem
    return headers


def _told(path: Path) -> list[int] | str:
    try:
        header = picture_header(path)
    except DataError as error:
        return str(error)
    return [*header.shape, int(header.turned)]
