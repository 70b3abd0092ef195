"""The colours of a text as the protocol's semantic tokens, from the one lexer of the language."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from tuicnn.language.highlighting import NetLexer
from tuicnn.limits import NET_BYTES

from .positions import Page

__all__ = ["LEGEND", "semantic_tokens"]

_TYPES: dict[Any, types.SemanticTokenTypes] = {
    Comment: types.SemanticTokenTypes.Comment,
    Keyword: types.SemanticTokenTypes.Keyword,
    Name.Function: types.SemanticTokenTypes.Function,
    Name.Builtin: types.SemanticTokenTypes.Type,
    Name.Attribute: types.SemanticTokenTypes.Property,
    Name.Variable: types.SemanticTokenTypes.Variable,
    Name.Constant: types.SemanticTokenTypes.EnumMember,
    Name.Label: types.SemanticTokenTypes.Decorator,
    Number: types.SemanticTokenTypes.Number,
    String: types.SemanticTokenTypes.String,
    Operator: types.SemanticTokenTypes.Operator,
}
#: the sorts of tokens by number, as the client is told once
LEGEND = types.SemanticTokensLegend([str(kind.value) for kind in _TYPES.values()], [])


def semantic_tokens(page: Page) -> list[int]:
    """Five numbers a token: lines and units from the one before, length, number of its sort, nothing."""
    data: list[int] = []
    if len(page.text) > NET_BYTES:
        return data
    line, start = 0, page.units("\ufeff") if page.text.startswith("\ufeff") else 0
    last_line = last_start = 0
    for kind, text in NetLexer().get_tokens("\n".join(page.lines)):
        number = next((i for i, sort in enumerate(_TYPES) if kind in sort), None)
        if number is not None and "\n" not in text and text:
            data += [line - last_line, start - (last_start if line == last_line else 0), page.units(text), number, 0]
            last_line, last_start = line, start
        if "\n" in text:
            line, start = line + text.count("\n"), 0
        start += page.units(text.rpartition("\n")[2])
    return data
