"""The words of the `.net` language: what a layer or a setting is called, and what may follow it.

A layer, loss, optimizer, schedule, data set or initialiser is a frozen dataclass whose fields *are* its arguments:

    @word("layer", "dropout", help="zero a share P of the values while training", example="dropout 0.5")
    @dataclass(frozen=True)
    class Dropout(Layer):
        share: float = positional(Number(at_least=0, below=1), help="share of the values to zero")

The checker, the formatter, completion and the language page are all read off this one place. Nothing here knows the
grammar: a `Kind` is given a value that was already evaluated and says what it makes of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = [
    "MISSING",
    "Argument",
    "Call",
    "Choice",
    "Flag",
    "Kind",
    "ListOf",
    "Made",
    "Number",
    "Padding",
    "Size",
    "SizeKind",
    "Text",
    "Unsuitable",
    "Whole",
    "Word",
    "WordInfo",
    "arguments",
    "info",
    "make",
    "option",
    "positional",
    "show",
    "vocabulary",
    "word",
]

MISSING: Any = dataclasses.MISSING


class Unsuitable(ValueError):
    """A value does not suit an argument; the message completes the sentence `pad …`, as in `must be at least 0`."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class Word(str):
    """A bare word of the language, such as `same` (a quoted text is a plain `str`)."""


class Size(tuple[int, ...]):
    """A size as written: `3x3` is (H, W), `1x28x28` is (C, H, W)."""

    def __str__(self) -> str:
        return "x".join(map(str, self))


@dataclass(frozen=True)
class Call:
    """A call used as a value, such as `normal(0.01)`; its arguments are evaluated values."""

    name: str
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        inner = [show(v) for v in self.positional] + [f"{k}={show(v)}" for k, v in self.named.items()]
        return f"{self.name}({', '.join(inner)})"


