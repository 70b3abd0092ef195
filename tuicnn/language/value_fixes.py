"""The text to write in the place of a value that an argument does not take: the nearest one that it does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from tuicnn import vocabulary as v
from tuicnn.language.elsewhere import FALSE_WORDS, NUMBER_WORDS, TRUE_WORDS
from tuicnn.language.suggest import aliases, closest
from tuicnn.vocabulary import Call, Kind, Size, Time, Word, info, words

__all__ = ["example_value", "nearest_accepted", "number_word"]

#: values of options that help out where the default is no help
_USUAL = {
    "lr": "0.001",
    "share": "0.5",
    "smoothing": "0.1",
    "momentum": "0.9",
    "limit": "1000",
    "val": "1000",
    "shift": "2",
    "ema": "0.999",
    "lookahead": "5",
    "mixup": "0.2",
    "cutmix": "1",
    "size": "64x64",
}


def number_word(text: str) -> int | None:
    """`ten` as 10."""
    plain = text.casefold()
    return NUMBER_WORDS.index(plain) if plain in NUMBER_WORDS else None


def example_value(cls: type, own: words.Argument) -> str:
    """A value that an argument takes, as text: from the word's own example, its default, or what is usual."""
    return _examples(cls)[own.name]


@cache
def _examples(cls: type) -> dict[str, str]:
    return {own.name: _example(cls, own) for own in words.arguments(cls)}


def _example(cls: type, own: words.Argument) -> str:
    example = info(cls).example.removeprefix(f"{info(cls).name} ").split()
    places = dict(zip((a.name for a in words.arguments(cls) if a.positional), example, strict=False))
    if "=" not in places.get(own.name, "="):
        return places[own.name]
    if own.name in _USUAL:
        return _USUAL[own.name]
    if isinstance(own.kind, v.Padding):
        return "same"
    if (shown := re.search(rf"\b{own.name}=(\[[^]]*\]|\S+)", info(cls).example)) is not None:
        return shown[1]
    if own.default is not words.MISSING and own.default is not None:
        return own.kind.show(own.default)
    if isinstance(own.kind, v.Choice):
        return own.kind.words[0]
    if isinstance(own.kind, v.Text):
        return '"test.csv"'
    return "[0, 1]" if isinstance(own.kind, v.ListOf) else "1"


def nearest_accepted(cls: type, own: words.Argument, value: Any) -> str:
    """v.Text of a value near `value` that the argument takes; an example of one where none is near."""
    for candidate in _candidates(own.kind, value):
        try:
            return own.kind.show(own.kind.accept(candidate))
        except (v.UnsuitableError, TypeError, ValueError, OverflowError):
            continue
    return example_value(cls, own)


def _candidates(kind: Kind, value: Any) -> list[Any]:
    if isinstance(value, str) and not isinstance(value, Word) and not isinstance(kind, v.Text):
        inner = _read(value)
        return [inner, *_candidates(kind, inner)] if inner is not None else []
    if isinstance(kind, v.Boolean):
        text = str(value).casefold()
        if text in TRUE_WORDS or value == 1:
            return [True]
        near = closest(text, kind.words)
        return [False] if text in FALSE_WORDS or value == 0 else [Word(near)] if near in kind.also else []
    for own, candidates in _BY_KIND.items():
        if isinstance(kind, own):
            return candidates(kind, value)
    if isinstance(kind, v.Text):
        return [str(value)] if isinstance(value, Word) else []
    if isinstance(value, Word):
        near = closest(value, kind.words)
        number = number_word(value)
        return [Word(near)] if near else [number] if number is not None else []
    if isinstance(kind, v.SizeKind | v.Padding):
        return _of_size(kind, value)
    return _of_number(kind, value)


