"""`data: npz "FILE"`: arrays that NumPy has saved, under the names that Keras gives them. Pickles are never read."""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Text, positional, word

from .arrays import as_images, image_layout, must_be_labels, shape_text
from .base import DataError
from .own_data import OwnData, Part, Stored
from .places import reading, resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Npz"]

#: the names of images and labels where parts are kept apart, and where they are not; capitals do not matter
_APART = (("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("{}_x", "{}_y"))
_TOGETHER = (("images", "labels"), ("x", "y"), ("data", "target"))
_PARTS = {"train": ("train",), "test": ("test",), "val": ("val", "valid", "validation")}
#: deflate cannot make more than 1,032 bytes of one
_MOST_FROM_ONE_BYTE = 1032


class _Header(NamedTuple):
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    size: int


class _Archive:
    """The arrays in an open `.npz` file. A header is believed only where the zip's own sizes agree with it."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self._path = archive, path
        self.names = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

    def _header(self, file: IO[bytes], name: str) -> _Header:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                npy = np.lib.format
                version = npy.read_magic(file)
                read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                shape, fortran, dtype = read(file)
        except Exception as error:  # NumPy parses it as Python text: a damaged one raises nearly anything
            raise DataError(f"{name} in {self._path} is damaged: {error or type(error).__name__}.") from None
        if dtype.hasobject:
            raise DataError(
                f"{name} in {self._path} holds Python objects, which are not read; save numbers, or texts "
                "by astype(str)."
            )
        info = self.names[name]
        header = _Header(shape, fortran, dtype, file.tell())
        wanted = header.size + math.prod(shape) * dtype.itemsize
        if (
            wanted != info.file_size
            or min(shape, default=1) < 0
            or wanted > _MOST_FROM_ONE_BYTE * (info.compress_size + 64)
        ):
            raise DataError(f"{name} in {self._path} is damaged: its size is not that of {shape_text(shape)} values.")
        return header

    def header(self, name: str) -> _Header:
        """Shape and type of an array, without reading it."""
        with self._archive.open(self.names[name]) as file:
            return self._header(file, name)

    def array(self, name: str) -> NDArray[Any]:
        """An array, read-only."""
        with self._archive.open(self.names[name]) as file:
            header = self._header(file, name)
            values = np.frombuffer(file.read(), header.dtype)
        return values.reshape(header.shape, order="F" if header.fortran else "C")


@contextmanager
def _opened(path: Path) -> Iterator[_Archive]:
    try:
        with reading(path), zipfile.ZipFile(path) as archive:
            yield _Archive(archive, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} is not an .npz file, or is damaged: {error or type(error).__name__}.") from None


def _array(path: Path, name: str) -> NDArray[Any]:
    with _opened(path) as archive:
        return archive.array(name)


@lru_cache(maxsize=64)
def _judge_values(path: Path, name: str, size: int, changed: int) -> None:
    """Whether values that are no bytes are those of images: known while the file stays the same. Raises `DataError`."""
    as_images(_array(path, name), f"{name} in {path}")


def _pairs(archive: _Archive, path: Path) -> dict[str, tuple[str, str]]:
    """The names of images and labels of each part; "train" alone where the parts are not kept apart."""
    names = {name.casefold(): name for name in sorted(archive.names, reverse=True)}
    wanted: dict[str, tuple[str, str]] = {}
    for x, y in _APART:
        found = {
            part: (x.format(word), y.format(word))
            for part, words in _PARTS.items()
            for word in words
            if x.format(word) in names or y.format(word) in names
        }
        if "train" in found:
            wanted = found
            break
    if not wanted:
        together = next((pair for pair in _TOGETHER if pair[0] in names or pair[1] in names), _TOGETHER[0])
        wanted = {"train": together}
    missing = [name for pair in wanted.values() for name in pair if name not in names]
    if missing:
        has = ", ".join(sorted(archive.names)[:8]) or "nothing"
        raise DataError(
            f"{path} has {has}, but no {missing[0]}: save x_train, y_train, x_test, y_test, or images, labels, or X, y."
        )
    return {part: (names[x], names[y]) for part, (x, y) in wanted.items()}


def _part(archive: _Archive, path: Path, x: str, y: str) -> Part:
    """What two arrays hold, by their headers. Raises `DataError`."""
    header, of_labels = archive.header(x), archive.header(y)
    name, of_file = f"{x} in {path}", path.stat()
    count, shape = image_layout(header.shape, header.dtype, name)
    must_be_labels(of_labels.shape, of_labels.dtype, f"{y} in {path}")
    if count != of_labels.shape[0]:
        raise DataError(f"{path} has {count} images in {x}, but {of_labels.shape[0]} labels in {y}.")
    bytes_already = header.dtype == np.uint8
    return Part(
        name,
        shape,
        count,
        lambda: (_array(path, y), f"{y} in {path}"),
        lambda: as_images(_array(path, x), name),
        header.dtype.itemsize,
        lambda: None if bytes_already else _judge_values(path, x, of_file.st_size, of_file.st_mtime_ns),
    )


@word(
    "data",
    "npz",
    help="arrays saved by NumPy: x_train, y_train, x_test, y_test (Keras's names), or images, labels, or X, y",
    example='npz "digits.npz"',
    usage='npz "FILE"',
)
@dataclass(frozen=True)
class Npz(OwnData):
    """An `.npz` file with images (N, H, W), (N, H, W, C) or (N, C, H, W): whole numbers to 255, or fractions to 1.

    Labels are whole numbers, one-hot rows, or texts, which name the classes; numbers are counted by the highest. Other
    names that are read: `train_images`, `train_labels` and so on, and `data`, `target`. With `x_val` and `y_val` these
    are the validation images. Without test images a tenth is held out, always the same.
    """

    file: str = positional(Text(), help="the .npz file")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        return self.file

    def _path(self) -> Path:
        return resolve(self.file, self.bases, "file")

    def find(self) -> None:
        self._path()

    def stored(self) -> Stored:
        path = self._path()
        with _opened(path) as archive:
            parts = {part: _part(archive, path, x, y) for part, (x, y) in _pairs(archive, path).items()}
        return Stored(parts["train"], parts.get("test"), parts.get("val"))
