"""Between the lexer and the grammar: cuts a text into statements whose tokens the grammar can read.

Newlines stay only where they join the lines of a chain; brackets are paired; the four kinds of `(` are told apart.
The mistakes people make most are reported here with what to write instead, and repaired, so that reading goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lark import Token

from tuicnn.language.codes import Code
from tuicnn.language.diagnostics import Note
from tuicnn.language.fixes import remove, write
from tuicnn.language.report import Report
from tuicnn.language.syntax.brackets import DEEPEST, Open, Pairs, pair
from tuicnn.language.syntax.building import span_of
from tuicnn.language.syntax.mistakes import correct

__all__ = ["Piece", "layout"]

#: tokens after which, and before which, a newline means nothing
_CONTINUES = frozenset({"ARROW", "BAR", "LBRACE", "LGROUP", "LCALL", "LCOUNT", "LPAR", "LSQB", "COMMA", "EQUALS"})
_JOINS = frozenset({"ARROW", "BAR", "LBRACE", "RBRACE", "RPAR", "RSQB", "COMMA", "EQUALS"})
#: tokens after which a step begins
_STEP_FOLLOWS = frozenset({"ARROW", "NEWLINE", "BAR", "LBRACE", "LGROUP"})
#: tokens that begin a value and no step
_VALUES = frozenset({"INT", "FLOAT", "SIZE", "STRING", "MINUS", "LPAR", "LSQB"})
_CLOSES = {"RPAR": "(", "RBRACE": "{", "RSQB": "["}
_CLOSER = {"(": ("RPAR", ")"), "{": ("RBRACE", "}"), "[": ("RSQB", "]")}


@dataclass
class Piece:
    """One statement's tokens. `sound` is False where brackets were amiss: its steps then tell nothing of shapes."""

    kind: str
    tokens: list[Token] = field(default_factory=list)
    sound: bool = True
    #: whether its `=` outside of brackets was met
    equals_seen: bool = False


def layout(stream: list[Token], report: Report) -> Iterator[Piece]:
    """The statements of a text, in its order."""
    stream = correct(stream, report)
    return _Layout(stream, pair(stream), report).pieces()


