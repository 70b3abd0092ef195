"""Kinds of arguments: each takes an evaluated value to a Python value, or says what it takes instead.

Nothing here knows the grammar; a layer's class says by them what its arguments are (see words.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .values import Size, Time, UnsuitableError, Word, show

__all__ = ["Boolean", "Choice", "Duration", "Integer", "Kind", "ListOf", "Number", "Padding", "SizeKind", "Text"]


class Kind:
    """A type of argument: takes an evaluated value to a Python value, or raises `UnsuitableError`."""

    #: bare words that it understands (so that they are not looked up as constants, and can be suggested)
    words: tuple[str, ...] = ()
    #: what it takes, for people: `a whole number, at least 1`
    says: str = "a value"

    def accept(self, value: Any) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """Write an accepted value back as the language writes it."""
        return show(value)


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number in [at_least, at_most]."""

    at_least: int = 0
    at_most: int = 2**31 - 1

    @property
    def says(self) -> str:  # type: ignore[override]
        if self.at_most == 2**31 - 1:
            return f"a whole number, at least {self.at_least}"
        return f"a whole number from {self.at_least} to {self.at_most}"

    def accept(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < self.at_least:
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        if value > self.at_most:
            raise UnsuitableError(f"must be a whole number of at most {self.at_most}, not {show(value)}")
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A finite number in an interval that is closed below (`at_least`) or open (`above`), and likewise at its top."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    #: words that may stand in its place
    also: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.also

    @property
    def says(self) -> str:  # type: ignore[override]
        parts = [
            f"{name} {bound:g}"
            for name, bound in (
                ("at least", self.at_least),
                ("above", self.above),
                ("at most", self.at_most),
                ("below", self.below),
            )
            if bound is not None
        ]
        number = "a number" + (" " + " and ".join(parts) if parts else "")
        return " or ".join([number, *self.also])

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else show(value)

    def accept(self, value: Any) -> float | str:
        if isinstance(value, Word) and value in self.also:
            return str(value)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and isinstance(value, int) and abs(value) > 10**300:
            good = False
        if good:
            x = float(value)
            good = (
                math.isfinite(x)
                and (self.at_least is None or x >= self.at_least)
                and (self.above is None or x > self.above)
                and (self.at_most is None or x <= self.at_most)
                and (self.below is None or x < self.below)
            )
        if not good:
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        return float(value)


@dataclass(frozen=True)
class Duration(Kind):
    """A time such as `30s`, `5m` or `1h`, in seconds once accepted; `off` is 0."""

    at_least: float = 1
    at_most: float = 86_400
    words: tuple[str, ...] = ("off",)

    @property
    def says(self) -> str:  # type: ignore[override]
        return f"a time from {Time.of(self.at_least)} to {Time.of(self.at_most)}, such as 30s or 5m, or off"

    def accept(self, value: Any) -> float:
        if isinstance(value, Word) and value in self.words:
            return 0.0
        if isinstance(value, Time) and self.at_least <= value.seconds <= self.at_most:
            return value.seconds
        raise UnsuitableError(f"must be {self.says}, not {show(value)}")

    def show(self, value: Any) -> str:
        return str(Time.of(value)) if value else "off"


@dataclass(frozen=True)
class Boolean(Kind):
    """`true` or `false`, or one of the words that may stand in their place."""

    also: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("true", "false", *self.also)

    @property
    def says(self) -> str:  # type: ignore[override]
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def accept(self, value: Any) -> bool | str:
        if isinstance(value, bool):
            return value
        if isinstance(value, Word) and value in self.also:
            return str(value)
        raise UnsuitableError(f"must be {self.says}, not {show(value)}")

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else show(value)


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...] = ()

    @property
    def says(self) -> str:  # type: ignore[override]
        return "one of " + ", ".join(self.words)

    def accept(self, value: Any) -> str:
        if isinstance(value, Word) and value in self.words:
            return str(value)
        raise UnsuitableError(f"must be {self.says}, not {show(value)}")

    def show(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Text(Kind):
    """A quoted text, such as a path."""

    says: str = 'a text in quotes, such as "photos"'

    def accept(self, value: Any) -> str:
        if isinstance(value, str) and not isinstance(value, Word) and value and "\0" not in value:
            return value
        extra = f'"{value}"' if isinstance(value, Word) else None
        raise UnsuitableError(f"must be {self.says}, not {show(value)}", help=extra and f"put it in quotes: {extra}")


@dataclass(frozen=True)
class SizeKind(Kind):
    """A size of `axes` numbers; where `square`, one number stands for all of them."""

    axes: int = 2
    square: bool = True
    at_least: int = 1
    at_most: int = 1_000_000

    @property
    def says(self) -> str:  # type: ignore[override]
        example = "3x3" if self.axes == 2 else "1x28x28"
        one = "a whole number or " if self.square else ""
        return f"{one}a size such as {example}, each at least {self.at_least}"

    def accept(self, value: Any) -> Size:
        size: Any = value
        if self.square and isinstance(value, int) and not isinstance(value, bool):
            size = Size((value,) * self.axes)
        if not isinstance(size, Size) or len(size) != self.axes:
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        if not all(self.at_least <= n <= self.at_most for n in size):
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        return size

    def show(self, value: Any) -> str:
        size = Size(value)
        return str(size[0]) if self.square and len(set(size)) == 1 else str(size)


@dataclass(frozen=True)
class Padding(Kind):
    """`same`, `valid`, a number, or HxW: how many zeros go around an image."""

    words: tuple[str, ...] = ("same", "valid")
    says: str = "same, valid, a whole number of at least 0, or HxW"

    def accept(self, value: Any) -> str | Size:
        if isinstance(value, Word) and value in self.words:
            return str(value)
        try:
            return SizeKind(at_least=0).accept(value)
        except UnsuitableError:
            raise UnsuitableError(f"must be {self.says}, not {show(value)}") from None

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else SizeKind(at_least=0).show(value)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind of value, such as `[0, 1]`; `distinct` refuses repeats."""

    item: Kind
    at_least: int = 1
    distinct: bool = False

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.item.words

    @property
    def says(self) -> str:  # type: ignore[override]
        least = f" of {self.at_least} values or more" if self.at_least > 1 else ""
        return f"a list{least} in brackets such as [{', '.join(self.words[:2]) or '1, 2'}]; each {self.item.says}"

    def accept(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < self.at_least:
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        items = tuple(self.item.accept(v) for v in value)
        if self.distinct and len(set(items)) != len(items):
            raise UnsuitableError(f"must not name a value twice: {show(value)}")
        return items

    def show(self, value: Any) -> str:
        return "[" + ", ".join(self.item.show(v) for v in value) + "]"
