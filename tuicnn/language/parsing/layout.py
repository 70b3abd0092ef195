"""Between the lexer and the grammar: cuts a text into statements whose tokens the grammar can read.

Newlines stay only where they join the lines of a chain, and the four kinds of `(` are told apart. Brackets are paired
and arrows lead from step to step: what people write otherwise was fixed before (see `recovery`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lark import Token

from tuicnn.language.diagnostics import Code
from tuicnn.language.fixes import remove
from tuicnn.language.recovery.brackets import DEEPEST
from tuicnn.language.recovery.token_fixes import CLOSERS, statement_kind
from tuicnn.language.report import Report
from tuicnn.language.syntax.building import span_of

__all__ = ["Piece", "layout"]

#: tokens after which, and before which, a newline means nothing
_CONTINUES = frozenset({"ARROW", "BAR", "LBRACE", "LGROUP", "LCALL", "LCOUNT", "LPAR", "LSQB", "COMMA", "EQUALS"})
_JOINS = frozenset({"ARROW", "BAR", "LBRACE", "RBRACE", "RPAR", "RSQB", "COMMA", "EQUALS"})
#: tokens after which a step begins
_STEP_FOLLOWS = frozenset({"ARROW", "NEWLINE", "BAR", "LBRACE", "LGROUP"})
#: tokens that begin a value and no step
_VALUES = frozenset({"INT", "FLOAT", "SIZE", "STRING", "MINUS", "LPAR", "LSQB"})


@dataclass
class Piece:
    """One statement's tokens. `sound` is False where brackets were guessed: its steps then tell nothing of shapes."""

    kind: str
    tokens: list[Token] = field(default_factory=list)
    sound: bool = True
    #: whether its `=` outside of brackets was met
    equals_seen: bool = False


def layout(stream: list[Token], report: Report, unsound: Sequence[int] = ()) -> Iterator[Piece]:
    """The statements of a text, in its order. `unsound` are the places where brackets were guessed."""
    return _Layout(stream, report, sorted(unsound)).pieces()


class _Layout:
    def __init__(self, stream: list[Token], report: Report, unsound: list[int]) -> None:
        self.stream = stream
        self.report = report
        self.unsound = unsound
        self.piece = Piece("chain")
        #: the brackets that are open: whether values stand in each, and no steps
        self.open: list[bool] = []
        #: numbers of the `(` whose `)` is followed by `*`, and of those with a comma directly in them
        self.before_star: set[int] = set()
        self.with_comma: set[int] = set()
        stack: list[int] = []
        for i, token in enumerate(stream):
            if token.type in CLOSERS:
                stack.append(i)
            elif token.type in CLOSERS.values() and stack:
                opened = stack.pop()
                if i + 1 < len(stream) and stream[i + 1].type == "STAR":
                    self.before_star.add(opened)
            elif token.type == "COMMA" and stack:
                self.with_comma.add(stack[-1])

    def pieces(self) -> Iterator[Piece]:
        for i, token in enumerate(self.stream):
            if token.type == "NEWLINE":
                if self._ends_statement(i, token):
                    yield from self._finish(token)
                continue
            if not self.piece.tokens:
                self.piece.kind = statement_kind(self.stream, i)
            self._take(i, token)
        yield from self._finish(None)

    # --- statements -------------------------------------------------------------------------------------------------

    def _ends_statement(self, i: int, token: Token) -> bool:
        """Deal with a newline: keep it, drop it, or say that the statement ends here."""
        out = self.piece.tokens
        if not out:
            return False
        following = next((t for t in self.stream[i + 1 : i + 2] if t.type != "NEWLINE"), None)
        if following is None:  # the last of several newlines decides
            return i + 1 >= len(self.stream)
        begins = statement_kind(self.stream, i + 1) != "chain"
        significant = out[-1].type not in _CONTINUES and following.type not in _JOINS
        if not self.open:
            if begins:
                return True
            if self.piece.kind in ("setting", "constant"):
                return len(out) > 1 and (out[-1].type != "EQUALS" or following.type not in _VALUES)
            return significant
        if begins and (significant or statement_kind(self.stream, i + 1) != "constant"):
            return True
        if significant and not self.open[-1]:
            out.append(token)
        return False

    def _finish(self, end: Token | None) -> Iterator[Piece]:
        self.open.clear()
        if self.piece.tokens:
            guessed = bisect_left(self.unsound, self.piece.tokens[0].start_pos or 0)
            stop = bisect_left(self.unsound, end.start_pos or 0) if end is not None else len(self.unsound)
            self.piece.sound &= guessed == stop
            yield self.piece
        self.piece = Piece("chain")

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _take(self, i: int, token: Token) -> None:
        out = self.piece.tokens
        arithmetic = self.open[-1] if self.open else self.piece.kind == "constant"
        if token.type == "COMMA" and not arithmetic:
            help = remove(safe=True, more=" (commas belong in parentheses and lists: `basic(8, k=3)`, `[1, 2]`)")
            message = "arguments are separated by spaces, not by commas"
            self.report.error(Code.SYNTAX, message, span_of(token), help=help)
        elif token.type in CLOSERS:
            self._opening(i, token, out[-1].type if out else "", arithmetic)
        elif token.type == "NAME" and arithmetic and 0 < token.count("-") <= 100:
            out += _subtraction(token)
        else:
            self.piece.equals_seen |= token.type == "EQUALS" and not self.open
            if token.type in CLOSERS.values() and self.open:
                self.open.pop()
            out.append(token)

    def _opening(self, i: int, token: Token, previous: str, arithmetic: bool) -> None:
        kind, values = token.type, token.type != "LBRACE"
        definition = self.piece.kind == "definition" and not self.open
        if token.type == "LPAR":
            touches = i > 0 and self.stream[i - 1].end_pos == token.start_pos
            header = definition and not self.piece.equals_seen
            begins = previous in ("", "STAR", *_STEP_FOLLOWS) or (previous == "EQUALS" and definition)
            comma = not arithmetic and i in self.with_comma
            if header or (previous == "NAME" and (touches or comma)):
                kind = "LCALL"
            elif begins and not arithmetic:
                values = i in self.before_star
                kind = "LCOUNT" if values else "LGROUP"
        if len(self.open) == DEEPEST and self.piece.sound:
            message = f"brackets are nested more than {DEEPEST} deep"
            help = "give the inner part a name with `def`"
            self.report.error(Code.LIMIT, message, span_of(token), help=help)
            self.piece.sound = False
            self.piece.kind += " too deep"
        self.open.append(values)
        self.piece.tokens.append(Token.new_borrow_pos(kind, str(token), token))


def _subtraction(token: Token) -> list[Token]:
    """`a-b` in arithmetic: names with hyphens are for data sets, not for constants."""
    out: list[Token] = []
    column, start = token.column or 1, token.start_pos or 0
    for part in _parts(token):
        kind = "MINUS" if part == "-" else "INT" if part.isdecimal() and part.isascii() else "NAME"
        end = column + len(part)
        out.append(Token(kind, part, start, token.line, column, token.line, end, start + len(part)))
        column, start = end, start + len(part)
    return out


def _parts(text: str) -> list[str]:
    first, *rest = text.split("-")
    return [first, *(p for part in rest for p in ("-", part))]