class _Layout:
    def __init__(self, stream: list[Token], pairs: Pairs, report: Report) -> None:
        self.stream = stream
        self.pairs = pairs
        self.report = report
        self.piece = Piece("chain")
        self.open: list[Open] = []
        self.opened: Counter[str] = Counter()
        self.chain_seen = False

    def pieces(self) -> Iterator[Piece]:
        for i, token in enumerate(self.stream):
            if token.type == "NEWLINE":
                if self._ends_statement(i, token):
                    yield from self._finish()
                continue
            out = self.piece.tokens
            if not out:
                self.piece.kind = self._kind(i)
            elif token.type == "ARROW" and self.piece.kind in ("setting", "constant") and not self.open:
                what = "setting" if self.piece.kind == "setting" else "constant"
                self.report.error(
                    Code.SYNTAX,
                    f"a {what} ends with its line",
                    span_of(token),
                    label="no layer can follow here",
                    help=write("\n"),
                )
                yield from self._finish()
                continue
            self._take(i, token)
        yield from self._finish()

    # --- statements -------------------------------------------------------------------------------------------------

    def _kind(self, i: int) -> str:
        if self.stream[i].type == "DEF":
            return "definition"
        if self.stream[i].type != "NAME":
            return "chain"
        after = i + 1
        while after < len(self.stream) and self.stream[after].type == "NEWLINE":
            after += 1
        following = self.stream[after].type if after < len(self.stream) else ""
        if following == "EQUALS":
            return "constant"
        return "setting" if following == "COLON" and after == i + 1 else "chain"

    def _ends_statement(self, i: int, token: Token) -> bool:
        """Deal with a newline: keep it, drop it, or say that the statement ends here."""
        out = self.piece.tokens
        if not out:
            return False
        following = next((t for t in self.stream[i + 1 : i + 2] if t.type != "NEWLINE"), None)
        if following is None:  # the last of several newlines decides
            return i + 1 >= len(self.stream)
        begins = self._kind(i + 1) != "chain"
        significant = out[-1].type not in _CONTINUES and following.type not in _JOINS
        if not self.open:
            if begins:
                return True
            if self.piece.kind in ("setting", "constant"):
                return len(out) > 1 and (out[-1].type != "EQUALS" or following.type not in _VALUES)
            return significant
        inner = self.open[-1]
        if begins and (significant or self._kind(i + 1) != "constant"):
            return True
        if inner.arithmetic:
            if significant and out[-1].type not in ("PLUS", "MINUS", "STAR", "SLASH", "DOUBLESLASH", "PERCENT"):
                self._never_closed(inner)
                return self._ends_statement(i, token)
        elif significant:
            out.append(token)
        return False

    def _finish(self) -> Iterator[Piece]:
        while self.open:
            self._never_closed(self.open[-1])
        self._drop_arrow()
        if self.piece.tokens:
            self.chain_seen |= self.piece.kind == "chain"
            yield self.piece
        self.piece = Piece("chain")

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _take(self, i: int, token: Token) -> None:
        out = self.piece.tokens
        previous = out[-1].type if out else ""
        arithmetic = self.open[-1].arithmetic if self.open else self.piece.kind == "constant"
        if token.type == "ARROW":
            self._arrow(token, previous)
        elif token.type == "COMMA" and not arithmetic:
            self._comma(token)
        elif token.type in ("LPAR", "LBRACE", "LSQB"):
            self._opening(i, token, previous, arithmetic)
        elif token.type in _CLOSES:
            self._closing(token)
        elif token.type == "BAR":
            self._drop_arrow()
            self._nothing_between(token)
            out.append(token)
        elif token.type == "NAME" and arithmetic and 0 < token.count("-") <= 100:
            out += _subtraction(token)
        else:
            self.piece.equals_seen |= token.type == "EQUALS" and not self.open
            out.append(token)

    def _arrow(self, token: Token, previous: str) -> None:
        if previous == "ARROW":
            self.report.error(Code.SYNTAX, "two arrows with nothing between them", span_of(token), help=remove())
        elif previous in ("BAR", "LBRACE", "LGROUP") or (not previous and not self.chain_seen):
            self.report.error(
                Code.SYNTAX,
                "nothing stands before `->`",
                span_of(token),
                help=remove(more=", or write a layer before it"),
            )
        elif previous:
            self.piece.tokens.append(token)

    def _drop_arrow(self) -> None:
        """Take away an arrow that leads nowhere."""
        out = self.piece.tokens
        while out and out[-1].type in ("ARROW", "NEWLINE"):
            if out[-1].type == "ARROW":
                self.report.error(
                    Code.SYNTAX,
                    "nothing follows `->`",
                    span_of(out[-1]),
                    help=remove(more=", or write the next layer after it"),
                )
            out.pop()

    def _comma(self, token: Token) -> None:
        self.report.error(
            Code.SYNTAX,
            "arguments are separated by spaces, not by commas",
            span_of(token),
            help=remove(safe=True, more=" (commas belong in parentheses and lists: `basic(8, k=3)`, `[1, 2]`)"),
        )

    def _nothing_between(self, token: Token) -> None:
        out = self.piece.tokens
        if out and out[-1].type in ("LBRACE", "BAR", "LGROUP"):
            branch = out[-1].type != "LGROUP"
            alone = out[-1].type == "LBRACE" and token.type == "RBRACE" and len(out) > 1 and out[-2] != "residual"
            inner = "identity | identity" if alone else "identity"
            self.report.error(
                Code.SYNTAX,
                "a branch with nothing in it" if branch else "a group with nothing in it",
                span_of(out[-1], token),
                help=write(f"{out[-1]} {inner} {token}", more=": it passes its input on" if branch else ""),
            )
            self.piece.sound = False
            out.append(Token.new_borrow_pos("NAME", "identity", token))

    def _opening(self, i: int, token: Token, previous: str, arithmetic: bool) -> None:
        out = self.piece.tokens
        kind, inner_arithmetic = token.type, True
        if token.type == "LBRACE":
            inner_arithmetic = False
        elif token.type == "LPAR":
            name_before = previous == "NAME" and self.pairs.touches(i)
            header = self.piece.kind == "definition" and not self.open and not self.piece.equals_seen
            step = not arithmetic and (
                not out
                or previous in _STEP_FOLLOWS
                or previous == "STAR"
                or (previous == "EQUALS" and self.piece.kind == "definition" and not self.open)
            )
            if name_before or header or (previous == "NAME" and not arithmetic and i in self.pairs.with_comma):
                kind = "LCALL"
            elif step:
                kind = "LCOUNT" if i in self.pairs.before_star else "LGROUP"
                inner_arithmetic = kind == "LCOUNT"
        if len(self.open) == DEEPEST and self.piece.sound:
            self.report.error(
                Code.LIMIT,
                f"brackets are nested more than {DEEPEST} deep",
                span_of(token),
                help="give the inner part a name with `def`",
            )
            self.piece.sound = False
            self.piece.kind += " too deep"
        opening = Token.new_borrow_pos(kind, str(token), token)
        self.open.append(Open(opening, inner_arithmetic))
        self.opened[str(token)] += 1
        out.append(opening)

    def _closing(self, token: Token) -> None:
        wanted = _CLOSES[token.type]
        if not self.opened[wanted]:
            notes = (
                (Note("the bracket opened last was opened here", span_of(self.open[-1].token)),) if self.open else ()
            )
            self.report.error(
                Code.SYNTAX,
                f"`{token}` closes nothing",
                span_of(token),
                label=f"no `{wanted}` is open here",
                help=remove(more=f", or write the `{wanted}` that it should close"),
                notes=notes,
            )
            self.piece.sound = False
            return
        while str(self.open[-1].token) != wanted:
            self._never_closed(self.open[-1])
        self._drop_arrow()
        if token.type == "RBRACE" or self.open[-1].token.type == "LGROUP":
            self._nothing_between(token)
        self.opened[str(self.open.pop().token)] -= 1
        self.piece.tokens.append(token)

    def _never_closed(self, opened: Open) -> None:
        """Close a bracket that the text leaves open."""
        kind, mark = _CLOSER[str(opened.token)]
        report = self.report if "deep" not in self.piece.kind else self.report.muted()
        report.error(
            Code.SYNTAX,
            f"this `{opened.token}` has no `{mark}`",
            span_of(opened.token),
            label="opened here, never closed",
            help=f"write `{mark}` where it should end",
        )
        self.piece.sound = False
        out = self.piece.tokens
        while out and out[-1].type in ("ARROW", "NEWLINE", "BAR", "COMMA"):
            out.pop()
        self.opened[str(self.open.pop().token)] -= 1
        out.append(Token.new_borrow_pos(kind, mark, out[-1]))


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
