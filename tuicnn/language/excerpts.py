"""Quotes parts of the text in help lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tuicnn.language.diagnostics import Span, lines_of
from tuicnn.language.syntax.tree import Argument, Arithmetic, Literal, Name, Negative, Value

__all__ = ["LONGEST", "bare_text", "excerpt", "one_line", "plain_step", "text_before"]

#: most characters of a step that a help line quotes
LONGEST = 120


def excerpt(span: Span) -> str:
    """The text of a place, its lines as they are."""
    lines = list(lines_of(span.source.text)[span.line - 1 : span.end_line])
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def one_line(span: Span) -> str:
    """The text of a place on one line, new lines written as arrows; "" where that is too long."""
    parts = [re.sub(r"\s+", " ", line.partition("#")[0]).strip() for line in excerpt(span).split("\n")]
    out = ""
    for part in filter(None, parts):
        joined = not out or out.endswith(("->", "→", "|", "{", "(", ",")) or part.startswith(("->", "→", "|", "}", ")"))
        out += part if not out else f" {part}" if joined else f" -> {part}"
    return out if len(out) <= LONGEST else ""


def text_before(span: Span) -> str:
    """The text before a place on its line."""
    start = Span(span.line, 1, span.line, span.column, span.source)
    return excerpt(start)


def bare_text(value: Value) -> str:
    """A name, or what is quoted; "" for another value."""
    return value.text if isinstance(value, Name) else str(value.value) if isinstance(value, Literal) else ""


def _value(argument: Argument) -> str:
    text = one_line(argument.value.span)
    if isinstance(argument.value, Arithmetic) and not text.startswith("("):
        text = f"({text})"
    if isinstance(argument.value, Negative | Name) or text:
        return text
    return "…"


def plain_step(name: str, arguments: Sequence[Argument]) -> str:
    """A step in its plain form, without parentheses and commas: `conv 8 3x3 pad=1`."""
    return " ".join([name, *(f"{a.name.text}={_value(a)}" if a.name else _value(a) for a in arguments)])
