"""What can be written at a place, by the tokens before it: a text that is being written has no tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import pairwise

from lark import Token

from tuicnn.language.recovery.token_fixes import CLOSERS
from tuicnn.language.syntax.grammar import tokens
from tuicnn.limits import NET_BYTES

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
#: tokens behind which a new line ends nothing
_GOES_ON = _STARTERS | {"EQUALS", "COMMA", "LPAR", "LSQB"}


def context_at(lines: Sequence[str], place: Place) -> Context:
    """What may stand at a place of any text, whose lines these are."""
    line, column = place
    before = lines[line - 1][: column - 1]
    text = "\n".join([*lines[: line - 1], before])
    if _in_comment(before) or len(text) > NET_BYTES // 4:
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
    return replace(_context(found), begun=begun)


def _in_comment(line: str) -> bool:
    quoted = False
    for i, character in enumerate(line):
        if character == '"' and (i == 0 or line[i - 1] != "\\"):
            quoted = not quoted
        elif character == "#" and not quoted:
            return True
    return False


@dataclass
class _Frame:
    """What is open at a place: a bracket (its token's number), or all of the text; what begins it, and its tokens.

    `begins` is the kind of the token behind which the innermost step, line or bracket begins, "" at the start. Of
    brackets that stand among the `tokens` there is the opening one alone.
    """

    at: int = -1
    begins: str = ""
    tokens: list[Token] = field(default_factory=list)


def _open_frames(found: Sequence[Token]) -> list[_Frame]:
    """What is open at the end of the tokens, from the text to the innermost bracket."""
    frames, before = [_Frame()], ""
    for i, token in enumerate(found):
        kind, frame = token.type, frames[-1]
        if kind in CLOSERS.values():
            own = [n for n in range(1, len(frames)) if CLOSERS[found[frames[n].at].type] == kind]
            del frames[own[-1] if own else len(frames) :]
        elif kind in CLOSERS:
            frame.tokens.append(token)
            frames.append(_Frame(i, kind))
        elif kind in _STARTERS or (kind == "NEWLINE" and before not in _GOES_ON):
            frame.begins, frame.tokens = kind, []
        elif kind != "NEWLINE":
            frame.tokens.append(token)
        before = kind
    return frames


def _context(found: Sequence[Token]) -> Context:
    """What may stand behind tokens."""
    frames = _open_frames(found)
    frame = frames[-1]
    if frame.begins == "LSQB":
        return Context(Expected.COMPUTED)
    if frame.begins == "LPAR":
        return _in_parentheses(found, frame)
    if frame.begins in ("", "NEWLINE"):
        inside = any(found[f.at].type == "LBRACE" for f in frames[1:])
        return _in_line(frame.tokens) if frame.tokens else Context(Expected.STEP if inside else Expected.STATEMENT)
    return _in_step(frame.tokens, branch=frame.begins != "ARROW")


def _in_parentheses(found: Sequence[Token], frame: _Frame) -> Context:
    """Inside a `(`: a call's, a block's parameters, a group of steps, or arithmetic."""
    inside, i = frame.tokens, frame.at
    before = found[i - 1] if i else None
    if before is not None and before.type == "NAME" and before.end_pos == found[i].start_pos:
        if i >= 2 and found[i - 2].type == "DEF":  # a default is computed, a name is one's own
            computed = bool(inside) and inside[-1].type == "EQUALS"
            return Context(Expected.COMPUTED if computed else Expected.NOTHING)
        return _in_call(str(before), inside)
    body = before is not None and before.type == "EQUALS" and any(t.type == "DEF" for t in found[:i][-12:])
    if before is None or body or before.type in (*_STARTERS, "NEWLINE", "STAR"):
        return _in_step(inside)
    return Context(Expected.COMPUTED)


def _in_call(word: str, inside: Sequence[Token]) -> Context:
    parts: list[list[Token]] = [[]]
    for token in inside:
        if token.type == "COMMA":
            parts.append([])
        else:
            parts[-1].append(token)
    given = tuple(str(part[0]) for part in parts if len(part) > 1 and part[1].type == "EQUALS")
    last = parts[-1]
    if len(last) == 2 and last[1].type == "EQUALS":
        return Context(Expected.VALUE, word=word, option=str(last[0]))
    if last:
        return Context(Expected.COMPUTED)
    return Context(Expected.CALL, word=word, given=given, placed=len([p for p in parts if p]) - len(given))


def _in_line(line: Sequence[Token]) -> Context:
    """On a line of its own; `line` are its tokens before the word that is being written."""
    kinds = [t.type for t in line]
    if kinds[:2] == ["NAME", "COLON"]:
        return _in_arguments(line[2:], "", setting=str(line[0]))
    if kinds[:2] == ["NAME", "EQUALS"]:
        return Context(Expected.COMPUTED)
    if kinds[0] == "DEF":
        return _in_step(line[kinds.index("EQUALS") + 1 :]) if "EQUALS" in kinds else Context(Expected.NOTHING)
    return _in_step(line)


def _in_step(step: Sequence[Token], *, branch: bool = False) -> Context:
    """In a step, whose tokens so far these are; `branch`: it may be the first of one."""
    step = step[max((i + 1 for i, t in enumerate(step) if t.type == "STAR"), default=0) :]
    if not step:
        return Context(Expected.STEP, branch=branch)
    if step[-1].type == "AT":
        return Context(Expected.LABEL)
    if any(t.type == "AS" for t in step) or step[0].type != "NAME":
        return Context(Expected.NOTHING)
    return _in_arguments(step[1:], str(step[0]))


def _in_arguments(flat: Sequence[Token], word: str, setting: str = "") -> Context:
    """In the arguments of a word. That of a setting which chooses one is the first of them."""
    if len(flat) >= 2 and flat[-1].type == "EQUALS" and flat[-2].type == "NAME":
        chosen = str(flat[0]) if setting and flat[1].type != "EQUALS" else word
        return Context(Expected.VALUE, setting=setting, word=chosen, option=str(flat[-2]))
    given = tuple(str(a) for a, b in pairwise(flat) if b.type == "EQUALS")
    placed = len([t for t in flat if t.type not in ("EQUALS", "MINUS")]) - 2 * len(given)
    if setting and flat and (len(flat) == 1 or flat[1].type != "EQUALS"):
        word, placed = str(flat[0]), placed - 1
    return Context(Expected.ARGUMENT, setting=setting, word=word, given=given, placed=max(placed, 0))
