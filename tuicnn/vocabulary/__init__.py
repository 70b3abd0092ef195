"""How a word of the `.net` language declares its arguments: words, kinds of arguments, and evaluated values."""

from __future__ import annotations

from .kinds import Boolean, Choice, Duration, Integer, Kind, ListOf, Number, Padding, SizeKind, Text
from .values import UNITS, Call, Size, Time, UnsuitableError, Word, show
from .words import (
    MISSING,
    Argument,
    ObjectOf,
    WordInfo,
    arguments,
    info,
    make,
    option,
    positional,
    vocabulary,
    word,
    written,
)

__all__ = [
    "MISSING",
    "UNITS",
    "Argument",
    "Boolean",
    "Call",
    "Choice",
    "Duration",
    "Integer",
    "Kind",
    "ListOf",
    "Number",
    "ObjectOf",
    "Padding",
    "Size",
    "SizeKind",
    "Text",
    "Time",
    "UnsuitableError",
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
    "written",
]
