"""Values of the `.net` language once evaluated: words, sizes and calls, beside Python's own numbers and texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["UNITS", "Call", "Size", "Time", "UnsuitableError", "Word", "show"]

#: seconds of the units of time that can be written
UNITS = {"s": 1, "m": 60, "h": 3600}


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
class Time:
    """A time as written, `30s`: a number and its unit, one of `UNITS`."""

    number: float
    unit: str

    @classmethod
    def of(cls, seconds: float) -> Time:
        """A time in the largest unit in which it is a whole number."""
        unit = next((u for u in ("h", "m") if seconds and seconds % UNITS[u] == 0), "s")
        return cls(seconds / UNITS[unit], unit)

    @property
    def seconds(self) -> float:
        return self.number * UNITS[self.unit]

    def __str__(self) -> str:
        whole = self.number.is_integer() and self.number < 10**15
        return f"{show(int(self.number) if whole else self.number)}{self.unit}"


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
    if isinstance(value, Word | Size | Time | Call | int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(show(v) for v in value) + "]"
    return str(value)  # also an object of a registered class: it writes itself (words.word)
