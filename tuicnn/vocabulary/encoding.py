"""Objects of the vocabulary as plain JSON values, and back: the word, and the arguments that are not the defaults.

A default is left out, so that an option that a later version adds leaves what was encoded before as it was.
"""

from __future__ import annotations

from typing import Any

from .kinds import Padding, SizeKind
from .values import Size
from .words import ObjectOf, arguments, info, vocabulary

__all__ = ["decoded", "encoded"]


def encoded(made: Any) -> list[Any]:
    """An object of a registered class as `[word, {argument: value}]`; lists stand for sizes and tuples."""
    given = ((a.name, a.kind, getattr(made, a.name), a.default) for a in arguments(made))
    return [info(made).name, {name: _plain(kind, value) for name, kind, value, default in given if value != default}]


def _plain(kind: Any, value: Any) -> Any:
    if isinstance(kind, ObjectOf):
        return encoded(value)
    if isinstance(value, list | tuple):
        return list(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def decoded(name: str, plain: list[Any]) -> Any:
    """The object of the vocabulary `name` (layer, loss, …) that `encoded` was given."""
    word, given = plain
    cls = vocabulary(name)[word]
    kinds = {a.name: a.kind for a in arguments(cls)}
    return cls(**{argument: _value(kinds[argument], value) for argument, value in given.items()})


def _value(kind: Any, plain: Any) -> Any:
    if isinstance(kind, ObjectOf):
        return decoded(kind.vocabulary, plain)
    if isinstance(plain, list):
        return Size(plain) if isinstance(kind, SizeKind | Padding) else tuple(plain)
    return plain
