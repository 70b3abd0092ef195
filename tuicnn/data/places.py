"""Where data sets are searched on this machine, and how a path in a `.net` file is resolved."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from .base import DataError, MissingDataError

__all__ = ["FILE_WORDS", "cache_folder", "looked_in", "places", "reading", "resolve", "word_for"]

#: the word of the language for a file, by the ending of its name
FILE_WORDS = {".npz": "npz", ".csv": "csv"}


def cache_folder() -> Path:
    """The user's cache folder for tuicnn, which need not exist yet."""
    return platformdirs.user_cache_path("tuicnn")


def places(name: str) -> list[Path]:
    """Folders that may hold a data set, in the order they are tried: `$TUICNN_DATA`, the user's cache folder.

    In each of the two, a folder with the data set's name comes before the folder itself.
    """
    given = os.environ.get("TUICNN_DATA", "")
    roots = ([Path(given).expanduser()] if given else []) + [cache_folder()]
    return [place for root in roots for place in (root / name, root)]


def looked_in(name: str) -> str:
    """The folders of `places` for a sentence: `$TUICNN_DATA (/data) and /home/ann/.cache/tuicnn`."""
    given = os.environ.get("TUICNN_DATA", "")
    return (f"$TUICNN_DATA ({given}) and " if given else "") + str(cache_folder() / name)


def resolve(path: str, bases: Sequence[str], what: str = "folder") -> Path:
    """The file or folder that `path` names: in the first of the folders `bases` that has it; in the working folder
    where there are none. Raises `DataError` where none has it, naming where it was looked for.
    """
    try:
        wanted = Path(path).expanduser()
    except RuntimeError:  # ~nobody
        wanted = Path(path)
    tried = [(Path(folder) / wanted).absolute() for folder in (bases if bases and not wanted.is_absolute() else [""])]
    for candidate in tried:
        try:
            found = candidate.is_dir() if what == "folder" else candidate.is_file()
        except (OSError, ValueError):
            found = False
        if found:
            return candidate
    where = " and ".join(dict.fromkeys(str(candidate.parent) for candidate in tried))
    raise MissingDataError(f'There is no {what} "{wanted.name}" in {where}.')


def word_for(path: Path) -> str:
    """The word of the language for a file or a folder of a person's own: npz, csv, idx or folder."""
    if (word := FILE_WORDS.get(path.suffix.lower())) is not None and not path.is_dir():
        return word
    return "idx" if any(path.glob("train-images*")) else "folder"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn `OSError` and `MemoryError` while a file is read into a `DataError`.

    A pipe or a device is refused before it is opened: reading it may never end.
    """
    try:
        _must_end(path)
        yield
    except OSError as error:
        raise DataError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except MemoryError:
        raise DataError(f"{path} does not fit in this machine's memory.") from None


def _must_end(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # not there, or the name of a file inside an archive: reading it reports that
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{path} is a pipe or a device, not a regular file: put a copy of the data there.")
