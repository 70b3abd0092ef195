"""A dataclass comes back from JSON as it was, and nothing that stands there in its place does harm."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicnn.records import Between, RecordError, dump, from_plain, parse, to_plain


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    count: Annotated[int, Between(0, 99)]
    share: Annotated[float, Between(0, 1)] = math.nan


@dataclass(frozen=True)
class Record:
    text: str
    inner: Inner
    number: int = 0
    flag: bool = False
    rate: float = 0.0
    colour: Colour = Colour.RED
    choice: Literal["pause", "stop"] = "stop"
    pair: tuple[int, str] = (0, "")
    many: tuple[Inner, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    place: Path | None = None
    nothing: int | None = 7


inners = st.builds(Inner, st.integers(0, 99), st.floats(0, 1))
records = st.builds(
    Record,
    text=st.text(),
    inner=inners,
    number=st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    rate=st.floats(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    choice=st.sampled_from(["pause", "stop"]),
    pair=st.tuples(st.integers(-9, 9), st.text()),
    many=st.lists(inners, max_size=3).map(tuple),
    names=st.dictionaries(st.text(), st.text(), max_size=3),
    place=st.none() | st.just(Path("/a/b\udcff")),
    nothing=st.none() | st.integers(-9, 9),
)
RECORD = Record("a", Inner(1, 0.5))
PLAIN: dict[str, Any] = to_plain(RECORD)


@given(records)
def test_a_record_survives(record: Record) -> None:
    assert from_plain(Record, parse(dump(record).encode(errors="backslashreplace"))) == record


def test_what_is_not_finite_is_not_known() -> None:
    assert to_plain([math.inf, -math.inf, math.nan, np.float32(math.nan)]) == [None] * 4
    assert math.isnan(from_plain(Inner, {"count": 1, "share": None}).share)


def test_none_is_left_out_only_where_it_is_the_default() -> None:
    assert "place" not in PLAIN
    assert to_plain(replace(RECORD, nothing=None))["nothing"] is None


def test_numbers_of_numpy_are_numbers() -> None:
    assert dump({"a": np.int64(3), "b": np.float64(0.5), "c": np.bool_(True)}) == '{"a":3,"b":0.5,"c":true}'


def test_a_missing_field_has_its_default_and_an_unknown_name_is_passed_over() -> None:
    assert from_plain(Record, {"text": "a", "inner": {"count": 1, "share": 0.5}, "colour_of": 3}) == RECORD
    with pytest.raises(RecordError):
        from_plain(Record, {"text": "a"})


MISFITS: dict[str, list[Any]] = {
    "number": [True, 1.0, 2**63, "1", None, [1]],
    "rate": [True, "1", 10**400, {}],
    "flag": [0, "true", None],
    "text": [1, None, ["a"]],
    "inner": [{"count": -1}, {"count": 100}, {"count": 1, "share": 1.5}, [1], None],
    "pair": [[1], [1, "a", "b"], ["a", 1], "ab"],
    "many": [{}, [[]], [1]],
    "colour": ["green", 1, ["red"], {}],
    "choice": ["go", 1, ["stop"]],
    "names": [{"a": 1}, [], "a"],
    "place": [1, "a\0b"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MISFITS.items() for value in values])
def test_what_does_not_fit_is_refused(name: str, value: Any) -> None:
    with pytest.raises(RecordError):
        from_plain(Record, {**PLAIN, name: value})


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(plain, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4))


@given(st.dictionaries(st.sampled_from(list(PLAIN)), values, max_size=4))
def test_any_value_is_refused_or_fits(changes: dict[str, Any]) -> None:
    with contextlib.suppress(RecordError):
        dump(from_plain(Record, {**PLAIN, **changes}))


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_json(data: bytes) -> None:
    with contextlib.suppress(RecordError):
        dump(parse(data))


@pytest.mark.parametrize("text", [b"[" * 60_000, b"1" * 6_000, b"NaN", b"[Infinity]", b"\xff", b""])
def test_clever_bytes_are_refused(text: bytes) -> None:
    with pytest.raises(RecordError):
        parse(text)


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(RecordError, match="a ndarray does not fit where maps is wanted"):
        to_plain({"maps": np.zeros(3)})
