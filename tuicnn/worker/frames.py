"""What goes over a run's socket: frames of JSON and raw arrays. Never pickle.

A frame is a u32 (big-endian): the length of what follows; a u16: the length of the JSON; the JSON; the arrays, one
after the other. The JSON is `{"version", "kind", "value", "arrays": [[name, dtype, shape], …]}`. In `value` a dataclass
is an object, a tuple a list, a float that is not finite null, an array `{"array": number}`. A value too long for the
u16 is itself sent as an array of bytes, named `value`.

`encode` and `decode` turn any dataclass of plain fields, tuples and arrays into a frame and back, by its annotations.
Whatever comes in, `decode` and `Splitter` raise `FrameError` and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
import math
import struct
import types
import typing
from enum import StrEnum
from functools import cache
from typing import Any, NoReturn, TypeVar

import numpy as np

from tuicnn.training.progress import jsonable

__all__ = ["ANSWER_LIMIT", "REQUEST_LIMIT", "VERSION", "FrameError", "Splitter", "decode", "encode", "kind_of"]

VERSION = 1
REQUEST_LIMIT = 64 << 10  # bytes of a frame that a viewer sends
ANSWER_LIMIT = 64 << 20  # bytes of a frame that a viewer is sent

_DTYPES = {"|u1": np.uint8, "<f4": np.float32, "<f8": np.float64, "<i8": np.int64}
_WHOLE_LIMIT = 1 << 63
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
    names: list[str] = []
    body = _plain(value, "", arrays, names)
    head: dict[str, Any] = {"version": VERSION, "kind": kind, "value": body, "arrays": _described(arrays, names)}
    text = _json(head)
    if len(text) > 0xFFFF:
        arrays.append(np.frombuffer(_json(body), np.uint8))
        names.append("value")
        text = _json(
            {"version": VERSION, "kind": kind, "value": {"array": len(arrays) - 1}, "arrays": _described(arrays, names)}
        )
    length = 2 + len(text) + sum(array.nbytes for array in arrays)
    if length > limit or len(text) > 0xFFFF:
        raise FrameError(f"a frame of {length} bytes, where at most {limit} are allowed")
    return b"".join((struct.pack(">IH", length, len(text)), text, *(array.tobytes() for array in arrays)))


def kind_of(payload: bytes) -> str:
    """What a payload says that it is. Raises `FrameError`."""
    kind: str = _open(payload)[0]
    return kind


def decode(payload: bytes, cls: type[T]) -> T:
    """The value of a payload, which must be a `cls`. Arrays are read-only. Raises `FrameError`."""
    _, value, arrays = _open(payload)
    made: T = _made(value, cls, arrays)
    return made


# --- writing --------------------------------------------------------------------------------------------------------


def _json(value: Any) -> bytes:
    return json.dumps(jsonable(value), allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "replace"
    )


def _described(arrays: list[np.ndarray[Any, Any]], names: list[str]) -> list[list[Any]]:
    return [[name, array.dtype.str, list(array.shape)] for name, array in zip(names, arrays, strict=True)]


def _plain(value: Any, name: str, arrays: list[np.ndarray[Any, Any]], names: list[str]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), f.name, arrays, names) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        array = np.asarray(value, value.dtype.newbyteorder("<"), order="C")
        if array.dtype.str not in _DTYPES:
            raise FrameError(f"an array of {value.dtype} does not go over the socket")
        arrays.append(array)
        names.append(name)
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple | list):
        return [_plain(item, name, arrays, names) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise FrameError(f"a {type(value).__name__} does not go over the socket")


# --- reading --------------------------------------------------------------------------------------------------------


def _open(payload: bytes) -> tuple[str, Any, list[np.ndarray[Any, Any]]]:
    """The kind, the JSON value and the arrays of a payload. Raises `FrameError`."""
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
    return kind, value, arrays


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FrameError("a frame whose JSON is damaged") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _entry(entry: Any) -> tuple[str, np.dtype[Any], list[int]]:
    match entry:
        case [str(name), str(dtype), [*shape]] if dtype in _DTYPES and len(shape) <= 8:
            if all(type(n) is int and 0 <= n <= ANSWER_LIMIT for n in shape):
                # a zero among the sizes makes any other size cost nothing: NumPy still refuses an enormous product
                if math.prod(max(n, 1) for n in shape) > ANSWER_LIMIT:
                    raise FrameError("a frame with an array that is too large")
                return name, np.dtype(dtype), shape
    raise FrameError("a frame with an array that is not described")


@cache
def _annotations(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


def _made(value: Any, wanted: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """A JSON value as what an annotation asks for. Raises `FrameError`."""
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        (wanted,) = (a for a in args if a is not type(None))
        return _made(value, wanted, arrays)
    if origin is tuple and isinstance(value, list):
        kinds = [args[0]] * len(value) if args[1:] == (...,) else list(args)
        if len(kinds) == len(value):
            return tuple(_made(item, kind, arrays) for item, kind in zip(value, kinds, strict=True))
    elif origin is np.ndarray:
        if isinstance(value, dict) and value.keys() == {"array"}:
            number = value["array"]
            if type(number) is int and 0 <= number < len(arrays):
                scalar = typing.get_args(args[1])[0]
                if arrays[number].dtype == np.dtype(scalar):
                    return arrays[number]
    elif origin is typing.Literal:
        if isinstance(value, str) and value in args:
            return value
    elif isinstance(wanted, type):
        return _made_plain(value, wanted, arrays)
    raise FrameError("a frame whose value is not what was asked for")


def _made_plain(value: Any, wanted: type, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if dataclasses.is_dataclass(wanted):
        fields = _annotations(wanted)
        if isinstance(value, dict) and value.keys() == fields.keys():
            return wanted(**{name: _made(value[name], kind, arrays) for name, kind in fields.items()})
    elif wanted is float:
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308:
            return float(value)
    elif wanted is int:
        if type(value) is int and -_WHOLE_LIMIT <= value < _WHOLE_LIMIT:
            return value
    elif wanted is bool or wanted is str:
        if type(value) is wanted:
            return value
    elif issubclass(wanted, StrEnum) and isinstance(value, str) and value in {member.value for member in wanted}:
        return wanted(value)
    raise FrameError("a frame whose value is not what was asked for")
