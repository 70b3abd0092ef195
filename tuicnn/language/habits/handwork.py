"""What the passes that read habits share: tokens, the lines they stand in, and what is known of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lark import Token

from tuicnn.language.codes import Code
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases
from tuicnn.language.syntax.building import span_of
from tuicnn.vocabulary import vocabulary

__all__ = ["CLOSERS", "Handwork", "borrow", "match", "on_its_line", "text_of", "touches"]

#: the token that closes each bracket
CLOSERS = {"LPAR": "RPAR", "LBRACE": "RBRACE", "LSQB": "RSQB"}

#: so many `(` in a row are looked through
_DEEP = 50
#: tokens after which a step begins
_BEFORE_STEP = frozenset({"NEWLINE", "ARROW", "BAR", "LBRACE", "STAR", "SEMICOLON"})


def borrow(kind: str, text: str, at: Token) -> Token:
    """A token of another kind in the place of one."""
    return Token.new_borrow_pos(kind, text, at)


def touches(a: Token | None, b: Token | None) -> bool:
    """Whether two tokens stand together without a space."""
    return a is not None and b is not None and a.end_pos == b.start_pos


def text_of(tokens: Sequence[Token]) -> str:
    """What is written from the first token to the last."""
    return excerpt(span_of(tokens[0], tokens[-1])) if tokens else ""


@dataclass
class Handwork:
    """The names of a text, and where problems are put."""

    report: Report
    #: layers, residual, and the blocks that the text defines
    steps: frozenset[str]
    #: names that the text gives a value, or a block's parameters
    constants: frozenset[str]
    #: how often each name is written
    written: dict[str, int]

    @classmethod
    def of(cls, stream: Iterable[Token], report: Report) -> Handwork:
        """Look over a text's tokens once."""
        steps = {*vocabulary("layer"), "residual"}
        constants: set[str] = set()
        written: dict[str, int] = {}
        before = Token("NEWLINE", "\n")
        for token in stream:
            if token.type == "NAME":
                written[str(token)] = written.get(str(token), 0) + 1
                if before.type == "DEF":
                    steps.add(str(token))
                elif before.type in ("LPAR", "COMMA"):
                    constants.add(str(token))
            elif token.type == "EQUALS" and before.type == "NAME":
                constants.add(str(before))
            before = token
        return cls(report, frozenset(steps), frozenset(constants - steps), written)

    def error(self, message: str, first: Token, last: Token, fix: Fix, label: str = "", *, sure: bool = True) -> None:
        """Report what stands from one token to another; it is `sure` where there is no doubt of what is meant."""
        self.report.error(Code.SYNTAX, message, span_of(first, last), help=replace(fix, safe=sure), label=label)

    def is_step(self, token: Token | None) -> bool:
        """Whether a token names a layer or a block, in whatever case or by another name."""
        if token is None or token.type != "NAME":
            return False
        text = str(token)
        if text in self.steps:
            return True
        plain = text.casefold().rpartition(".")[2].replace("_", "").replace("-", "")
        if len(plain) < 2:
            return False
        known = {a.replace("_", "") for a in aliases("layer")}
        return plain in known or plain in self.steps or re.sub("[12]d$", "", plain) in self.steps

    @staticmethod
    def at_step(out: Sequence[Token]) -> bool:
        """Whether a step may begin behind these tokens."""
        i = len(out) - 1
        while i >= 0 and out[i].type == "LPAR" and len(out) - i < _DEEP:
            i -= 1
        return i < 0 or out[i].type in _BEFORE_STEP


def match(stream: list[Token], i: int) -> int | None:
    """The bracket that closes the one at `i`; None where none does."""
    depth = 0
    for j in range(i, len(stream)):
        if stream[j].type in CLOSERS:
            depth += 1
        elif stream[j].type in CLOSERS.values():
            depth -= 1
            if depth == 0:
                return j
    return None


def on_its_line(tokens: list[Token]) -> str:
    """What is written from the first token to the last; `…` where it is empty or has several lines."""
    return text_of(tokens) if tokens and tokens[0].line == tokens[-1].end_line else "…"
