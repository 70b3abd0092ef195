"""The words of the `.net` language: what a layer or a setting is called, and what may follow it.

A layer, loss, optimizer, schedule, data set or initialiser is a frozen dataclass whose fields *are* its arguments:

    @word("layer", "dropout", help="zero a share P of the values while training", example="dropout 0.5")
    @dataclass(frozen=True)
    class Dropout(Layer):
        share: float = positional(Number(at_least=0, below=1), help="share of the values to zero")

The checker, the formatter, completion and the language page are all read off this one place. Nothing here knows the
grammar; what an argument may be is said by a `Kind` (kinds.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from .kinds import Kind
from .values import Call, UnsuitableError, Word, show

__all__ = [
    "MISSING",
    "Argument",
    "ObjectOf",
    "WordInfo",
    "arguments",
    "info",
    "make",
    "option",
    "positional",
    "vocabulary",
    "word",
    "written",
]

MISSING: Any = dataclasses.MISSING


@dataclass(frozen=True)
class Argument:
    """One argument of a word: its name, kind, default (`MISSING` where it must be given) and line of help."""

    name: str
    kind: Kind
    default: Any
    positional: bool
    help: str

    def written(self, value: Any) -> str:
        """A value as it is written as an option: `lr=0.001`, `clip=none`."""
        return f"{self.name}={self.kind.show(value) if value is not None else 'none'}"


@dataclass(frozen=True)
class WordInfo:
    """What a class says of itself in the language.

    `shape` begins with rules such as `C x H x W -> F x OH x OW` and says in further lines what is not plain in them;
    `formula` is what it computes, one assignment a line; `source` is where the formula is from. They are in ASCII.
    """

    vocabulary: str
    name: str
    help: str
    aliases: tuple[str, ...]
    example: str
    usage: str
    shape: str = ""
    formula: str = ""
    source: str = ""


_vocabularies: dict[str, dict[str, type]] = {}
C = TypeVar("C", bound=type)


def positional(kind: Kind, *, help: str, default: Any = MISSING) -> Any:
    """A dataclass field that is written by its place (and may be written by its name)."""
    return dataclasses.field(default=default, metadata={"kind": kind, "positional": True, "help": help}, kw_only=False)


def option(kind: Kind, *, default: Any, help: str, last: bool = False) -> Any:
    """A dataclass field that is written `name=value`. `default` is an accepted value, not a written one.

    One that a base class gives to many words stands `last` among their options.
    """
    about = {"kind": kind, "positional": False, "help": help, "last": last}
    return dataclasses.field(default=default, metadata=about)


def word(
    vocabulary: str,
    name: str,
    *,
    help: str,
    aliases: tuple[str, ...] = (),
    example: str = "",
    usage: str = "",
    shape: str = "",
    formula: str = "",
    source: str = "",
) -> Callable[[C], C]:
    """Register a frozen dataclass as `name` in a vocabulary: layer, loss, optim, schedule, data, init, setting."""

    def register(cls: C) -> C:
        known = _vocabularies.setdefault(vocabulary, {})
        if name in known:
            raise ValueError(f"{vocabulary} {name} is registered twice")
        known[name] = cls
        about = WordInfo(vocabulary, name, help, aliases, example or name, usage or name, shape, formula, source)
        cls._word_info = about  # type: ignore[attr-defined]
        cls.__str__ = written  # type: ignore[assignment]
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
    """The arguments of a registered class, or of an object of one, positional ones first."""
    return _arguments(cls if isinstance(cls, type) else type(cls))


@cache
def _arguments(cls: Any) -> tuple[Argument, ...]:
    fields = [f for f in dataclasses.fields(cls) if "kind" in f.metadata]
    found = [
        Argument(f.name, f.metadata["kind"], f.default, f.metadata["positional"], f.metadata["help"])
        for f in sorted(fields, key=lambda f: f.metadata.get("last", False))
    ]
    return tuple(sorted(found, key=lambda a: not a.positional))


def make(cls: type, given: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None) -> Any:
    """Make an object of a registered class from evaluated values, or raise `UnsuitableError`.

    For values inside values (`init=normal(0.01)`), where one sentence is enough; the checker takes a step's
    arguments apart itself, to report each of them in its own place.
    """
    own = arguments(cls)
    places = [a for a in own if a.positional]
    values: dict[str, Any] = {}
    title = info(cls).name
    if len(given) > len(places):
        raise UnsuitableError(f"takes at most {len(places)} values in {title}(…), not {len(given)}")
    for argument, value in [*zip(places, given, strict=False)]:
        values[argument.name] = argument.kind.accept(value)
    for name, value in (named or {}).items():
        argument_of = {a.name: a for a in own}
        if name not in argument_of or name in values:
            raise UnsuitableError(
                f"has no option {name} in {title}(…)" if name not in argument_of else f"gives {name} twice"
            )
        values[name] = argument_of[name].kind.accept(value)
    for argument in own:
        if argument.default is MISSING and argument.name not in values:
            raise UnsuitableError(f"needs {argument.name} in {title}(…)", help=f"write {info(cls).example}")
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
            parts.append(a.written(value))
    if about.vocabulary == "init":
        return f"{about.name}({', '.join(parts)})" if parts else about.name
    return " ".join([about.name, *parts])


@dataclass(frozen=True)
class ObjectOf(Kind):
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
            raise UnsuitableError(f"must be {self.says}, not {show(value)}")
        return make(cls, given, named)

    def show(self, value: Any) -> str:
        return written(value)
