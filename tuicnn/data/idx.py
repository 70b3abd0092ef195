"""The IDX format of the MNIST family: a magic number, the axes, then the values, big-endian; gzipped or not.

    byte 0-1   0
    byte 2     type of the values (0x08: uint8, …)
    byte 3     number of axes
    4 bytes    length of each axis
    …          the values, the last axis fastest

Source: Yann LeCun's page of MNIST, yann.lecun.com/exdb/mnist.
"""

from __future__ import annotations

import hashlib
import math
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tuicnn.lazy_numpy import np

from .base import DataError
from .places import reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Checksum", "Header", "read_idx", "read_idx_header"]

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
#: deflate cannot make more than 1,032 bytes of one (zlib's "technical details")
_MOST_FROM_ONE_BYTE = 1032


class Checksum(NamedTuple):
    """SHA-256 in hex of a file as published (gzipped), and of what is in it."""

    gzipped: str
    plain: str


class Header(NamedTuple):
    """What the first bytes of an IDX file say: type, lengths of the axes, and how many bytes say it."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int

    @property
    def total(self) -> int:
        """Bytes of the whole file, not gzipped."""
        return self.size + math.prod(self.shape) * self.dtype.itemsize


def _parse_header(start: bytes, path: Path) -> Header:
    if len(start) < 4:
        raise DataError(f"{path} is cut short: it has {len(start)} bytes, fewer than an IDX file's header.")
    axes = start[3]
    if start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= axes <= 8:
        raise DataError(f"{path} is not an IDX file: it begins with {start[:4].hex(' ')}, not with 00 00 08 and so on.")
    size = 4 + 4 * axes
    if len(start) < size:
        raise DataError(f"{path} is cut short: its header has {len(start)} bytes of {size}.")
    shape = tuple(int.from_bytes(start[i : i + 4], "big") for i in range(4, size, 4))
    return Header(np.dtype(_TYPES[start[2]]), shape, size)


def _unzip(data: bytes, path: Path, at_most: int) -> bytes:
    """What is in gzipped data, but no more than `at_most` bytes of it."""
    parts: list[bytes] = []
    left = at_most
    while left > 0:
        stream = zlib.decompressobj(wbits=31)
        try:
            parts.append(stream.decompress(data, left))
        except zlib.error as error:
            raise DataError(f"{path} is damaged: it cannot be unzipped ({error}).") from None
        left -= len(parts[-1])
        if left > 0 and not stream.eof:
            raise DataError(f"{path} is cut short: the gzip data ends too early.")
        data = stream.unused_data.lstrip(b"\0")  # gzip files may be joined end to end, and padded
        if not data:
            break
    return b"".join(parts) if len(parts) > 1 else parts[0]


def read_idx_header(path: Path) -> Header:
    """Type and shape of an IDX file, from its first bytes alone. Raises `DataError`."""
    with reading(path), path.open("rb") as file:
        return _header_of(file.read(4096), path)


def _header_of(start: bytes, path: Path) -> Header:
    return _parse_header(_unzip(start, path, 36) if start.startswith(_GZIP) else start[:36], path)


def read_idx(path: Path, known: Checksum | None = None, name: str = "") -> NDArray[Any]:
    """The array in an IDX file (read-only). Raises `DataError`, which names the file and what is wrong with it.

    Where `known` is given, the file must be that file, gzipped by anyone or not at all; `name` says of what data set.
    """
    with reading(path), path.open("rb") as file:
        start = file.read(4096)
        header = _header_of(start, path)
        # of a file that is longer than its header says no more is read than shows it; gzip adds far less than it holds
        most = 2 * header.total + 2**20 if start.startswith(_GZIP) else header.total + 1
        size = min(most, os.fstat(file.fileno()).st_size)
        data = start + file.read(max(0, size - len(start)))
    trusted = known is not None and hashlib.sha256(data).hexdigest() in known
    if data.startswith(_GZIP):
        if header.total > _MOST_FROM_ONE_BYTE * len(data):
            raise DataError(f"{path} is cut short: {header.total} bytes cannot be unzipped from {len(data)}.")
        data = _unzip(data, path, header.total + 1)
    if len(data) != header.total:
        wrong = "is cut short" if len(data) < header.total else "is too long"
        have = "more" if len(data) > header.total else f"{len(data)}"
        shape = "x".join(map(str, header.shape))
        raise DataError(f"{path} {wrong}: {shape} values take {header.total} bytes, and it has {have}.")
    if known is not None and not trusted and hashlib.sha256(data).hexdigest() != known.plain:
        raise DataError(f"{path} is not the file of {name}: its SHA-256 differs. Get it anew.")
    return np.frombuffer(data, header.dtype, offset=header.size).reshape(header.shape)
