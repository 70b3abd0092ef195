"""Decoded images, kept in the user's cache folder so that pictures are decoded once.

One `.npz` file for each source, not compressed, checked by its own CRC-32 when read. It is named for the source's path,
and holds a fingerprint of the source's size and time of change: where that differs, it is made anew. A cache that
cannot be written, or is damaged, is ignored without a message: it only saves time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tuicnn.lazy_numpy import np

from .places import cache_folder, reading
from .splits import Split, Splits

__all__ = ["decoded_once"]

_VERSION = "1"  # of what is decoded and how it is ordered


def _fingerprint(sources: Sequence[Path]) -> str:
    """A hash of the sources' paths, sizes and times of change."""
    digest = hashlib.blake2b(_VERSION.encode(), digest_size=16)
    for path in sources:
        with reading(path):
            status = path.stat()
        digest.update(os.fsencode(f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0"))
    return digest.hexdigest()


def decoded_once(name: str, place: Path, sources: Sequence[Path], decode: Callable[[], Splits]) -> Splits:
    """What `decode` makes of the files `sources` in `place`; from the cache where it has made it of them before."""
    key = _fingerprint(sources)
    where = hashlib.blake2b(os.fsencode(place.absolute()), digest_size=8).hexdigest()
    path = cache_folder() / "decoded" / f"{name}-{where}.npz"
    splits = _read(path, key)
    if splits is None:
        splits = decode()
        _write(path, key, splits)
    return splits


def _read(path: Path, key: str) -> Splits | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if str(arrays["key"]) != key:
                return None
            stored = [
                Split(arrays[f"{split}_images"], arrays[f"{split}_labels"])
                for split in ("train", "test")[: int(arrays["splits"])]
            ]
            val = Split(arrays["val_images"], arrays["val_labels"]) if "val_images" in arrays else None
    except Exception:  # whatever is wrong with it: it will be made anew
        return None
    for each in (*stored, *([val] if val is not None else [])):
        if each.images.dtype != np.uint8 or each.images.ndim != 4 or each.labels.dtype != np.int64:
            return None
    return Splits(stored[0], stored[1] if len(stored) > 1 else None, val) if stored else None


def _write(path: Path, key: str, splits: Splits) -> None:
    arrays = {"key": np.array(key), "splits": np.array(1 if splits.test is None else 2)}
    arrays |= {"train_images": splits.train.images, "train_labels": splits.train.labels}
    if splits.test is not None:
        arrays |= {"test_images": splits.test.images, "test_labels": splits.test.labels}
    if splits.val is not None:
        arrays |= {"val_images": splits.val.images, "val_labels": splits.val.labels}
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        temporary.replace(path)
    except OSError:
        pass
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
