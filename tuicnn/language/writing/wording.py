"""The words of a statement as they are written, step by step, with the comments and breaks between them.

The tree of `tree.py` says what a text means and has lost how it was laid out; the formatter needs the layout.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from tuicnn.language.parsing.layout import Piece
from tuicnn.language.writing.trivia import Gap, gap_between

__all__ = ["LONGEST_LINE", "Step", "Words"]

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
#: brackets around steps, each with what closes it and the space inside of it
_AROUND_STEPS = {"LBRACE": ("{", "}", " "), "LGROUP": ("(", ")", "")}


@dataclass(frozen=True, slots=True)
class Step:
    """A step up to the bracket that begins its branches, if it has any: `3 * concat`.

    `flat` is all of it in one line, up to the token `end`; None where it takes more lines, or is too long for one.
    """

    head: str
    flat: str | None
    end: int
    #: its brackets, "" for none
    opening: str = ""
    closing: str = ""
    #: comments amid its words
    amid: tuple[str, ...] = ()


class Words:
    """Reads the tokens of one statement, which must be right (nothing was reported of it)."""

    def __init__(self, piece: Piece, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        #: the number of the token that closes each bracket
        self.closer: dict[int, int] = {}
        #: numbers of the tokens that begin a line which no arrow joins to the one before it
        self.begins: set[int] = set()
        for token in piece.tokens:
            if token.type == "NEWLINE":
                self.begins.add(len(self.tokens))
            else:
                self.tokens.append(token)
        opened: list[int] = []
        for i, token in enumerate(self.tokens):
            if token.type in _OPENERS or token.type in _AROUND_STEPS:
                opened.append(i)
            elif token.type in _CLOSERS or token.type == "RBRACE":
                self.closer[opened.pop()] = i
        self.i = 0
        self.amid: list[str] = []

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

    def take_amid(self) -> tuple[str, ...]:
        """The comments met amid words since the last call."""
        found, self.amid = tuple(self.amid), []
        return found

    # --- steps ------------------------------------------------------------------------------------------------------

    def step(self) -> Step:
        """The next step; goes on at its bracket, or behind it where it has none."""
        head = self.words()
        if self.kind not in _AROUND_STEPS or (head and self.i in self.begins):
            return Step(head, head, self.i, amid=self.take_amid())
        if head:
            self.amid += self.gap().comments()
        amid, begin = self.take_amid(), self.i
        opening, closing, _ = _AROUND_STEPS[self.kind]
        flat = self._flat(f"{head} " if head else "")
        end, self.i = self.i, begin
        return Step(head, flat, end, opening, closing, amid)

    def _flat(self, out: str) -> str | None:
        """`out`, and the brackets that begin here with what follows them in the same step, in one line."""
        first, last = self.tokens[self.i], self.tokens[self.closer[self.i]]
        if first.line != last.line:
            return None
        opening, closing, space = _AROUND_STEPS[first.type]
        joint = f"{opening}{space}"
        while joint:
            self.i += 1
            head = self.words()
            out += joint + head
            if self.kind in _AROUND_STEPS:
                inner = self._flat(f"{out} " if head else out)
                if inner is None:
                    return None
                out = inner
            if len(out) > LONGEST_LINE:  # inner brackets are tried again: none is read to its end for nothing
                return None
            joint = {"ARROW": " -> ", "BAR": " | "}.get(self.kind, "")
        self.i += 1
        out += f"{space}{closing}{self.tail()}"
        return out if len(out) <= LONGEST_LINE else None

    def tail(self) -> str:
        """What follows brackets in the same step: ` as label`."""
        tail = self.words() if self.kind and self.i not in self.begins else ""
        return f" {tail}" if tail else ""


def _spelt(token: Token) -> str:
    if token.type == "SIZE":
        return token.replace("X", "x").replace("×", "x")
    return str(token)
