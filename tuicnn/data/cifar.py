"""`data: cifar10`: the binary version as published, or pictures in class folders, each of them also inside a tar file.

The binary version (Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html): records of one label and 3x32x32 values. The
Python version holds pickles, which can run any code when read; it is never opened.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Self

from tuicnn.lazy_numpy import np
from tuicnn.vocabulary import word

from .base import DataError
from .cache import decoded_once
from .decoding import Picture, decode_all
from .fetching import PART, Download
from .fitting import Fitting
from .pictures import SUFFIXES, ImageShape, list_classes, must_be_classes
from .places import looked_in, places, reading
from .published import Published, how_to_fetch
from .reading_progress import reading_progress
from .splits import Split, Splits

__all__ = ["Cifar10"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin")
SHAPE = ImageShape(3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
#: no honest file in such a tar is larger (a batch as published has 30,730,000 bytes)
_LARGEST_BATCH = 64 * 2**20
_LARGEST_PICTURE = 2**20
_LARGEST_TOTAL = 2**29
_PICKLES = "is the Python version of CIFAR-10, which is made of pickles and not opened"


def _records(data: bytes, name: str) -> Split:
    """The images of one `.bin` file."""
    if not data or len(data) % _RECORD:
        raise DataError(
            f"{name} is cut short or damaged: {len(data)} bytes are not a whole number of {_RECORD}-byte images."
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    if records[:, 0].max() > 9:
        raise DataError(f"{name} is not of CIFAR-10: it has the label {records[:, 0].max()}.")
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(images), records[:, 0].astype(np.int64))


def _from_batches(batches: dict[str, bytes], place: Path) -> Splits:
    stored = []
    for name in BATCHES:
        if name not in batches:
            raise DataError(f"{place} has no {name}; get cifar-10-binary.tar.gz anew.")
        stored.append(_records(batches[name], f"{name} in {place}"))
    train = Split(np.concatenate([s.images for s in stored[:5]]), np.concatenate([s.labels for s in stored[:5]]))
    return Splits(train, stored[5])


def _from_pictures(pictures: dict[str, list[tuple[str, str, bytes]]], place: Path) -> Splits:
    def stored(split: str) -> Split:
        found = sorted(pictures.get(split, []))
        if not found:
            raise DataError(f"{place} has no pictures in {split}/CLASS/.")
        return _decoded(
            [
                Picture(f"{split}/{c}/{n} in {place}", CLASSES.index(c), len(data), partial(bytes, data))
                for c, n, data in found
            ]
        )

    reading_progress().begin(sum(map(len, pictures.values())))
    return Splits(stored("train"), stored("test"))


def _from_folders(folder: Path) -> Splits:
    """From pictures in `train/CLASS/` and `test/CLASS/`. Raises `DataError`."""
    found = {split: list_classes(folder / split).pictures for split in ("train", "test")}
    for split, classes in found.items():
        if not classes:
            raise DataError(f"{folder} has no pictures in {split}/CLASS/.")
        must_be_classes(folder / split, classes, CLASSES)
    every = [path for classes in found.values() for paths in classes.values() for path in paths]

    def stored(split: str) -> Split:
        return _decoded(
            [
                Picture(str(path), CLASSES.index(name), path.stat().st_size, path.read_bytes)
                for name, paths in found[split].items()
                for path in paths
            ]
        )

    def decode() -> Splits:
        reading_progress().begin(len(every))
        return Splits(stored("train"), stored("test"))

    return decoded_once("cifar10", folder, every, decode)


def _decoded(pictures: Sequence[Picture]) -> Split:
    split, problems = decode_all(pictures, Fitting(SHAPE), SHAPE)
    if problems:
        raise DataError(problems[0])
    return split


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    """Turn what a damaged tar file raises into a `DataError`."""
    try:
        with reading(path):
            yield
    except (tarfile.TarError, zlib.error, LZMAError, EOFError, ValueError, OverflowError) as error:
        raise DataError(f"{path} is damaged: {error or type(error).__name__}. Get it anew.") from None


class _Member(tarfile.TarInfo):
    """A member that must be followed by another one or by the mark of the end, a block of zeros.

    Python's reader takes whatever else comes after the first member for the end, and so a file that was cut, or has one
    altered byte, for one with fewer pictures.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError:
            if len(buf) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("it is cut short") from None
            if any(buf):
                raise tarfile.ReadError("one of the files in it has no readable name and size") from None
            raise


def _members(path: Path) -> Iterator[tuple[PurePosixPath, int, IO[bytes] | None]]:
    """The files in a tar, whatever compresses it, as a stream: nothing is unpacked to disk."""
    with tarfile.open(path, mode="r|*", tarinfo=_Member) as tar:
        for member in tar:
            if member.isfile():
                yield PurePosixPath(member.name), member.size, tar.extractfile(member)


