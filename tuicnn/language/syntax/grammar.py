"""Lark's parser, made once from `grammars/net.lark`, and the tokens of a text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice

from lark import Lark, Token
from lark.lark import PostLex

from tuicnn.bundled import bundled
from tuicnn.language.syntax.tables import parser_of

__all__ = ["parser", "tokens"]


class _KeepAll(PostLex):
    """Keeps the terminals that only the layout sees; it does its work after the lexer, over the whole text."""

    always_accept = ("WRONG_ARROW", "WRONG_STRING", "OPEN_STRING", "SEMICOLON", "TIMES", "OTHER")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def parser() -> Lark:
    """The parser of one statement."""
    from tuicnn.language.syntax.building import Building

    grammar = (bundled("grammars") / "net.lark").read_text(encoding="utf-8")
    return parser_of(
        grammar, _KeepAll(), Building(), start="statement", parser="lalr", lexer="basic", maybe_placeholders=False
    )


def tokens(text: str, most: int | None = None) -> list[Token]:
    """The tokens of a text, whose lines end in newlines alone; the first `most`. There is one for every character."""
    return list(islice(parser().lex(text), most))
