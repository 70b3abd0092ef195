"""The colours of a net's text: which stretch of a line has which role, by the one lexer of the language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from tuicnn.display.terminal import Role

__all__ = ["Stretch", "coloured_lines"]

#: the columns of a stretch of a line, and what its colour is for
Stretch = tuple[int, int, Role]

_BACK = 60  # lines before those in sight at most, to find one that begins a statement
_MOST = 20_000  # characters that are coloured at once
_BEGINS = re.compile(r"[^\W\d]")


@cache
def _roles() -> tuple[Any, dict[Any, Role]]:
    """The lexer and the roles of its tokens, imported at the first use."""
    from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String

    from tuicnn.language.highlighting import NetLexer

    return NetLexer(), {
        Comment: "dim",
        Error: "bad",
        Keyword: "accent",
        Keyword.Constant: "second",
        Name.Function: "strong",
        Name.Builtin: "accent",
        Name.Constant: "second",
        Name.Label: "accent",
        Number: "second",
        String: "second",
        Operator: "dim",
        Punctuation: "dim",
    }


def coloured_lines(lines: Sequence[str], first: int, last: int) -> dict[int, list[Stretch]]:
    """The stretches of the lines from `first` to before `last` that are no plain text, by row.

    What is far above does not matter: the lexer begins at a line that begins a statement.
    """
    start = next(
        (row for row in range(first, max(0, first - _BACK), -1) if _BEGINS.match(lines[row])), max(0, first - _BACK)
    )
    text = "\n".join(lines[start:last])
    found: dict[int, list[Stretch]] = {}
    if len(text) > _MOST:
        return found
    lexer, roles = _roles()
    row, column = start, 0
    for kind, piece in lexer.get_tokens(text):
        role = next((roles[k] for k in reversed(kind.split()) if k in roles), None)
        if role is not None and row >= first and "\n" not in piece:
            found.setdefault(row, []).append((column, column + len(piece), role))
        if "\n" in piece:
            row, column = row + piece.count("\n"), 0
        column += len(piece.rpartition("\n")[2])
    return found