def show(value: Any) -> str:
    """Write an evaluated value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value + 0.0:g}"  # + 0.0: no -0
        return short if float(short) == value else repr(value)
    if isinstance(value, Word | Size | Call | int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(v) for v in value) + "]"
    if hasattr(type(value), "_word_info"):
        return written(value)
    return str(value)


class Kind:
    """A type of argument: takes an evaluated value to a Python value, or raises `Unsuitable`."""

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
class Whole(Kind):
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
        if not isinstance(value, int) or isinstance(value, bool) or not self.at_least <= value <= self.at_most:
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A finite number in an interval that is closed below (`at_least`) or open (`above`), and likewise at its top."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

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
        return "a number" + (" " + " and ".join(parts) if parts else "")

    def accept(self, value: Any) -> float:
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
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
        return float(value)


@dataclass(frozen=True)
class Flag(Kind):
    """`true` or `false`."""

    says: str = "true or false"
    words: tuple[str, ...] = ("true", "false")

    def accept(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise Unsuitable(f"must be true or false, not {show(value)}")


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
        raise Unsuitable(f"must be {self.says}, not {show(value)}")

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
        raise Unsuitable(f"must be {self.says}, not {show(value)}", help=extra and f"put it in quotes: {extra}")


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
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
        if not all(self.at_least <= n <= self.at_most for n in size):
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
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
        except Unsuitable:
            raise Unsuitable(f"must be {self.says}, not {show(value)}") from None

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else SizeKind(at_least=0).show(value)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind of value, such as `[0, 1]`; `distinct` refuses repeats."""

    item: Kind
    at_least: int = 1
    distinct: bool = False

    @property
    def says(self) -> str:  # type: ignore[override]
        return f"a list in brackets such as [1, 2]; each {self.item.says}"

    def accept(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < self.at_least:
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
        items = tuple(self.item.accept(v) for v in value)
        if self.distinct and len(set(items)) != len(items):
            raise Unsuitable(f"must not name a value twice: {show(value)}")
        return items

    def show(self, value: Any) -> str:
        return "[" + ", ".join(self.item.show(v) for v in value) + "]"


@dataclass(frozen=True)
class Made(Kind):
    """An object of another vocabulary, by its word or call: `he`, `normal(0.01)` for the vocabulary `init`."""

    vocabulary: str = "init"

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(vocabulary(self.vocabulary))

    @property
    def says(self) -> str:  # type: ignore[override]
        return "one of " + ", ".join(info(c).usage for c in vocabulary(self.vocabulary).values())

    def accept(self, value: Any) -> Any:
        name, given, named = (value.name, value.positional, value.named) if isinstance(value, Call) else (value, (), {})
        cls = vocabulary(self.vocabulary).get(name) if isinstance(name, str) else None
        if cls is None or (isinstance(name, str) and not isinstance(value, Word | Call)):
            raise Unsuitable(f"must be {self.says}, not {show(value)}")
        return make(cls, given, named)

    def show(self, value: Any) -> str:
        return written(value)


@dataclass(frozen=True)
class Argument:
    """One argument of a word: its name, kind, default (`MISSING` where it must be given) and line of help."""

    name: str
    kind: Kind
    default: Any
    positional: bool
    help: str


@dataclass(frozen=True)
class WordInfo:
    """What a class says of itself in the language."""

    vocabulary: str
    name: str
    help: str
    aliases: tuple[str, ...]
    example: str
    usage: str


_vocabularies: dict[str, dict[str, type]] = {}
C = TypeVar("C", bound=type)


def positional(kind: Kind, *, help: str, default: Any = MISSING) -> Any:
    """A dataclass field that is written by its place (and may be written by its name)."""
    return dataclasses.field(default=default, metadata={"kind": kind, "positional": True, "help": help}, kw_only=False)


def option(kind: Kind, *, default: Any, help: str) -> Any:
    """A dataclass field that is written `name=value`. `default` is an accepted value, not a written one."""
    return dataclasses.field(default=default, metadata={"kind": kind, "positional": False, "help": help})


def word(
    vocabulary: str, name: str, *, help: str, aliases: tuple[str, ...] = (), example: str = "", usage: str = ""
) -> Callable[[C], C]:
    """Register a frozen dataclass as `name` in a vocabulary: layer, loss, optim, schedule, data, init, setting."""

    def register(cls: C) -> C:
        known = _vocabularies.setdefault(vocabulary, {})
        if name in known:
            raise ValueError(f"{vocabulary} {name} is registered twice")
        known[name] = cls
        cls._word_info = WordInfo(vocabulary, name, help, aliases, example or name, usage or name)  # type: ignore[attr-defined]
        return cls

    return register


def vocabulary(name: str) -> Mapping[str, type]:
    """The classes of a vocabulary by name, in the order of their registration."""
    return _vocabularies.get(name, {})


def info(cls: Any) -> WordInfo:
    """What a registered class, or an object of one, says of itself."""
    found: WordInfo = (cls if isinstance(cls, type) else type(cls))._word_info  # type: ignore[attr-defined]
    return found


def arguments(cls: Any) -> tuple[Argument, ...]:
    """The arguments of a registered class, positional ones first."""
    found = [
        Argument(f.name, f.metadata["kind"], f.default, f.metadata["positional"], f.metadata["help"])
        for f in dataclasses.fields(cls)
        if "kind" in f.metadata
    ]
    return tuple(sorted(found, key=lambda a: not a.positional))


def make(cls: type, given: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None) -> Any:
    """Make an object of a registered class from evaluated values, or raise `Unsuitable`.

    For values inside values (`init=normal(0.01)`), where one sentence is enough; the checker takes a step's
    arguments apart itself, to report each of them in its own place.
    """
    own = arguments(cls)
    places = [a for a in own if a.positional]
    values: dict[str, Any] = {}
    title = info(cls).name
    if len(given) > len(places):
        raise Unsuitable(f"takes at most {len(places)} values in {title}(…), not {len(given)}")
    for argument, value in [*zip(places, given, strict=False)]:
        values[argument.name] = argument.kind.accept(value)
    for name, value in (named or {}).items():
        argument_of = {a.name: a for a in own}
        if name not in argument_of or name in values:
            raise Unsuitable(
                f"has no option {name} in {title}(…)" if name not in argument_of else f"gives {name} twice"
            )
        values[name] = argument_of[name].kind.accept(value)
    for argument in own:
        if argument.default is MISSING and argument.name not in values:
            raise Unsuitable(f"needs {argument.name} in {title}(…)", help=f"write {info(cls).example}")
    return cls(**values)


def written(made: Any, *, full: bool = False) -> str:
    """Write an object of a registered class back as text; `full` also writes options that have their default."""
    about = info(made)
    parts = []
    for a in arguments(made):
        value = getattr(made, a.name)
        if a.positional:
            if a.default is MISSING or value != a.default or full:
                parts.append(a.kind.show(value))
        elif full or value != a.default:
            parts.append(f"{a.name}={a.kind.show(value) if value is not None else 'none'}")
    if about.vocabulary == "init":
        return f"{about.name}({', '.join(parts)})" if parts else about.name
    return " ".join([about.name, *parts])
