"""Atomic writing of files, and the reasons of system errors in words.

Imports nothing but the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from pathlib import Path

__all__ = [
    "TEMPORARY", "is_temporary", "remove_temporary", "unshare", "why", "why_unwritten", "write_all",
    "write_atomic", "write_over", "write_shared",
]  # fmt: skip

#: the prefix of temporary files, by which a run's folder recognises its own
TEMPORARY = ".tmp-"
_TEMPORARY = re.compile(re.escape(TEMPORARY) + r"(room|.+-[0-9a-f]{8})", re.DOTALL)

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota on this disk is used up",
    errno.EFBIG: "the file would be larger than the system allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "you have no permission",
    errno.EPERM: "you have no permission",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "part of the path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "it is a symbolic link",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EMFILE: "too many files are open",
    errno.ENXIO: "it is not a regular file",
    errno.EIO: "the disk reports an error",
}


def why(error: OSError) -> str:
    """The reason of a system error in plain words: `the disk is full`."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or str(error) or type(error).__name__).lower()


def why_unwritten(path: Path, error: OSError) -> str:
    """The reason why a file cannot be written, in plain words: as `why`, but a folder that is not there is named."""
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return f"there is no folder {path.parent}; make it first"
    return why(error)


def is_temporary(name: str) -> bool:
    """Whether a file in a run's folder is one that was still being written."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_temporary(folder: Path) -> None:
    """Remove temporary files that a killed process left in a folder; the caller holds its lock. Follows no link."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            for name in filter(is_temporary, os.listdir(opened)):  # noqa: PTH208 - by descriptor
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=opened)
        finally:
            os.close(opened)


def unshare(path: Path) -> None:
    """Give a file that has other names, hard links, a copy of its own, for whoever appends to it. Raises `OSError`."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISREG((status := path.lstat()).st_mode) and status.st_nlink > 1:
            write_atomic(path, path.read_bytes())


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write all of `data`, however many calls it takes. Raises `OSError`."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_atomic(path: Path, data: bytes | bytearray, mode: int = 0o600) -> None:
    """Write `data` to `path` atomically: a reader sees the old file or the new one, also after a power cut.

    Raises `OSError`, with the old file in place and no temporary file left.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(descriptor, data)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_shared(path: Path, data: bytes | bytearray) -> None:
    """Write a file that others may read, as the user's umask allows: as `write_atomic` else. Raises `OSError`."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    mask = os.umask(0)
    os.umask(mask)
    write_atomic(path, data, 0o666 & ~mask)


def write_over(path: Path, data: bytes | bytearray) -> None:
    """Replace an existing regular file atomically: a link stays a link, permissions are kept. Raises `OSError`."""
    path = path.resolve(strict=True)
    if not path.is_file():
        raise OSError(errno.EISDIR if path.is_dir() else errno.ENXIO, "it is not a regular file", str(path))
    if not os.access(path, os.W_OK):  # replacing it needs write access to the folder only
        raise PermissionError("it is read-only for you")
    write_atomic(path, data, stat.S_IMODE(path.stat().st_mode))
