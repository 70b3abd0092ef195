"""Text to tree, statement by statement: an error in one does not affect the others."""

from __future__ import annotations

from functools import cache

from lark import Token, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from tuicnn.language.diagnostics import Code, Source, Span
from tuicnn.language.parsing.layout import Piece, layout
from tuicnn.language.parsing.unexpected import explain
from tuicnn.language.recovery.recover import recover
from tuicnn.language.report import Report
from tuicnn.language.syntax.building import current, span_of
from tuicnn.language.syntax.grammar import parser, tokens
from tuicnn.language.syntax.tree import Chain, Constant, Definition, Name, Setting, Statement, Step, Tree, Unreadable
from tuicnn.limits import NET_BYTES
from tuicnn.system.lines import plain_lines

__all__ = ["MOST_TOKENS", "parse"]

#: most tokens of a text: those of ten thousand layers
MOST_TOKENS = 60_000


def parse(source: Source, report: Report) -> Tree:
    """The tree of any text whatever; what could not be read is reported and stands in it as unreadable."""
    before = current.set(source)
    try:
        stream = tokens(plain_lines(source.text), MOST_TOKENS + 1) if len(source.text) <= NET_BYTES else []
        report.found.words = max(report.found.words, len(stream))
        if len(stream) > MOST_TOKENS or len(source.text) > NET_BYTES:
            return Tree(source, (_too_long(source, stream, report),))
        read = recover(stream, report)
        return Tree(source, tuple(_statement(piece, report) for piece in layout(read.tokens, report, read.unsound)))
    finally:
        current.reset(before)


def _too_long(source: Source, stream: list[Token], report: Report) -> Statement:
    """A text that is not read, so that none takes long: a network of so many words repeats itself."""
    span = span_of(stream[-1]) if stream else Span(1, 1, 1, 1, source)
    much = f"{MOST_TOKENS:,} words and marks" if stream else f"{NET_BYTES:,} characters"
    help = "repeat layers with `100 * …`, and give what comes again a name with `def`"
    report.error(Code.LIMIT, f"the text is longer than {much}", span, help=help)
    return Chain((Step((), Unreadable(span), None, span),), span)


@cache
def _begin() -> InteractiveParser:
    """Lark's parser where a statement begins; its state is copied for each one, and the parser told to begin once."""
    return parser().parse_interactive("")


def _statement(piece: Piece, report: Report) -> Statement:
    if piece.kind.endswith("too deep"):
        return _unreadable(piece)
    begin = _begin()
    state = begin.parser_state.copy()
    try:
        for token in piece.tokens:
            state.feed_token(token)
        found: Statement = state.feed_token(Token.new_borrow_pos("$END", "", piece.tokens[-1]), is_end=True)
    except UnexpectedToken as unexpected:
        if piece.sound and unexpected.token.end_pos != unexpected.token.start_pos:  # what was put in was told
            stopped = InteractiveParser(begin.parser, state, begin.lexer_thread)
            expected: set[str] = stopped.accepts()  # type: ignore[no-untyped-call]
            said = explain(unexpected.token, piece.tokens, expected)
            report.error(Code.SYNTAX, said.message, span_of(said.first, said.last), help=said.help)
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
