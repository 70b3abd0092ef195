"""A statement as it is written: its lines, steps and branches in words, with the comments and breaks between them.

The tree of `tree.py` says what a text means and has lost how it was laid out; the formatter needs the layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from tuicnn.language.parsing.layout import Piece
from tuicnn.language.writing.trivia import Comment, Gap, Own, gap_between

__all__ = ["LONGEST_LINE", "Brackets", "Branch", "Line", "Segment", "Step", "Words"]

#: columns of a line, its comment not counted
LONGEST_LINE = 100

_OPENERS = frozenset({"LCALL", "LCOUNT", "LPAR", "LSQB"})
_CLOSERS = frozenset({"RPAR", "RSQB"})
_OPERATORS = frozenset({"STAR", "PLUS", "MINUS", "SLASH", "DOUBLESLASH", "PERCENT"})
_NUMBERS = frozenset({"INT", "FLOAT", "SIZE"})
#: tokens before which no space stands, and after which none does
_CLINGS = _CLOSERS | {"COMMA", "LCALL", "EQUALS", "COLON"}
_HOLDS = _OPENERS | {"AT", "EQUALS"}
#: tokens at which the words of a step end
_ENDS_WORDS = frozenset({"ARROW", "LBRACE", "LGROUP", "BAR", "RBRACE", "RPAR"})
_ENDS_CHAIN = frozenset({"BAR", "RBRACE", "RPAR"})


@dataclass(slots=True)
class Branch:
    """One branch in brackets, with the comments that stand before its `|`."""

    lines: list[Line]
    before: Own = field(default_factory=list)


@dataclass(slots=True)
class Brackets:
    """`{ a | b }` or `( a )`: its brackets, its branches, the comments behind its opening and before its closing."""

    opening: str
    closing: str
    branches: list[Branch] = field(default_factory=list)
    after_opening: str = ""
    before_closing: Own = field(default_factory=list)


@dataclass(slots=True)
class Step:
    """One step: `3 * concat`, its brackets if it has any, ` as label`. `flat` is None where it cannot be one line."""

    head: str
    brackets: Brackets | None = None
    tail: str = ""
    #: comments amid its words, and the one behind it
    amid: list[str] = field(default_factory=list)
    after: str = ""
    flat: str | None = None


@dataclass(slots=True)
class Segment:
    """Steps on one line of the text. Every segment of a line but the first is written as beginning with `->`."""

    steps: list[Step] = field(default_factory=list)
    before: Own = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """Segments that arrows join; what stands before the line."""

    segments: list[Segment]
    before: Own = field(default_factory=list)


class Words:
    """Reads the tokens of one statement, which must be right (nothing was reported of it)."""

    def __init__(self, piece: Piece, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        #: numbers of the tokens that begin a line which no arrow joins to the one before it
        self.begins: set[int] = set()
        for token in piece.tokens:
            if token.type == "NEWLINE":
                self.begins.add(len(self.tokens))
            else:
                self.tokens.append(token)
        self.i = 0
        self.amid: list[str] = []
        self.defines = piece.kind == "definition"

    @property
    def kind(self) -> str:
        """The next token's, "" at the end."""
        return self.tokens[self.i].type if self.i < len(self.tokens) else ""

    def gap(self) -> Gap:
        """What stands before the next token."""
        start = self.tokens[self.i - 1].end_pos or 0
        return gap_between(self.text, start, self.tokens[self.i].start_pos or 0)

    # --- words ------------------------------------------------------------------------------------------------------

    def words(self, *, until: str = "", spaced: bool = False) -> str:
        """The next words up to what no step's words hold, or past the token `until`; `spaced`: `a + b`, not `a+b`."""
        out: list[str] = []
        previous, signed, depth = "", False, 0
        while kind := self.kind:
            if depth == 0 and (kind in _ENDS_WORDS or (out and self.i in self.begins)):
                break
            if out:
                self.amid += self.gap().comments()
            token = self.tokens[self.i]
            self.i += 1
            if kind == "COMMA" and self.kind in _CLOSERS:
                continue
            if kind == until and depth == 0:
                break
            depth -= kind in _CLOSERS
            if previous and not (signed or previous in _HOLDS or kind in _CLINGS or self._grown_together(token)):
                out.append(" " if depth == 0 or previous == "COMMA" else "")
            out.append(_spelt(token))
            binary = depth > 0 or spaced
            begins = not previous or previous in _OPERATORS or previous in _HOLDS or previous == "COMMA"
            signed = kind == "MINUS" and (begins or not binary)
            depth += kind in _OPENERS
            previous = kind
        return "".join(out)

    def _grown_together(self, token: Token) -> bool:
        """Whether the token before this one, the last taken, is a number that it touches: `1.5.0`, `10k`.

        Such a mistake is left as it is, so that it can still be seen. `8 k=3` is none, however it is written.
        """
        before = self.tokens[self.i - 2]
        if before.type not in _NUMBERS or before.end_pos != token.start_pos:
            return False
        return token.type in _NUMBERS or (token.type == "NAME" and self.kind != "EQUALS")

    def take_amid(self) -> list[str]:
        """The comments met amid words since the last call."""
        found, self.amid = self.amid, []
        return found

    # --- chains -----------------------------------------------------------------------------------------------------

    def chain(self, before: Own, *, bare: bool = True) -> list[Line]:
        """The lines of a chain; unless `bare`, a new line goes on with it only where an arrow says so."""
        segment = Segment()
        lines = [Line([segment], before)]
        while True:
            step = self._step()
            segment.steps.append(step)
            if not self.kind or self.kind in _ENDS_CHAIN:
                return lines
            ahead = behind = self.gap()
            if self.kind == "ARROW":
                self.i += 1
                behind = self.gap()
                if not (ahead.newline or behind.newline):
                    continue
                if ahead.newline or not bare:
                    segment = Segment(before=list(ahead.own))
                    if ahead.newline:
                        segment.before += _hoisted(behind)
                        step.after = ahead.trailing
                    else:
                        segment.before += behind.own
                        step.after = behind.trailing
                    lines[-1].segments.append(segment)
                    continue
            step.after = behind.trailing
            segment = Segment()
            lines.append(Line([segment], list(behind.own)))

    def _step(self) -> Step:
        step = Step(self.words())
        if self.kind in ("LBRACE", "LGROUP") and not (step.head and self.i in self.begins):
            if step.head:
                self.amid += self.gap().comments()
            step.amid = self.take_amid()
            step.flat = self._brackets(step)
        else:
            step.amid = self.take_amid()
            step.flat = step.head
        return step

    def _brackets(self, step: Step) -> str | None:
        """Read a step's brackets and what follows it; the step in one line where that can be."""
        first = self.tokens[self.i]
        brace = first.type == "LBRACE"
        brackets = step.brackets = Brackets("{" if brace else "(", "}" if brace else ")")
        self.i += 1
        gap = self.gap()
        brackets.after_opening = gap.trailing
        branch = Branch(self.chain(_stripped(gap.own, first=True)))
        brackets.branches.append(branch)
        while True:
            gap = self.gap()
            branch.lines[-1].segments[-1].steps[-1].after = gap.trailing
            self.i += 1
            if self.tokens[self.i - 1].type != "BAR":
                break
            before: Own = [*gap.own, *_hoisted(self.gap())]
            branch = Branch(self.chain([]), before)
            brackets.branches.append(branch)
        brackets.before_closing = _stripped(gap.own, first=False)
        last = self.tokens[self.i - 1]
        if self.kind and self.i not in self.begins:
            tail = self.words()
            step.tail = f" {tail}" if tail else ""
        return _flat(step, brackets) if first.line == last.line else None


def _flat(step: Step, brackets: Brackets) -> str | None:
    """A step with its brackets in one line; None where it is too long for any."""
    space = " " if brackets.opening == "{" else ""
    parts = []
    for branch in brackets.branches:
        steps = [inner.flat for inner in branch.lines[0].segments[0].steps]
        whole = [flat for flat in steps if flat is not None]
        if len(whole) < len(steps):
            return None
        parts.append(" -> ".join(whole))
    head = f"{step.head} " if step.head else ""
    flat = f"{head}{brackets.opening}{space}{' | '.join(parts)}{space}{brackets.closing}{step.tail}"
    return flat if len(flat) <= LONGEST_LINE else None


def _spelt(token: Token) -> str:
    if token.type == "SIZE":
        return token.replace("X", "x").replace("×", "x")
    return str(token)


def _hoisted(gap: Gap) -> Own:
    """The comments of a gap behind a mark that begins a line: they move to lines before it."""
    return [Comment(text) for text in gap.comments()]


def _stripped(own: tuple[Comment | None, ...], *, first: bool) -> Own:
    """Without the empty line at the start, or at the end."""
    if own and own[0 if first else -1] is None:
        own = own[1:] if first else own[:-1]
    return list(own)
