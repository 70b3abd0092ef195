"""Lark's parser, made once from `grammars/net.lark`, and the tokens of a text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from lark import Lark, Token

from tuicnn.bundled import bundled

__all__ = ["parser", "tokens"]


class _KeepAll:
    """Keeps the terminals that only the layout sees; it does its work after the lexer, over the whole text."""

    always_accept = ("WRONG_ARROW", "WRONG_STRING", "OPEN_STRING", "SEMICOLON", "TIMES", "OTHER")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def parser() -> Lark:
    """The parser of one statement."""
    from .building import Building

    options: dict[str, Any] = {"postlex": _KeepAll(), "transformer": Building()}
    grammar = (bundled("grammars") / "net.lark").read_text(encoding="utf-8")
    return Lark(grammar, start="statement", parser="lalr", lexer="basic", maybe_placeholders=False, **options)


def tokens(text: str) -> list[Token]:
    """The tokens of a whole text, whose lines end in newlines alone. There is a token for every character."""
    return list(parser().lex(text))
