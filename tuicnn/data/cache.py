"""What was made of files with much work, kept in the user's cache folder: decoded pictures, and what headers tell.

One `.npz` file for each source and each way to read it, not compressed, checked by its own CRC-32 when read. It is
named for the source's path, and holds a fingerprint of the sources' sizes and times of change: where that differs, it
is made anew. A cache that cannot be written, or is damaged, is ignored without a message: it only saves time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuicnn.lazy_numpy import np

from .places import cache_folder, reading
from .splits import Split, Splits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decoded_once", "kept"]

_VERSION = "3"  # of what is decoded and how it is ordered
_KEY = "key"
_SEPARATOR = b"\0"


def _fingerprint(sources: Sequence[Path]) -> str:
    """A hash of the sources' paths, sizes and times of change."""
    digest = hashlib.blake2b(_VERSION.encode(), digest_size=16)
    for path in sources:
        with reading(path):
            status = path.stat()
        digest.update(os.fsencode(f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0"))
    return digest.hexdigest()


def kept(
    name: str,
    place: Path,
    sources: Sequence[Path],
    make: Callable[[], Mapping[str, NDArray[Any]]],
    good: Callable[[Mapping[str, NDArray[Any]]], bool] = bool,
) -> Mapping[str, NDArray[Any]]:
    """The arrays that `make` makes of the files `sources` in `place`; from the cache where it made them before.

    `name` says what they are, and how they were made. What is not `good` is made anew.
    """
    key = _fingerprint(sources)
    where = hashlib.blake2b(os.fsencode(place.absolute()), digest_size=8).hexdigest()
    path = cache_folder() / "decoded" / f"{name}-{where}.npz"
    found: Mapping[str, NDArray[Any]] | None = _read(path, key)
    if found is None or not good(found):
        found = make()
        _write(path, key, found)
    return found


def decoded_once(name: str, place: Path, sources: Sequence[Path], decode: Callable[[], Splits]) -> Splits:
    """The images that `decode` makes of the files `sources` in `place`; from the cache where it made them before."""

    def good(found: Mapping[str, NDArray[Any]]) -> bool:
        parts = {name.partition("_")[0] for name in found if name.endswith("_images")}
        return "train" in parts and all(
            found[f"{part}_images"].dtype == np.uint8
            and found[f"{part}_images"].ndim == 4
            and found.get(f"{part}_labels", found["train_images"]).dtype == np.int64
            for part in parts
        )

    return _splits(kept(name, place, sources, lambda: _arrays(decode()), good))


def _arrays(splits: Splits) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"left_out": np.array(splits.left_out, np.str_)}
    for part, split in (("train", splits.train), ("test", splits.test), ("val", splits.val)):
        if split is not None:
            arrays |= {f"{part}_images": split.images, f"{part}_labels": split.labels}
            if split.files is not None:  # an array of texts is as wide as the longest of them
                arrays[f"{part}_files"] = np.frombuffer(_SEPARATOR.join(map(os.fsencode, split.files)), np.uint8)
    return arrays


def _splits(arrays: Mapping[str, NDArray[Any]]) -> Splits:
    def split(part: str) -> Split:
        files = arrays.get(f"{part}_files")
        names = None if files is None else np.array([*map(os.fsdecode, files.tobytes().split(_SEPARATOR))], np.str_)
        return Split(arrays[f"{part}_images"], arrays[f"{part}_labels"], names)

    train, test, val = (split(part) if f"{part}_images" in arrays else None for part in ("train", "test", "val"))
    assert train is not None
    return Splits(train, test, val, tuple(map(str, arrays["left_out"])))


def _read(path: Path, key: str) -> dict[str, NDArray[Any]] | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if str(arrays[_KEY]) != key:
                return None
            return {name: arrays[name] for name in arrays.files if name != _KEY}
    except Exception:  # whatever is wrong with it: it will be made anew
        return None


def _write(path: Path, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **{_KEY: np.array(key)}, **arrays)
        temporary.replace(path)
    except OSError:
        pass
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
