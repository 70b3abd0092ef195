"""`data: npz "FILE"`: arrays that NumPy has saved, under the names that Keras gives them. Pickles are never read."""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import Text, positional, word

from .base import DataError, Dataset, DataSpec, Described
from .places import reading, resolve
from .splits import (
    Split,
    Splits,
    as_images,
    as_labels,
    assemble,
    count_classes,
    described,
    must_agree,
    must_be_labels,
    must_fit,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Npz"]

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
            raise DataError(f"{name} in {self._path} holds Python objects, which are not read; save numbers.")
        info = self.names[name]
        header = _Header(shape, fortran, dtype, file.tell())
        wanted = header.size + math.prod(shape) * dtype.itemsize
        if (
            wanted != info.file_size
            or min(shape, default=1) < 0
            or wanted > _MOST_FROM_ONE_BYTE * (info.compress_size + 64)
        ):
            raise DataError(
                f"{name} in {self._path} is damaged: its size is not that of {'x'.join(map(str, shape))} values."
            )
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


@word(
    "data",
    "npz",
    help="arrays saved by NumPy: x_train, y_train, x_test, y_test (Keras's names), or images, labels",
    example='npz "digits.npz"',
    usage='npz "FILE"',
)
@dataclass(frozen=True)
class Npz(DataSpec):
    """An `.npz` file with uint8 images (N, H, W), (N, H, W, C) or (N, C, H, W), and whole numbers as labels.

    Without `x_test` (or with `images`, `labels`) a tenth is held out as the test set, always the same images. Classes
    are counted by the highest label.
    """

    file: str = positional(Text(), help="the .npz file")
    bases: tuple[str, ...] = field(default=(), kw_only=True)

    def _path(self) -> Path:
        return resolve(self.file, self.bases, "file")

    def find(self) -> None:
        self._path()

    @staticmethod
    def _pairs(archive: _Archive, path: Path) -> list[tuple[str, str]]:
        """Names of images and labels: for training, and for test where there are such."""
        names = archive.names
        if "x_train" in names or "y_train" in names:
            pairs = [("x_train", "y_train")]
            if "x_test" in names or "y_test" in names:
                pairs.append(("x_test", "y_test"))
        else:
            pairs = [("images", "labels")]
        missing = [name for pair in pairs for name in pair if name not in names]
        if missing:
            has = ", ".join(sorted(names)[:8]) or "nothing"
            raise DataError(
                f"{path} has {has}, but no {missing[0]}: save x_train, y_train, x_test, y_test, or images, labels."
            )
        return pairs

    @staticmethod
    def _class_names(labels: list[NDArray[np.int64]]) -> list[str]:
        return [str(number) for number in range(count_classes(*labels))]

    def _judge(
        self, archive: _Archive, path: Path, *, now: bool = False
    ) -> tuple[Described, list[tuple[str, str]], list[NDArray[np.int64]]]:
        """What checking and loading both judge the file by: its headers and its labels. Raises `DataError`."""
        pairs = self._pairs(archive, path)
        shapes, labels, total = [], [], 0
        for x, y in pairs:
            header, of_labels = archive.header(x), archive.header(y)
            # a view of one byte stands for the images, so that the rule for their axes is in one place
            stand_in = np.broadcast_to(np.zeros((), header.dtype), (*([1] if header.shape else []), *header.shape[1:]))
            if len(header.shape) == 2 or 0 in header.shape:
                stand_in = np.broadcast_to(np.zeros((), header.dtype), header.shape)
            _, height, width, channels = as_images(stand_in, f"{x} in {path}").shape
            must_be_labels(of_labels.shape, of_labels.dtype, f"{y} in {path}")
            if header.shape[0] != of_labels.shape[0]:
                raise DataError(f"{path} has {header.shape[0]} images in {x}, but {of_labels.shape[0]} labels in {y}.")
            total += header.shape[0]
            shapes.append((channels, height, width))
            must_fit(self, str(path), shapes[0], total, now=now)
            labels.append(as_labels(archive.array(y), f"{y} in {path}"))
        must_agree(self.file, shapes)
        test = labels[1] if len(labels) > 1 else None
        names = self._class_names(labels)
        return described(self, self.file, shapes[0], names, (labels[0], test)), pairs, labels

    def describe(self) -> Described:
        path = self._path()
        with _opened(path) as archive:
            return self._judge(archive, path)[0]

    def load(self) -> Dataset:
        path = self._path()
        with _opened(path) as archive:
            _, pairs, labels = self._judge(archive, path, now=True)
            stored = [
                Split(as_images(archive.array(x), f"{x} in {path}"), of_images)
                for (x, _), of_images in zip(pairs, labels, strict=True)
            ]
        splits = Splits(stored[0], stored[1] if len(stored) > 1 else None)
        return assemble(self, self.file, splits, self._class_names(labels))
