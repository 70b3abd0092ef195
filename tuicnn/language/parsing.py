"""Text to tree: statement by statement, so that what cannot be read in one does not keep the others from being read."""

from __future__ import annotations

from lark import Token, UnexpectedToken

from .building import current, span_of
from .codes import Code
from .diagnostics import Source, plain_lines
from .grammar import parser, tokens
from .layout import Piece, layout
from .report import Report
from .tree import Chain, Constant, Definition, Name, Setting, Statement, Step, Tree, Unreadable
from .unexpected import explain

__all__ = ["parse"]


def parse(source: Source, report: Report) -> Tree:
    """The tree of any text whatever; what could not be read is reported and stands in it as unreadable."""
    before = current.set(source)
    try:
        return Tree(
            source, tuple(_statement(piece, report) for piece in layout(tokens(plain_lines(source.text)), report))
        )
    finally:
        current.reset(before)


def _statement(piece: Piece, report: Report) -> Statement:
    if piece.kind.endswith("too deep"):
        return _unreadable(piece)
    state = parser().parse_interactive("")
    try:
        for token in piece.tokens:
            state.feed_token(token)
        found: Statement = state.feed_eof(piece.tokens[-1])  # type: ignore[no-untyped-call]
    except UnexpectedToken as unexpected:
        if piece.sound:
            expected: set[str] = state.accepts()  # type: ignore[no-untyped-call]
            message, token, label, help = explain(unexpected.token, piece.tokens, expected)
            report.error(Code.SYNTAX, message, span_of(token), label=label, help=help)
        return _unreadable(piece)
    if piece.sound:
        return found
    return _mark(found)


def _mark(found: Statement) -> Statement:
    """Let nothing be concluded about shapes from a chain whose brackets were amiss."""
    if isinstance(found, Chain):
        return Chain((Step((), Unreadable(found.span), None, found.span), *found.steps), found.span)
    if isinstance(found, Definition) and found.chain is not None:
        return Definition(found.name, found.parameters, None, found.span)
    return found


def _unreadable(piece: Piece) -> Statement:
    """What can be known of a statement that cannot be read: its kind and its name, so that uses of it find it."""
    first, last = piece.tokens[0], piece.tokens[-1]
    span = span_of(first, last)
    kind = piece.kind.split()[0]
    named = next((t for t in piece.tokens[:2] if t.type == "NAME"), Token("NAME", ""))
    name = Name(str(named), span_of(named) if named else span)
    if kind == "setting":
        return Setting(name, (), span, readable=False)
    if kind == "constant":
        return Constant(name, None, span)
    if kind == "definition":
        return Definition(name, (), None, span)
    return Chain((Step((), Unreadable(span), None, span),), span)
