"""What goes over a run's socket: frames of JSON and raw arrays. Never pickle.

A frame is a u32 (big-endian): the length of what follows; a u16: the length of the JSON; the JSON; the arrays, one
after the other. The JSON is `{"version", "kind", "value", "arrays": [[name, dtype, shape], …]}`. In `value` an array is
`{"array": number}`. A value too long for the u16 is itself sent as an array of bytes, named `value`.

`encode` and `opened` turn any dataclass (see `records`) with arrays in it into a frame and back, by its annotations.
Whatever comes in, `opened`, `Frame.read` and `Splitter` raise `FrameError` and nothing else.
"""

from __future__ import annotations

import math
import struct
import typing
from typing import Any, NamedTuple, TypeVar

import numpy as np

from tuicnn.records import RecordError, dump_plain, from_plain, parse, to_plain

__all__ = ["ANSWER_LIMIT", "REQUEST_LIMIT", "VERSION", "Frame", "FrameError", "Splitter", "encode", "opened"]

VERSION = 3  # of the frames and of what they may hold
REQUEST_LIMIT = 256 << 10  # bytes of a frame that a viewer sends; an image of a person's own may be in it
ANSWER_LIMIT = 64 << 20  # bytes of a frame that a viewer is sent

_DTYPES = {"|u1": np.uint8, "<f4": np.float32, "<f8": np.float64, "<i8": np.int64}
T = TypeVar("T")


class FrameError(Exception):
    """Bytes that are no frame of ours, or a value that does not fit in one."""


class Splitter:
    """Cuts a stream of bytes into frames' payloads; holds at most one frame's length."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._bytes += data

    def next(self) -> bytes | None:
        """The next whole payload (without its u32), or None. Raises `FrameError` as soon as a length is too great."""
        if len(self._bytes) < 4:
            return None
        length = checked_length(bytes(self._bytes[:4]), self._limit)
        if len(self._bytes) < 4 + length:
            return None
        payload = bytes(self._bytes[4 : 4 + length])
        del self._bytes[: 4 + length]
        return payload


def checked_length(head: bytes, limit: int) -> int:
    """The length that a frame's first four bytes announce. Raises `FrameError` beyond `limit`."""
    if len(head) != 4:
        raise FrameError("a frame is cut off")
    length: int = struct.unpack(">I", head)[0]
    if not 2 <= length <= limit:
        raise FrameError(f"a frame of {length} bytes, where 2 to {limit} are allowed")
    return length


def encode(kind: str, value: Any, limit: int = ANSWER_LIMIT) -> bytes:
    """The whole frame of a dataclass, its u32 included. Raises `FrameError` where it would be too long."""
    arrays: list[np.ndarray[Any, Any]] = []
    described: list[list[Any]] = []  # name, dtype and shape of each

    def put(array: Any, name: str) -> dict[str, int]:
        if not isinstance(array, np.ndarray) or (dtype := array.dtype.newbyteorder("<")).str not in _DTYPES:
            raise FrameError(f"a {getattr(array, 'dtype', type(array))} does not go over the socket")
        arrays.append(np.asarray(array, dtype, order="C"))
        described.append([name, dtype.str, list(array.shape)])
        return {"array": len(arrays) - 1}

    def head(body: Any) -> bytes:
        return _json({"version": VERSION, "kind": kind, "value": body, "arrays": described})

    body = to_plain(value, put)
    text = head(body)
    if len(text) > 0xFFFF:
        text = head(put(np.frombuffer(_json(body), np.uint8), "value"))
    length = 2 + len(text) + sum(array.nbytes for array in arrays)
    if length > limit or len(text) > 0xFFFF:
        raise FrameError(f"a frame of {length} bytes, where at most {limit} are allowed")
    return b"".join((struct.pack(">IH", length, len(text)), text, *(array.tobytes() for array in arrays)))


def _json(value: Any) -> bytes:
    return dump_plain(value).encode(errors="replace")


class Frame(NamedTuple):
    """A payload whose JSON and arrays are taken apart; what it says is not checked yet."""

    kind: str
    value: Any
    arrays: list[np.ndarray[Any, Any]]

    def read(self, cls: type[T]) -> T:
        """The value, which must be a `cls`. Arrays are read-only. Raises `FrameError`."""

        def take(value: Any, wanted: Any) -> np.ndarray[Any, Any]:
            if typing.get_origin(wanted) is np.ndarray and isinstance(value, dict) and value.keys() == {"array"}:
                number, (scalar,) = value["array"], typing.get_args(typing.get_args(wanted)[1])
                if type(number) is int and 0 <= number < len(self.arrays):
                    array = self.arrays[number]
                    if array.dtype == np.dtype(scalar):
                        return array
            raise FrameError("a frame with something else in the place of an array")

        try:
            return from_plain(cls, self.value, take)
        except RecordError as error:
            raise FrameError(f"a frame whose value is not what was asked for: {error}") from error


def opened(payload: bytes) -> Frame:
    """A payload, taken apart. Raises `FrameError`."""
    if len(payload) < 2:
        raise FrameError("a frame is cut off")
    size: int = struct.unpack_from(">H", payload)[0]
    if len(payload) < 2 + size:
        raise FrameError("a frame is cut off in its JSON")
    head = _parsed(payload[2 : 2 + size])
    if not isinstance(head, dict) or head.keys() != {"version", "kind", "value", "arrays"}:
        raise FrameError("a frame without its head")
    version, kind, listed = head["version"], head["kind"], head["arrays"]
    if version != VERSION or isinstance(version, bool):
        raise FrameError(f"a frame of version {version!r:.20}, where this tuicnn speaks version {VERSION}")
    if not isinstance(kind, str) or not isinstance(listed, list):
        raise FrameError("a frame without its head")
    arrays, names, at = [], [], 2 + size
    for entry in listed:
        name, dtype, shape = _entry(entry)
        length = math.prod(shape) * dtype.itemsize
        if length > len(payload) - at:
            raise FrameError("a frame is cut off in its arrays")
        arrays.append(np.frombuffer(payload[at : at + length], dtype).reshape(shape))
        names.append(name)
        at += length
    if at != len(payload):
        raise FrameError("a frame with bytes that belong to nothing")
    value = head["value"]
    if names and names[-1] == "value" and value == {"array": len(arrays) - 1} and arrays[-1].dtype == np.uint8:
        value = _parsed(arrays.pop().tobytes())
    return Frame(kind, value, arrays)


def _parsed(text: bytes) -> Any:
    try:
        return parse(text)
    except RecordError as error:
        raise FrameError("a frame whose JSON is damaged") from error


def _entry(entry: Any) -> tuple[str, np.dtype[Any], list[int]]:
    match entry:
        case [str(name), str(dtype), [*shape]] if dtype in _DTYPES and len(shape) <= 8:
            if all(type(n) is int and 0 <= n <= ANSWER_LIMIT for n in shape):
                # a zero among the sizes makes any other size cost nothing: NumPy still refuses an enormous product
                if math.prod(max(n, 1) for n in shape) > ANSWER_LIMIT:
                    raise FrameError("a frame with an array that is too large")
                return name, np.dtype(dtype), shape
    raise FrameError("a frame with an array that is not described")
