"""The variants of a sweep: what `--set NAME=VALUES` says, and every combination of the values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import product

from tuicnn.errors import UserError

__all__ = ["MOST_VARIANTS", "label_of", "values_of", "variants_of"]

#: of a sweep: each is checked before any is trained
MOST_VARIANTS = 10_000
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
#: `1e-3..1e-1:log:5`, `8..64:4`, `1..5`
_RANGE = re.compile(rf"(?P<first>{_NUMBER})\.\.(?P<last>{_NUMBER})(?P<log>:log)?(?::(?P<count>\d+))?")
_WHOLE = re.compile(r"[+-]?\d+")
_OPEN, _CLOSE = "([{", ")]}"


def variants_of(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Every combination of the values of some names, the last name's changing fastest. Raises `UserError`."""
    axes = {name: values_of(name, text) for name, text in given.items()}
    count = math.prod(map(len, axes.values()))
    if count > MOST_VARIANTS:
        raise UserError(f"These are {count:,} variants; a sweep has at most {MOST_VARIANTS:,}. Give fewer values.")
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def values_of(name: str, text: str) -> tuple[str, ...]:
    """The values that a name takes, as a net writes them: `8,16,32`, `1..5`, `0.1..0.5:5` or `1e-3..1e-1:log:5`.

    Values that are the same number are taken once. Raises `UserError`.
    """
    found: list[str] = []
    for part in _split(text):
        if not (part := part.strip()):
            raise UserError(f"--set {name}={text} has an empty value; write the values with one comma between them.")
        found += _range(name, part) if ".." in part and '"' not in part else [part]
    return tuple(dict.fromkeys(found))


def label_of(variant: Mapping[str, str]) -> str:
    """A variant in a line: `optim.lr=0.001 w=8`; that of the net as it is, which has no values, is `as it is`."""
    return " ".join(f"{name}={value}" for name, value in variant.items()) or "as it is"


def _split(text: str) -> Iterator[str]:
    """The parts between commas, but for those in brackets and quotes."""
    depth, quoted, start = 0, False, 0
    for place, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in _OPEN + _CLOSE:
            depth += 1 if character in _OPEN else -1
        elif character == "," and not quoted and depth <= 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _range(name: str, text: str) -> list[str]:
    found = _RANGE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UserError(f"--set {name}={text} is no range; write {name}=8,16,32, 1..5, 0.1..0.5:5 or 1e-3..1e-1:log:5.")
    first, last = float(found["first"]), float(found["last"])
    whole = all(_WHOLE.fullmatch(found[end]) for end in ("first", "last"))
    if found["count"] is None:
        if not whole or found["log"]:
            raise UserError(f"--set {name}={text} does not say how many values; write {name}={text}:5, say.")
        step = 1 if first <= last else -1
        count = abs(int(last) - int(first)) + 1
        _require_count(name, text, count)
        return [str(number) for number in range(int(first), int(last) + step, step)]
    count = int(found["count"])
    _require_count(name, text, count)
    if found["log"] and (first <= 0 or last <= 0):
        raise UserError(f"--set {name}={text}: a logarithmic range is between numbers above 0.")
    steps = [place / (count - 1) for place in range(count)] if count > 1 else [0.0]
    if found["log"]:
        numbers = [first * (last / first) ** share for share in steps]
    else:
        numbers = [first + (last - first) * share for share in steps]
    return [str(round(number)) for number in numbers] if whole else _short(numbers)


def _require_count(name: str, text: str, count: int) -> None:
    if not 1 <= count <= MOST_VARIANTS:
        raise UserError(f"--set {name}={text} means {count:,} values; a range has 1 to {MOST_VARIANTS:,}.")


def _short(numbers: list[float]) -> list[str]:
    """Numbers in three digits, or in as many as tell them apart."""
    for digits in range(3, 17):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(set(numbers)):
            break
    return texts