def _read(text: str) -> Any:
    text = text.strip()
    time = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh])", text)
    if time:
        return Time(float(time[1]), time[2])
    if re.fullmatch(r"-?[0-9]{1,9}", text):
        return int(text)
    if re.fullmatch(r"[0-9]{1,6}([xX×][0-9]{1,6})+", text):
        return Size(int(n) for n in re.split("[xX×]", text))
    try:
        return float(text)
    except ValueError:
        return Word(text) if re.fullmatch(r"\w[\w-]*", text) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _of_number(kind: Kind, value: Any) -> list[Any]:
    value = value[0] if isinstance(value, Size | list) and value else value
    if not _is_number(value):
        return []
    if isinstance(kind, v.Number):
        small = (kind.below == 1 or kind.at_most == 1) and 5 <= value <= 100
        return [value, *([value / 100] if small else []), *([-value] if value else [])]
    if 0 < abs(value) < 1:
        return []  # a share, of something that is counted here
    rounded = round(value)
    out = [rounded, abs(rounded)] if rounded else []
    return [*out, max(kind.at_least, min(kind.at_most, rounded)), kind.at_least] if isinstance(kind, v.Integer) else out


def _of_duration(kind: v.Duration, value: Any) -> list[Any]:
    if value in (False, 0, *FALSE_WORDS) or str(value).casefold() in FALSE_WORDS or getattr(value, "seconds", 1) == 0:
        return [Word("off")]
    seconds = value.seconds if isinstance(value, Time) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or abs(seconds) > 10**9:
        return [Time.of(kind.at_most)] if isinstance(value, Time) else []
    return [value, Time.of(abs(seconds)), Time.of(max(kind.at_least, min(kind.at_most, abs(seconds))))]


def _of_size(kind: Kind, value: Any) -> list[Any]:
    axes = kind.axes if isinstance(kind, v.SizeKind) else 2
    if _is_number(value) and abs(value) <= 10**9:
        n = abs(round(value))
        sides = {c: math.isqrt(n // c) for c in (1, 3)}
        images = [Size((c, side, side)) for c, side in sides.items() if n == c * side * side]
        return images if axes == 3 else [Size((n, n)), Size((1, 1))]
    if not isinstance(value, Size | list) or not all(isinstance(n, int | float) for n in value):
        return []
    axis = [max(0, abs(round(n))) if math.isfinite(n) else 1 for n in value]
    if axes == 3:
        if len(axis) == 3 and axis[2] in (1, 3, 4) and axis[0] not in (1, 3, 4):
            return [Size((axis[2], axis[0], axis[1]))]
        return [Size((1, *axis))] if len(axis) == 2 else [Size(axis)]
    axis = (axis * 2)[-2:]
    return [Size(axis), Size(max(1, n) for n in axis)]


def _of_choice(kind: v.Choice, value: Any) -> list[Any]:
    text = str(value)
    if value is True or text.casefold() in TRUE_WORDS:
        return [Word(next((w for w in kind.words if w != "none"), kind.words[0]))]
    if value is False or text.casefold() in FALSE_WORDS:
        return [Word("none")]
    short = next((w for w in kind.words if text and w.startswith(text.casefold())), None)
    return [Word(near)] if (near := short or closest(text, kind.words)) else []


def _of_made(kind: v.ObjectOf, value: Any) -> list[Any]:
    name = value.name if isinstance(value, Call) else str(value) if isinstance(value, Word) else ""
    near = closest(name, kind.words, aliases(kind.vocabulary))
    if near is None:
        return []
    about = info(v.vocabulary(kind.vocabulary)[near])
    example = re.fullmatch(r"\w+\((.*)\)", about.example)
    given = [*value.positional, *value.named.values()] if isinstance(value, Call) and example else []
    found = [abs(number) for number in given if _is_number(number)][:1] + ([_read(example[1])] if example else [])
    return [*(Call(near, (number,)) for number in found), Word(near)]


def _of_list(kind: v.ListOf, value: Any) -> list[Any]:
    if isinstance(value, Size):
        value = list(value)
    items = list(dict.fromkeys(value)) if isinstance(value, list) else [value]
    first = items[0] if items else 0
    out: list[Any] = [items, [next(iter(_candidates(kind.item, item)), item) for item in items]]
    if kind.at_least > 1 and isinstance(first, int) and len(items) == 1:
        out.append(list(range(first)) if 2 <= first <= 20 and not isinstance(value, list) else [0, max(1, first)])
    return out


_BY_KIND: dict[type[Kind], Callable[..., list[Any]]] = {
    v.Choice: _of_choice,
    v.Duration: _of_duration,
    v.ObjectOf: _of_made,
    v.ListOf: _of_list,
}
