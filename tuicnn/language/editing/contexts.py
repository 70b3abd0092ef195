"""What can be written at a place, by the tokens before it: a text that is being written has no tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

from lark import Token

from tuicnn.language.syntax.grammar import tokens
from tuicnn.language.syntax.reading import LARGEST

from .mentions import Place

__all__ = ["Context", "Expected", "context_at"]


class Expected(Enum):
    """What may stand at a place."""

    NOTHING = auto()
    STATEMENT = auto()
    STEP = auto()
    #: an argument of `word`, in a step or, with `setting`, after the name of one
    ARGUMENT = auto()
    #: the value of the argument `option`
    VALUE = auto()
    #: the arguments of a call in parentheses, or an initialiser's
    CALL = auto()
    COMPUTED = auto()
    LABEL = auto()
    FILE = auto()


@dataclass(frozen=True)
class Context:
    """What may stand at a place; `begun` is the part of a word that stands there already."""

    expected: Expected
    begun: str = ""
    #: the setting on whose line it is, or ""
    setting: str = ""
    #: the layer, block or chosen word whose argument it is, or ""
    word: str = ""
    option: str = ""
    #: options that are given already, and how many values stand by their place
    given: tuple[str, ...] = ()
    placed: int = 0
    #: whether a branch begins here, where `@label` may stand
    branch: bool = False


_STARTERS = frozenset({"ARROW", "BAR", "LBRACE"})
#: brackets
_CLOSING = frozenset({"RPAR", "RSQB", "RBRACE"})
_OPENING = frozenset({"LPAR", "LSQB", "LBRACE"})


def context_at(lines: Sequence[str], place: Place) -> Context:
    """What may stand at a place of any text, whose lines these are."""
    line, column = place
    before = lines[line - 1][: column - 1]
    text = "\n".join([*lines[: line - 1], before])
    if _in_comment(before) or len(text) > LARGEST // 4:
        return Context(Expected.NOTHING)
    found = [t for t in tokens(text) if t.type != "BLANK"]
    begun = ""
    if found and found[-1].type in ("NAME", "DEF", "AS") and found[-1].end_pos == len(text):
        begun = str(found.pop())
    if found and found[-1].type == "OPEN_STRING":
        quoted = str(found[-1])[1:]
        is_include = [t.type for t in found[-3:-1]] == ["NAME", "COLON"] and str(found[-3]) == "include"
        return Context(Expected.FILE, quoted) if is_include else Context(Expected.NOTHING)
    if found and found[-1].end_pos == len(text) and found[-1].type in ("INT", "FLOAT", "SIZE", "STRING"):
        return Context(Expected.NOTHING)  # `8` is being written; nothing of ours goes on from it
    return replace(_BackwardReader(found).context(), begun=begun)


def _in_comment(line: str) -> bool:
    quoted = False
    for i, character in enumerate(line):
        if character == '"' and (i == 0 or line[i - 1] != "\\"):
            quoted = not quoted
        elif character == "#" and not quoted:
            return True
    return False


class _BackwardReader:
    """Goes back from the end of the tokens to where the step, the call or the statement begins."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found

    def context(self) -> Context:
        i = len(self.found)
        while i > 0:
            token = self.found[i - 1]
            if token.type in _CLOSING:
                i = self._matching(i - 1)
                continue
            if token.type == "NEWLINE" and self._ends_statement(i - 1):
                return self._statement(self.found[i:])
            if token.type in _STARTERS:
                return self._step(self.found[i:], branch=token.type != "ARROW")
            if token.type == "LSQB":
                return Context(Expected.COMPUTED)
            if token.type == "LPAR":
                return self._parenthesis(i - 1)
            i -= 1
        return self._statement(self.found)

    def _matching(self, i: int) -> int:
        """The index of the bracket that the closing one at `i` closes."""
        depth = 0
        for j in range(i, -1, -1):
            if self.found[j].type in _CLOSING:
                depth += 1
            elif self.found[j].type in _OPENING:
                depth -= 1
                if depth == 0:
                    return j
        return 0

    def _ends_statement(self, i: int) -> bool:
        """Whether a newline ends what stands before it: not where a line goes on, nor in arithmetic."""
        if i == 0:
            return True
        before = self.found[i - 1].type
        return before not in (*_STARTERS, "EQUALS", "COMMA", "LPAR", "LSQB")

    def _parenthesis(self, i: int) -> Context:
        """Inside a `(`: a call's, a block's parameters, a group of steps, or arithmetic."""
        inside = self.found[i + 1 :]
        before = self.found[i - 1] if i else None
        if before is not None and before.type == "NAME" and before.end_pos == self.found[i].start_pos:
            if i >= 2 and self.found[i - 2].type == "DEF":  # a default is computed, a name is one's own
                computed = bool(inside) and inside[-1].type == "EQUALS"
                return Context(Expected.COMPUTED if computed else Expected.NOTHING)
            return self._call(str(before), inside)
        steps = before is None or before.type in (*_STARTERS, "NEWLINE", "STAR")
        if before is not None and before.type == "EQUALS" and any(t.type == "DEF" for t in self.found[:i][-12:]):
            steps = True
        if steps:
            return self._step(inside, branch=False)
        return Context(Expected.COMPUTED)

    def _call(self, word: str, inside: Sequence[Token]) -> Context:
        parts = _split(inside)
        given = tuple(str(part[0]) for part in parts if len(part) > 1 and part[1].type == "EQUALS")
        last = parts[-1]
        if len(last) == 2 and last[1].type == "EQUALS":
            return Context(Expected.VALUE, word=word, option=str(last[0]))
        if last:
            return Context(Expected.COMPUTED)
        return Context(Expected.CALL, word=word, given=given, placed=len([p for p in parts if p]) - len(given))

    def _statement(self, line: Sequence[Token]) -> Context:
        """On a line of its own; `line` are its tokens before the word that is being written."""
        kinds = [t.type for t in line[:2]]
        if not line:
            kinds = [t.type for t in self.found]
            inside = kinds.count("LBRACE") > kinds.count("RBRACE")
            return Context(Expected.STEP if inside else Expected.STATEMENT)
        if kinds == ["NAME", "COLON"]:
            return self._arguments(line[2:], "", setting=str(line[0]))
        if kinds == ["NAME", "EQUALS"]:
            return Context(Expected.COMPUTED)
        if kinds[0] == "DEF":
            equals = next((i for i, t in _outside_brackets(line) if t.type == "EQUALS"), None)
            return self._step(line[equals + 1 :], branch=False) if equals is not None else Context(Expected.NOTHING)
        return self._step(line, branch=False)

    def _step(self, step: Sequence[Token], *, branch: bool) -> Context:
        """In a step, whose tokens so far these are."""
        step = [t for t in step if t.type != "NEWLINE"]
        star = max((i for i, t in _outside_brackets(step) if t.type == "STAR"), default=-1)
        step = step[star + 1 :]
        if not step:
            return Context(Expected.STEP, branch=branch)
        if step[-1].type == "AT":
            return Context(Expected.LABEL)
        if any(t.type == "AS" for t in step) or step[0].type != "NAME":
            return Context(Expected.NOTHING)
        return self._arguments(step[1:], str(step[0]))

    def _arguments(self, line: Sequence[Token], word: str, setting: str = "") -> Context:
        """In the arguments of a word. That of a setting which chooses one is the first of them."""
        flat = [t for _, t in _outside_brackets(line)]
        if len(flat) >= 2 and flat[-1].type == "EQUALS" and flat[-2].type == "NAME":
            chosen = str(flat[0]) if setting and flat[1].type != "EQUALS" else word
            return Context(Expected.VALUE, setting=setting, word=chosen, option=str(flat[-2]))
        given = tuple(str(a) for a, b in pairwise(flat) if b.type == "EQUALS")
        placed = len([t for t in flat if t.type not in ("EQUALS", "MINUS")]) - 2 * len(given)
        if setting and flat and (len(flat) == 1 or flat[1].type != "EQUALS"):
            word, placed = str(flat[0]), placed - 1
        return Context(Expected.ARGUMENT, setting=setting, word=word, given=given, placed=max(placed, 0))


def _outside_brackets(line: Sequence[Token]) -> list[tuple[int, Token]]:
    """The tokens outside of brackets, with their numbers; a bracket itself is outside where it opens."""
    out: list[tuple[int, Token]] = []
    depth = 0
    for i, token in enumerate(line):
        closes = token.type in _CLOSING
        if depth == 0 and not closes:
            out.append((i, token))
        depth += (token.type in _OPENING) - closes
    return out


def _split(inside: Sequence[Token]) -> list[list[Token]]:
    """The parts between commas outside of brackets."""
    parts: list[list[Token]] = [[]]
    commas = {i for i, token in _outside_brackets(inside) if token.type == "COMMA"}
    for i, token in enumerate(inside):
        if i in commas:
            parts.append([])
        elif token.type != "NEWLINE":
            parts[-1].append(token)
    return parts
