"""`data: csv "FILE"`: a line an image, its label and its pixels, as Kaggle and others publish small images."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Choice, Size, SizeKind, Text, option, positional, word

from .arrays import as_images
from .base import DataError, OptionError
from .cache import kept
from .own_data import OwnData, Part, Stored
from .places import reading, resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Csv"]

#: bytes from which on what was read is kept: less is read as fast again
_WORTH_KEEPING = 2**22
#: bytes that are parsed at a time
_PORTION = 2**23
#: names of the column with the labels, where the first line has names
_LABELS = ("label", "labels", "class", "target", "y")
_DELIMITERS = (b",", b";", b"\t")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class _Columns:
    """How the lines of a file are laid out."""

    delimiter: bytes
    label: int  # the place of its column
    count: int  # columns in all
    header: bool


def _columns(first: bytes, label: str, path: Path) -> _Columns:
    delimiter = max(_DELIMITERS, key=first.count)
    fields = [_bare(each) for each in first.split(delimiter)]
    if len(fields) < 2:
        raise DataError(
            f"{path} has one column: each line must have a label and the pixels of an image, with commas between them."
        )
    header = sum(_number(each) is None for each in fields) > len(fields) // 2
    named = [place for place, each in enumerate(fields) if header and each.casefold() in _LABELS]
    place = named[0] if named else 0 if label == "first" else len(fields) - 1
    return _Columns(delimiter, place, len(fields), header)


def _bare(each: bytes) -> str:
    return each.strip().strip(b'"').strip().decode(errors="replace")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _shape(values: int, size: Size | None, path: Path) -> tuple[int, int, int]:
    """H, W and C of an image of so many values. Raises `DataError`."""
    for channels in (1, 3):
        if size is not None and values == channels * math.prod(size):
            return size[0], size[1], channels
        side = math.isqrt(values // channels)
        if size is None and side * side * channels == values:
            return side, side, channels
    if size is not None:
        raise DataError(
            f"{path} has {values} values an image beside its label: size={size} would be {math.prod(size)} of grey, or "
            f"{3 * math.prod(size)} of RGB."
        )
    height = next(n for n in range(math.isqrt(values), 0, -1) if values % n == 0)
    raise OptionError(
        f"{path} has {values} values an image beside its label, which are no square image, grey or RGB.",
        f"size={height}x{values // height}",
        "or what else its images are, HxW",
    )


def _lines(file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """The lines, some at a time, and the number of the first of them."""
    number = 1
    while lines := file.readlines(_PORTION):
        yield number, lines
        number += len(lines)


def _parse(path: Path, label: str, size: Size | None) -> dict[str, NDArray[Any]]:
    """The images uint8 (N, H, W, C) and their labels, whole numbers or text. Raises `DataError`."""
    columns: _Columns | None = None
    pixels: list[NDArray[Any]] = []
    labels: list[str] = []
    with reading(path), path.open("rb") as file:
        for number, lines in _lines(file):
            if columns is None:
                lines[0] = lines[0].removeprefix(_BOM)
                columns = _columns(lines[0], label, path)
                if columns.header:
                    lines[0] = b""
            if (rows := _rows(lines, number, columns, labels, path)).size:
                pixels.append(rows)
    if columns is None or not pixels:
        raise DataError(f"{path} has no images.")
    height, width, channels = _shape(columns.count - 1, size, path)
    every = np.concatenate(pixels)  # as bytes where all are whole numbers
    images = as_images(every.reshape(-1, height, width, channels), str(path))
    try:
        return {"images": images, "labels": np.array([int(each) for each in labels], np.int64)}
    except (ValueError, OverflowError):
        return {"images": images, "labels": np.array(labels, np.str_)}


def _rows(lines: Sequence[bytes], first: int, columns: _Columns, labels: list[str], path: Path) -> NDArray[Any]:
    """The values of some lines, (n, values); their labels are added to `labels`. Raises `DataError`."""
    delimiter, rest = columns.delimiter, []
    for number, line in enumerate(lines, first):
        line = line.strip(b"\r\n ")
        if not line:
            continue
        if line.count(delimiter) != columns.count - 1:
            raise DataError(
                f"line {number} of {path} has {line.count(delimiter) + 1} columns, but the first line has "
                f"{columns.count}."
            )
        if columns.label == 0:
            label, _, values = line.partition(delimiter)
        elif columns.label == columns.count - 1:
            values, _, label = line.rpartition(delimiter)
        else:
            fields = line.split(delimiter)
            label = fields.pop(columns.label)
            values = delimiter.join(fields)
        labels.append(_bare(label))
        rest.append(values)
    if not rest:
        return np.empty((0, 0), np.uint8)
    text = delimiter.join(rest).replace(b'"', b"")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # NumPy before 2.4 warns, and ends where no number is
            found = np.fromstring(text.decode("latin-1"), np.float32, sep=delimiter.decode())
    except ValueError:
        raise _no_number(lines, first, columns, path) from None
    if found.size != len(rest) * (columns.count - 1):
        raise _no_number(lines, first, columns, path)
    with np.errstate(invalid="ignore"):
        whole = found.astype(np.uint8)
    return (whole if np.array_equal(whole, found) else found).reshape(len(rest), -1)


def _no_number(lines: Sequence[bytes], first: int, columns: _Columns, path: Path) -> DataError:
    """Where a value is none."""
    for number, line in enumerate(lines, first):
        for place, each in enumerate(line.strip(b"\r\n ").split(columns.delimiter)):
            if place != columns.label and line.strip() and _number(_bare(each)) is None:
                text = _bare(each)
                return DataError(
                    f"line {number} of {path} has {text[:40]!r} in column {place + 1}, where a pixel must be: "
                    "a line is a label and numbers. Pictures that are files of their own go into folders that are "
                    'named for their classes, and are read by: folder "DIR"'
                )
    return DataError(f"{path} holds values that are no numbers.")


@lru_cache(maxsize=4)
def _small(path: Path, label: str, size: Size | None, _bytes: int, _changed: int) -> Mapping[str, NDArray[Any]]:
    return _parse(path, label, size)


def _read(path: Path, label: str, size: Size | None) -> Mapping[str, NDArray[Any]]:
    """What `_parse` finds; known while the file stays the same. Raises `DataError`."""
    with reading(path):
        status = path.stat()
    if status.st_size < _WORTH_KEEPING:
        return _small(path, label, size, status.st_size, status.st_mtime_ns)
    return kept(f"csv-{label}-{size or 'square'}", path, [path], lambda: _parse(path, label, size))


@word(
    "data",
    "csv",
    help="one line for each image: its label, and its pixels row by row",
    example='csv "train.csv" test="test.csv"',
    usage='csv "FILE"',
)
@dataclass(frozen=True)
class Csv(OwnData):
    """A text file with a label and the pixels of an image in each line, grey or RGB (the three values of each pixel).

    Values are whole numbers to 255, or fractions to 1. A first line with names is passed over; a column that is named
    `label`, `class`, `target` or `y` has the labels. These are numbers, or texts, which name the classes. Images are
    square where `size` does not say otherwise. Without `test`, a tenth is held out, always the same.
    """

    file: str = positional(Text(), help="the file to train on")
    test: str | None = option(Text(), default=None, help="a file of the same form to test on")
    label: str = option(
        Choice(words=("first", "last")), default="first", help="the column of the labels, where no name says it"
    )
    size: Size | None = option(SizeKind(at_most=4096), default=None, help="the size of an image, HxW, where not square")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        return self.file

    def _paths(self) -> list[Path]:
        return [resolve(each, self.bases, "file") for each in (self.file, self.test) if each is not None]

    def find(self) -> None:
        self._paths()

    def stored(self) -> Stored:
        parts = [self._part(path) for path in self._paths()]
        return Stored(parts[0], parts[1] if len(parts) > 1 else None)

    def _part(self, path: Path) -> Part:
        found = _read(path, self.label, self.size)
        images, labels = found["images"], found["labels"]
        count, height, width, channels = images.shape
        return Part(str(path), (channels, height, width), count, lambda: (labels, str(path)), lambda: images)
