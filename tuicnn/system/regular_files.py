"""Opens and reads regular files only, in folders where others may have put something else in their place.

So a pipe cannot block, a device cannot be read without end, a link leads nowhere else, and a file is not larger than a
limit. Imports nothing but the standard library: the command line uses it before NumPy is imported.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["open_regular", "read_regular"]

_CHUNK = 1 << 20  # bytes


def open_regular(path: Path, flags: int = os.O_RDONLY, *, follow: bool = False) -> int:
    """A descriptor of a regular file, opened without waiting; children do not inherit it. Made with mode 0600.

    `follow`: a symbolic link is followed. Raises `OSError`: `EISDIR` for a folder, `ELOOP` for a link, `ENXIO` for
    whatever else is no regular file.
    """
    flags |= os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags, 0o600)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            number = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO  # as the system says of a socket
            raise OSError(number, "it is not a regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: Path, at_most: int) -> bytearray:
    """The bytes of a regular file. Raises `OSError` as `open_regular`, and where there are more than `at_most`."""
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        data = bytearray()
        # a file may grow, and those of /proc do not tell their size
        while size <= at_most and (chunk := os.read(descriptor, min(_CHUNK, at_most + 1 - len(data)))):
            data += chunk
            size = len(data)
    finally:
        os.close(descriptor)
    if size > at_most:
        raise OSError(f"it has more than {at_most:,} bytes")
    return data
