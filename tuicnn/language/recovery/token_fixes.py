"""The tokens of a text while they are fixed.

A rule looks at the tokens from a number on and gives a `TokenFix` or nothing. A fix is reported with its edits, and the
same edits are made among the tokens, so that the rules after it, and the grammar, read what was meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from lark import Token

from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import Fix, after, line_end, start
from tuicnn.language.names import join_words
from tuicnn.language.report import Report
from tuicnn.language.suggest import layer_called
from tuicnn.language.syntax.building import span_of
from tuicnn.language.syntax.grammar import tokens
from tuicnn.vocabulary import vocabulary

__all__ = [
    "CLOSERS", "NUMBERS", "Recovery", "Rule", "Rules", "TokenFix", "inserted", "removed", "replaced", "statement_kind",
]  # fmt: skip

#: the token that closes each bracket
CLOSERS = {"LPAR": "RPAR", "LBRACE": "RBRACE", "LSQB": "RSQB"}
NUMBERS = ("INT", "FLOAT", "SIZE")
#: so many `(` in a row are looked through
_DEEP = 50
#: tokens after which a step begins
_BEFORE_STEP = frozenset({"NEWLINE", "ARROW", "BAR", "LBRACE", "STAR", "SEMICOLON"})


@dataclass(frozen=True)
class TokenFix:
    """What is wrong with the tokens from `first` to `last`, and edits: (start, stop, text) for tokens[start:stop].

    Where start is stop, the text is put in: before tokens[start] if it ends in a space, else behind the one before.
    """

    message: str
    first: int
    last: int
    edits: tuple[tuple[int, int, str], ...]
    safe: bool = True
    label: str = ""
    more: str = ""
    #: what is read in the place of the first edit, where it is not its text
    read: str | None = None
    #: the token to go on with; that behind the first edit unless given
    resume: int | None = None


def replaced(message: str, first: int, last: int, text: str, **more: object) -> TokenFix:
    """Another text for all that is marked."""
    return TokenFix(message, first, last, ((first, last + 1, text),), **more)  # type: ignore[arg-type]


def removed(message: str, first: int, last: int, **more: object) -> TokenFix:
    """What is marked is too much."""
    return replaced(message, first, last, "", **more)


def inserted(message: str, first: int, last: int, at: int, text: str, **more: object) -> TokenFix:
    """A text is missing before tokens[at]."""
    return TokenFix(message, first, last, ((at, at, text),), **more)  # type: ignore[arg-type]


def statement_kind(stream: Sequence[Token], i: int) -> str:
    """The kind of the statement that begins with tokens[i]: definition, constant, setting or chain."""
    if stream[i].type != "NAME":
        return "definition" if stream[i].type == "DEF" else "chain"
    j = i + 1
    while j < len(stream) and stream[j].type == "NEWLINE":
        j += 1
    following = stream[j].type if j < len(stream) else ""
    if following == "EQUALS":
        return "constant"
    return "setting" if following == "COLON" and j == i + 1 else "chain"


class Recovery:
    """The tokens of a text, what is known of its names, and where problems are put."""

    def __init__(self, stream: list[Token], report: Report) -> None:
        self.tokens = stream
        self.report = report
        #: where statements have brackets that were guessed: their steps tell nothing of shapes
        self.unsound: list[int] = []
        #: the blocks that the text defines; all names of steps; names that have a value, or are a block's parameters
        self.blocks: set[str] = set()
        self.steps: set[str] = set()
        self.constants: set[str] = set()
        #: how often each name is written
        self.written: Counter[str] = Counter()

    def learn_names(self) -> None:
        """Look over the tokens for what is said of names."""
        self.blocks = {str(b) for a, b in pairwise(self.tokens) if a.type == "DEF"}
        self.steps = {*vocabulary("layer"), "residual", *self.blocks}
        self.written = Counter(str(t) for t in self.tokens if t.type == "NAME")
        for a, b in pairwise(self.tokens):
            if a.type in ("LPAR", "COMMA") and b.type == "NAME":
                self.constants.add(str(b))
            elif a.type == "NAME" and b.type == "EQUALS":
                self.constants.add(str(a))
        self.constants -= self.steps

    @cached_property
    def names_x(self) -> bool:
        """Whether `x` is a name of the text, and no mark between two numbers."""
        return any(a in ("x", "X") for a, b in pairwise(self.tokens) if b.type in ("EQUALS", "COMMA", "RPAR"))

    # --- looking ----------------------------------------------------------------------------------------------------

    def kind(self, i: int) -> str:
        """The type of a token; "" outside of the text."""
        return self.tokens[i].type if 0 <= i < len(self.tokens) else ""

    def word(self, i: int) -> str:
        """What a token says; "" outside of the text."""
        return str(self.tokens[i]) if 0 <= i < len(self.tokens) else ""

    def text(self, start: int, stop: int) -> str:
        """What is written in tokens[start:stop]."""
        return excerpt(self.span(start, stop - 1)) if start < stop else ""

    def span(self, first: int, last: int) -> Span:
        """The place of tokens, from the first to the last."""
        return span_of(self.tokens[first], self.tokens[last])

    def touches(self, i: int) -> bool:
        """Whether no space stands before a token."""
        return 0 < i < len(self.tokens) and self.tokens[i - 1].end_pos == self.tokens[i].start_pos

    def line_end(self, i: int) -> int:
        """The number of the newline that ends the line of a token, or of the end of the text."""
        return next((j for j in range(i, len(self.tokens)) if self.tokens[j].type == "NEWLINE"), len(self.tokens))

    def depth(self, i: int) -> int:
        """How many brackets of values, which were opened on its line, are open before a token."""
        depth = 0
        while i > 0 and self.tokens[i - 1].type != "NEWLINE":
            i -= 1
            depth += (self.tokens[i].type in ("LPAR", "LSQB")) - (self.tokens[i].type in ("RPAR", "RSQB"))
        return max(depth, 0)

    def match(self, i: int) -> int | None:
        """The bracket that closes the one at `i`; None where none does."""
        depth = 0
        for j in range(i, len(self.tokens)):
            depth += self.tokens[j].type in CLOSERS
            depth -= self.tokens[j].type in _CLOSING
            if depth == 0:
                return j
        return None

    def holds_values(self, i: int) -> bool:
        """Whether a bracket holds values, and no steps."""
        if self.kind(i) != "LPAR" or (self.kind(i - 1) == "NAME" and self.touches(i)):
            return self.kind(i) != "LBRACE" and self.word(i - 1) not in join_words()
        if self.kind(i - 1) == "EQUALS":
            return self.kind(i - 3) != "DEF" and self.kind(i - 2) != "RPAR"
        return not self.begins_step(i)

    def is_step(self, i: int) -> bool:
        """Whether a token names a layer or a block, in whatever case or by another name."""
        if self.kind(i) != "NAME":
            return False
        text = self.word(i)
        if text in self.steps:
            return True
        plain = text.casefold().rpartition(".")[2].replace("_", "").replace("-", "")
        if len(plain) < 2:
            return False
        return layer_called(plain) is not None or not {plain, re.sub("[12]d$", "", plain)}.isdisjoint(self.steps)

    def begins_step(self, i: int) -> bool:
        """Whether a step may begin with a token."""
        first = i - 1
        while first >= 0 and self.kind(first) == "LPAR" and i - first < _DEEP:
            first -= 1
        return first < 0 or self.kind(first) in _BEFORE_STEP

    # --- fixing -----------------------------------------------------------------------------------------------------

    def fix(self, found: TokenFix, *, quiet: bool = False) -> int:
        """Report a fix, unless `quiet`, and make its edits among the tokens; the number of the token to go on with."""
        marked = self.span(found.first, found.last)
        whole = (found.first, found.last + 1)
        places = (None if (a, b) == whole else self._place(a, b, text, marked) for a, b, text in found.edits)
        fix = Fix(tuple(zip(places, (text for _, _, text in found.edits), strict=True)), found.safe, found.more)
        if not quiet:
            self.report.error(Code.SYNTAX, found.message, marked, label=found.label, help=fix)
        behind = 0
        for n, (begin, end, text) in reversed(list(enumerate(found.edits))):
            made = self._read(text if n or found.read is None else found.read, begin, end)
            self.tokens[begin:end] = made
            behind = begin + len(made)
        return behind if found.resume is None else found.resume

    def _place(self, begin: int, end: int, text: str, marked: Span) -> Span:
        if begin < end:
            span = self.span(begin, end - 1)
            line = span.line == span.end_line == marked.line
            if text.endswith("(") and line and self.kind(end) not in ("", "NEWLINE"):
                span = replace(span, end_column=self.tokens[end].column or 1)
            if text == ")" and line and self.kind(begin - 1) not in ("", "NEWLINE"):
                span = replace(span, column=self.tokens[begin - 1].end_column or 1)
            return span
        if begin == 0 or text.endswith(" "):
            return start(self.span(begin, begin))
        before = self.span(begin - 1, begin - 1)
        return after(before) if before.end_line == marked.line else line_end(before.source, before.end_line)

    def _read(self, text: str, begin: int, end: int) -> list[Token]:
        """The tokens of a text, in the places of those that they stand for."""
        old = self.tokens[begin:end]
        timed = self.kind(begin - 1) == "EQUALS"  # only then is `30s` a time
        out: list[Token] = []
        place = Token("", "", 0, 1, 1, 1, 1, 0)
        if old:
            a, b = old[0], old[-1]
            place = Token("", "", a.start_pos, a.line, a.column, b.end_line, b.end_column, b.end_pos)
        elif self.tokens:
            place = _behind(self.tokens[begin - 1]) if begin else self.tokens[0]
        each = (place.end_pos or 0) - (place.start_pos or 0) == len(text)  # character for character
        for token in tokens("=" + text)[1:] if timed else tokens(text):
            same = next((n for n, t in enumerate(old) if t.type == token.type and t == token), None)
            if same is not None:
                out.append(old[same])
                old = old[same + 1 :]
            elif each:
                at = (token.start_pos or 0) - timed
                begins, column, size = (place.start_pos or 0) + at, (place.column or 1) + at, len(token)
                line = place.line
                out.append(Token(token.type, str(token), begins, line, column, line, column + size, begins + size))
            else:
                out.append(Token.new_borrow_pos(token.type, str(token), place))
                place = _behind(place)
        return out

    def join(self, begin: int, end: int, kind: str, text: str) -> None:
        """Read tokens[begin:end] as one."""
        first, last = self.tokens[begin], self.tokens[end - 1]
        self.tokens[begin:end] = [
            Token(kind, text, first.start_pos, first.line, first.column, last.end_line, last.end_column, last.end_pos)
        ]

    def scan(self, rules: Rules, begin: int = 0, end: int | None = None) -> int:
        """Try the rules for each token's kind in turn, up to tokens[end]; where the range ends then."""
        i = begin
        left = len(self.tokens) - (len(self.tokens) if end is None else end)
        while i < len(self.tokens) - left:
            found = None
            for rule in rules.get(self.tokens[i].type, ()):
                found = rule(self, i)
                if found is not None:
                    break
            i = i + 1 if found is None else self.fix(found)
        return len(self.tokens) - left


def _behind(token: Token) -> Token:
    """A token of no width behind another one."""
    line, column, end = token.end_line, token.end_column, token.end_pos
    return Token("", "", end, line, column, line, column, end)


_CLOSING = frozenset(CLOSERS.values())
Rule = Callable[[Recovery, int], TokenFix | None]
#: the rules for each kind of token
Rules = Mapping[str, Sequence[Rule]]