def _read_tar(path: Path) -> Splits:
    batches: dict[str, bytes] = {}
    pictures: dict[str, list[tuple[str, str, bytes]]] = {}
    total = 0
    with _unpacking(path):
        for name, size, file in _members(path):
            split, kind = (name.parts[-3], name.parts[-2]) if len(name.parts) >= 3 else ("", "")
            picture = split in ("train", "test") and kind in CLASSES and name.suffix.lower() in SUFFIXES
            if name.name == "data_batch_1":
                raise DataError(f"{path} {_PICKLES}; get cifar-10-binary.tar.gz from cs.toronto.edu/~kriz/cifar.html.")
            if file is None or not (picture or name.name in BATCHES):
                continue
            if size > (_LARGEST_PICTURE if picture else _LARGEST_BATCH):
                raise DataError(f"{path} is not CIFAR-10: {name} has {size} bytes.")
            total += size
            if total > _LARGEST_TOTAL:
                raise DataError(f"{path} is not CIFAR-10: it has more than {_LARGEST_TOTAL} bytes of pictures.")
            data = file.read()
            if len(data) != size:
                raise DataError(f"{path} is cut short: {name} has {len(data)} bytes of {size}.")
            if picture:
                pictures.setdefault(split, []).append((kind, name.name, data))
            else:
                batches[name.name] = data
    if batches:
        return _from_batches(batches, path)
    if pictures:
        return _from_pictures(pictures, path)
    raise DataError(f"{path} has neither data_batch_1.bin nor pictures in train/airplane/ and so on.")


def _tars(folder: Path) -> Sequence[Path]:
    """Tar files that may hold CIFAR-10, the one as published first."""
    try:
        found = [p for p in folder.iterdir() if p.is_file() and _is_tar(p.name.lower())]
    except OSError:
        return ()
    return sorted(found, key=lambda path: (path.name != "cifar-10-binary.tar.gz", path.name))


def _is_tar(name: str) -> bool:
    if name.endswith(PART):
        return False
    return name.startswith(("cifar10", "cifar-10")) and (".tar" in name or name.endswith((".tgz", ".txz")))


@dataclass(frozen=True)
class _Source:
    """CIFAR-10 as it was found: `kind` is batches, pictures or tar."""

    kind: str
    path: Path

    def read(self) -> Splits:
        if self.kind == "tar":
            return decoded_once("cifar10", self.path, [self.path], lambda: _read_tar(self.path))
        if self.kind == "pictures":
            return _from_folders(self.path)
        batches = {}
        for name in BATCHES:
            path = self.path / name
            if path.is_file():
                with reading(path):
                    batches[name] = path.read_bytes()
        return _from_batches(batches, self.path)


def _sources(folders: Iterable[Path]) -> Iterator[_Source]:
    """Every form of CIFAR-10 in these folders, the quickest to read first; the Python version too, to name it."""
    for folder in folders:
        for place in (folder / "cifar-10-batches-bin", folder):
            if (place / BATCHES[0]).is_file():
                yield _Source("batches", place)
        if (folder / "train" / CLASSES[0]).is_dir() and (folder / "test" / CLASSES[0]).is_dir():
            yield _Source("pictures", folder)
        for tar in _tars(folder):
            yield _Source("pickles" if "python" in tar.name else "tar", tar)
        if (folder / "cifar-10-batches-py").is_dir():
            yield _Source("pickles", folder / "cifar-10-batches-py")


@word(
    "data",
    "cifar10",
    help="photographs of ten kinds of things, 3x32x32: 50,000 to train on, 10,000 to test (fetched once)",
)
@dataclass(frozen=True)
class Cifar10(Published):
    """CIFAR-10 (Krizhevsky 2009)."""

    shape, class_names, images = SHAPE, CLASSES, 50_000
    download = Download(
        "cifar10",
        "https://www.cs.toronto.edu/~kriz/",
        {
            "cifar-10-binary.tar.gz": (
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            )
        },
    )

    def find(self) -> None:
        self._locate()

    def _locate(self) -> _Source:
        pickles = None
        for source in _sources(places("cifar10")):
            if source.kind != "pickles":
                return source
            pickles = pickles or source
        advice = (
            f"put cifar-10-binary.tar.gz (from cs.toronto.edu/~kriz/cifar.html) into {places('cifar10')[-2]}, "
            "as it is or unpacked, or set TUICNN_DATA to a folder that has it."
        )
        if pickles is not None:
            raise DataError(f"{pickles.path} {_PICKLES}; {advice}")
        raise DataError(
            f"CIFAR-10 is not here (looked in {looked_in('cifar10')}): {how_to_fetch(self.download)}{advice}"
        )

    def read(self) -> Splits:
        return self._locate().read()
