"""Dataclasses as plain data (what JSON holds) and back, refusing whatever does not fit.

A dataclass is an object, a tuple a list, an enum and a path a string, a float that is not finite null. A field that is
None, and None by default, is left out; on the way back a field that is missing has its default, and an unknown name is
ignored. `Annotated[int, Between(0, 9)]` says what a number may be. `Special` values, such as arrays, are
up to the caller. Imports nothing but the standard library: the command line uses it before NumPy is there.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

__all__ = ["Between", "RecordError", "dump", "dump_plain", "from_plain", "parse", "to_plain"]

T = TypeVar("T")
N = TypeVar("N", int, float)
#: `special(value, name)` gives plain data for a value of a field that is none; `special(value, wanted)` the reverse
Special = Callable[[Any, Any], Any]
_Reader = Callable[[Any, Special], Any]
_INT_LIMIT = 1 << 63  # integers lie between this and its negative


class RecordError(ValueError):
    """Bytes that are not JSON, or a value that does not fit."""


@dataclass(frozen=True)
class Between(Generic[N]):
    """Bounds of a number, both inclusive."""

    least: N
    most: N


def _refuse(value: Any, wanted: Any) -> NoReturn:
    raise RecordError(f"a {type(value).__name__} does not fit where {getattr(wanted, '__name__', wanted)} is wanted")


# --- writing --------------------------------------------------------------------------------------------------------


def dump(value: Any) -> str:
    """Strict JSON of plain data or a dataclass, on one line and without spaces. Raises `RecordError`."""
    return dump_plain(to_plain(value))


def dump_plain(plain: Any) -> str:
    """The same of what `to_plain` has given already."""
    return json.dumps(plain, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def to_plain(value: Any, special: Special = _refuse, name: str = "JSON") -> Any:
    """A value as plain data; `name` is that of its field. Raises `RecordError` for what has no such form."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple | list):
        return [to_plain(item, special, name) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        items = ((field, none, getattr(value, field)) for field, none in _fields(type(value)))
        return {field: to_plain(v, special, field) for field, none, v in items if v is not None or not none}
    if isinstance(value, Mapping):
        return {key: to_plain(item, special, str(key)) for key, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    if getattr(value, "ndim", None) == 0:  # one of NumPy's numbers
        return to_plain(value.item(), special, name)
    return special(value, name)


@cache
def _fields(cls: Any) -> tuple[tuple[str, bool], ...]:
    """A dataclass's fields, and whether they are None by default."""
    return tuple((field.name, field.default is None) for field in dataclasses.fields(cls))


# --- reading --------------------------------------------------------------------------------------------------------


def parse(data: bytes | bytearray | str) -> Any:
    """The value of strict JSON. Raises `RecordError`, also where it is nested too deeply or a number is enormous."""
    try:
        return _DECODER.decode(data if isinstance(data, str) else str(data, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecordError("it is not JSON") from error


def _constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_constant)


def from_plain(wanted: type[T], value: Any, special: Special = _refuse) -> T:
    """Plain data as a value of a dataclass or another annotation. Raises `RecordError` where it does not fit."""
    made: T = _reader(typing.cast(Any, wanted))(value, special)
    return made


@cache
def _reader(wanted: Any) -> _Reader:
    """What reads plain data as an annotation asks for."""
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Annotated:
        return _bounded(_reader(args[0]), *args[1:])
    if origin in (typing.Union, types.UnionType):
        (some,) = (arg for arg in args if arg is not types.NoneType)
        read_some = _reader(some)
        return lambda value, special: None if value is None else read_some(value, special)
    if origin is tuple:
        return _tuple(args)
    if origin is typing.Literal:
        return lambda value, _: value if isinstance(value, str) and value in args else _refuse(value, wanted)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        read_item = _reader(args[1])
        return lambda value, special: (
            {key: read_item(item, special) for key, item in value.items()}
            if isinstance(value, dict)
            else _refuse(value, wanted)
        )
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return _record(wanted)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        members = {member.value: member for member in wanted}
        return lambda value, _: (
            members[value] if isinstance(value, str) and value in members else _refuse(value, wanted)
        )
    return _PLAIN.get(wanted) or (lambda value, special: special(value, wanted))


def _record(wanted: type) -> _Reader:
    hints = typing.get_type_hints(wanted, include_extras=True)
    fields = [field for field in dataclasses.fields(wanted) if field.init]
    readers = {field.name: _reader(hints[field.name]) for field in fields}
    required = {f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING}

    def read(value: Any, special: Special) -> Any:
        if not isinstance(value, dict) or not required <= value.keys():
            _refuse(value, wanted)
        return wanted(**{name: readers[name](item, special) for name, item in value.items() if name in readers})

    return read


def _tuple(args: tuple[Any, ...]) -> _Reader:
    readers = [_reader(arg) for arg in args if arg is not ...]
    endless = len(readers) < len(args)

    def read(value: Any, special: Special) -> Any:
        if not isinstance(value, list) or not (endless or len(value) == len(readers)):
            _refuse(value, tuple)
        return tuple(r(item, special) for r, item in zip(readers * (len(value) if endless else 1), value, strict=True))

    return read


def _bounded(read: _Reader, bounds: Between[Any]) -> _Reader:
    def read_bounded(value: Any, special: Special) -> Any:
        number = read(value, special)
        known = number is not None and number == number  # NaN is not
        return number if not known or bounds.least <= number <= bounds.most else _refuse(value, bounds)

    return read_bounded


def _float(value: Any, _: Special) -> float:
    if value is None:
        return math.nan
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return float(value) if fits else _refuse(value, float)


def _int(value: Any, _: Special) -> int:
    return value if type(value) is int and -_INT_LIMIT <= value < _INT_LIMIT else _refuse(value, int)


def _path(value: Any, _: Special) -> Path:
    return Path(value) if isinstance(value, str) and "\0" not in value else _refuse(value, Path)


_PLAIN: dict[Any, _Reader] = {
    float: _float,
    int: _int,
    Path: _path,
    bool: lambda value, _: value if isinstance(value, bool) else _refuse(value, bool),
    str: lambda value, _: value if isinstance(value, str) else _refuse(value, str),
}
