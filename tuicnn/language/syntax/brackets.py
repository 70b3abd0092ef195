"""Which bracket of a text closes which, as far as the text is in order: the layout's look ahead."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

__all__ = ["DEEPEST", "Open", "Pairs", "pair"]

#: how deep brackets may be nested
DEEPEST = 50

_OPENS = {"LPAR": "RPAR", "LBRACE": "RBRACE", "LSQB": "RSQB"}


@dataclass(frozen=True)
class Open:
    """A bracket that is open; in an `arithmetic` one stand values, in another one steps."""

    token: Token
    arithmetic: bool


@dataclass(frozen=True)
class Pairs:
    """What the layout must know of a `(`, by its number among the tokens, before it reads on."""

    #: those whose `)` is followed by `*`
    before_star: frozenset[int]
    #: those with a comma directly in them
    with_comma: frozenset[int]
    stream: list[Token]

    def touches(self, i: int) -> bool:
        """Whether the token stands directly behind the one before it, as in `name(`."""
        return i > 0 and self.stream[i - 1].end_pos == self.stream[i].start_pos


def pair(stream: list[Token]) -> Pairs:
    """Look over all brackets once."""
    stack: list[int] = []
    before_star: set[int] = set()
    with_comma: set[int] = set()
    for i, token in enumerate(stream):
        if token.type in _OPENS:
            stack.append(i)
        elif token.type in _OPENS.values():
            if stack and _OPENS[stream[stack[-1]].type] == token.type:
                opened = stack.pop()
                if i + 1 < len(stream) and stream[i + 1].type == "STAR":
                    before_star.add(opened)
        elif token.type == "COMMA" and stack:
            with_comma.add(stack[-1])
    return Pairs(frozenset(before_star), frozenset(with_comma), stream)
