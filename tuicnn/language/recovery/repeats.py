"""Repeats written as elsewhere: `3 x basic`, `3 basic`, `basic * 3`, `repeat 3 { basic }`, `repeat(3, basic)`."""

from __future__ import annotations

import re

from tuicnn.language.elsewhere import REPEATERS
from tuicnn.language.recovery.numbers import size_wanted
from tuicnn.language.recovery.token_fixes import CLOSERS, Recovery, TokenFix, replaced

__all__ = ["fix_repeats"]

#: tokens of a step that is looked through again
_LONGEST_STEP = 30
_ENDS_STEP = ("", "ARROW", "NEWLINE", "BAR", "RBRACE", "RPAR", "WRONG_ARROW")
_BEFORE = "a step is repeated by a number before it"


def fix_repeats(r: Recovery) -> None:
    """Let the number of a repeat stand before its step, with a `*`."""
    begin = i = 0  # where the step that is being read begins
    while i < len(r.tokens):
        if r.begins_step(i) and r.kind(i - 1) != "STAR":
            begin = i
        found = _counted(r, i) if begin == i else None
        found = found or _behind(r, i, begin)
        i = i + 1 if found is None else r.fix(found)


def _counted(r: Recovery, i: int) -> TokenFix | None:
    """What begins a step: a number without its `*`, or a word of a loop."""
    token, following = r.word(i), r.word(i + 1)
    if r.kind(i) == "NAME" and token in REPEATERS and token not in r.steps:
        return _loop(r, i)
    if r.kind(i) != "INT":
        return None
    if r.kind(i + 1) == "LPAR" and r.is_step(i + 2):
        return TokenFix(f"`{token}` needs `*` to repeat the group", i, i, ((i, i + 1, f"{token} *"),))
    if r.kind(i + 1) == "NAME" and following in ("x", "X", "times") and r.kind(i + 2) in ("NAME", "LPAR"):
        return replaced(f"`{following}` does not repeat a step", i + 1, i + 1, "*")
    if r.is_step(i + 1):
        if r.kind(i + 2) == "SIZE" and following == "conv":
            return replaced("a layer's name comes first", i, i + 1, f"conv {token}")
        return TokenFix(f"`{token}` needs `*` to repeat `{following}`", i, i, ((i, i + 1, f"{token} *"),))
    return None


def _loop(r: Recovery, i: int) -> TokenFix | None:
    """`repeat 3 { basic }`, `repeat(3, basic)`, `repeat 3 basic`."""
    called = r.kind(i + 1) == "LPAR"
    count, opening = (i + 2, i + 1) if called else (i + 1, i + 2)
    if r.kind(count) != "INT" or i + 2 >= len(r.tokens):
        return None
    if not called and r.kind(opening) not in CLOSERS:
        return TokenFix(_BEFORE, i, count, ((i, count + 1, f"{r.word(count)} *"),))
    end = r.match(opening)
    if end is None or (called and (r.kind(i + 3) != "COMMA" or end < i + 5)):
        return None
    whole = called or r.tokens[i].line == r.tokens[end].line
    edits = ((i, i + 4 if called else i + 3, f"{r.word(count)} * ("), (end, end + 1, ")"))
    return TokenFix(_BEFORE, i, end if whole else opening, edits)


def _behind(r: Recovery, i: int, begin: int) -> TokenFix | None:
    """A repeat behind its step, `basic 8 * 3`; or a size written with `*`, `3*3`."""
    kind, token = r.kind(i), r.word(i)
    if kind not in ("STAR", "TIMES", "NAME") or not 0 < i - begin <= _LONGEST_STEP or r.kind(begin) != "NAME":
        return None
    glued = re.fullmatch(r"[xX]([0-9]+)", token) if kind == "NAME" else None
    star = (kind != "NAME" or token in ("x", "X")) and r.kind(i + 1) == "INT"
    if not (star or glued) or any(t.type in CLOSERS for t in r.tokens[begin:i]):
        return None
    if star:
        size = size_wanted(r, i - 1)
        if size and kind == "STAR" and r.touches(i) and r.touches(i + 1) and r.kind(i - 1) == "INT":
            return replaced("a size is written with `x`", i - 1, i + 1, f"{r.word(i - 1)}x{r.word(i + 1)}")
        if size and kind != "STAR":
            return None
    last = i + 1 if star else i
    if r.kind(last + 1) not in _ENDS_STEP or (r.touches(i) and not glued):
        return None
    if not r.is_step(begin) or r.kind(begin - 1) == "EQUALS":
        return None
    number = glued[1] if glued else r.word(last)
    edits = ((begin, begin, f"{number} * "), (i, last + 1, ""))
    return TokenFix("the number of a repeat stands before its step", begin, last, edits, resume=i + 2)
