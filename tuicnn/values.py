"""Values of the `.net` language once evaluated: words, sizes and calls, beside Python's own numbers and texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "Size", "UnsuitableError", "Word", "show"]


class UnsuitableError(ValueError):
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
    return str(value)  # also an object of a registered class: it writes itself (words.word)
