"""Diagnostics: a problem, its place in the text, and the text to write instead."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from tuicnn.system.lines import plain_lines

__all__ = [
    "Applicability", "Code", "Diagnostic", "Edit", "Note", "Severity", "Source", "Span", "line_of", "lines_of",
]  # fmt: skip


class Code(StrEnum):
    """The kind of a problem, as in `error[shape]`: stable, as scripts and pages may rely on it.

    `meaning` is one line on it.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Code:
        code = str.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code

    FILE = "file", "the file cannot be read"
    SYNTAX = "syntax", "the text is not of the language's form"
    NAME = "name", "a name that is not known: a layer, block, setting, constant or word"
    ARGUMENT = "argument", "an argument that is missing, unknown, given twice or one too many"
    RANGE = "range", "a value that an argument cannot take"
    SHAPE = "shape", "a layer cannot take the shape it is given, or branches do not match"
    STRIDE = "stride", "a window does not divide its image evenly"
    BLOCK = "block", "a block that is defined or used wrongly"
    LABEL = "label", "a label that is not known, made twice or used in the wrong place"
    CONSTANT = "constant", "a constant that is defined twice or cannot be computed"
    RECURSION = "recursion", "a block, constant or file that needs itself"
    LIMIT = "limit", "more layers, nesting or digits than there may be"
    SETTING = "setting", "a setting that is given twice or says nothing"
    DATA = "data", "the data set is not known, not found, or does not fit the network"
    LOSS = "loss", "the network's outputs do not suit the classes or the loss"
    EMPTY = "empty", "there is no layer, or nothing to train"
    MEMORY = "memory", "a training step would not fit in this machine's memory"
    TIME = "time", "an epoch would take days on this machine"


class Severity(StrEnum):
    """An `error` keeps a network from training; a `warning` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Source:
    """A text and the name it is shown under (a path as the user gave it).

    An option of the command line is not `numbered`: it is a text without lines.
    """

    name: str
    text: str
    numbered: bool = True


def line_of(source: Source, number: int) -> str | None:
    """A line of a text by its number, from 1, without its end or a byte order mark; None where there is none."""
    lines = lines_of(source.text)
    return lines[number - 1] if number <= len(lines) else None


@lru_cache(maxsize=4)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text, as spans count them; kept for the last few texts, which are asked for again and again."""
    return tuple(plain_lines(text).split("\n"))


@dataclass(frozen=True, order=True)
class Span:
    """A place in a text: lines and columns from 1, in characters; `end_column` is the one after the last."""

    line: int
    column: int
    end_line: int
    end_column: int
    source: Source = field(compare=False, repr=False)

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of another one in the same text."""
        if other is self:
            return self
        return Span(self.line, self.column, other.end_line, other.end_column, self.source)


class Applicability(StrEnum):
    """A `safe` fix changes how a thing is written and not what it says; one that is `suggested` is a choice."""

    SAFE = "safe"
    SUGGESTED = "suggested"


@dataclass(frozen=True)
class Edit:
    """A place, and the text that replaces it."""

    span: Span
    replacement: str


@dataclass(frozen=True)
class Note:
    """A further place of a problem: `opened here`, `in basic 32, used here`."""

    message: str
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """One problem. `code` is stable; `label` stands beside the caret; `help` says what to write instead.

    `fixes` are what `help` says as edits that belong together; there are none where it leaves something to think about.
    """

    severity: Severity
    code: str
    message: str
    span: Span
    label: str = ""
    help: str = ""
    notes: tuple[Note, ...] = ()
    fixes: tuple[Edit, ...] = ()
    applicability: Applicability = Applicability.SUGGESTED
