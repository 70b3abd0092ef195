"""Applies the rules of recovery in order: characters, words, lines, brackets, arrows, repeats, branches."""

from __future__ import annotations

from itertools import pairwise

from lark import Token

from tuicnn.language.recovery.arrows import SEPARATORS, fix_loose_arrows, fix_marks
from tuicnn.language.recovery.brackets import EMPTY, close_brackets
from tuicnn.language.recovery.characters import LONGEST_NUMBER, SPELLING, WIDE, read_times
from tuicnn.language.recovery.token_fixes import CLOSERS, Recovery
from tuicnn.language.report import Report

__all__ = ["recover"]

#: what people write out of habit is not looked for in a text of more tokens, or of more brackets
_MOST, _MOST_BRACKETS = 20_000, 1_000
#: kinds of tokens that no text in order has, but for `×`
_ODD = frozenset({"TIMES", "WRONG_STRING", "OPEN_STRING", "OTHER", "WRONG_ARROW", "SEMICOLON"})


def recover(stream: list[Token], report: Report) -> Recovery:
    """The tokens of a text that the grammar can read. Of a text in order they are those that were written.

    Where the report is forgiving, also what people write out of habit is read as it was meant.
    """
    r = Recovery(list(stream), report)
    few = len(stream) <= _MOST and sum(t.type in CLOSERS for t in stream) <= _MOST_BRACKETS
    if report.forgiving and few:
        _read_habits(r)
    if any(t.type in _ODD or len(t) > LONGEST_NUMBER or t in ("x", "X") for t in r.tokens):
        r.scan({**SPELLING, **SEPARATORS})
    close_brackets(r)
    fix_loose_arrows(r)
    if any(t.type in EMPTY for t in r.tokens):
        r.scan(EMPTY)
    return r


def _read_habits(r: Recovery) -> None:
    from tuicnn.language.recovery.branches import BRANCHES, fix_bare_branches
    from tuicnn.language.recovery.definitions import DEFINITIONS
    from tuicnn.language.recovery.lines import COMMENTS, read_heading
    from tuicnn.language.recovery.numbers import SLIPS, read_paths
    from tuicnn.language.recovery.repeats import fix_repeats
    from tuicnn.language.recovery.words import WORDS, fix_hyphens

    r.learn_names()
    r.scan(WIDE)
    r.scan(COMMENTS)
    fix_hyphens(r)
    read_times(r)
    depth = i = 0
    while i < len(r.tokens):
        end = r.scan(SLIPS, i, read_paths(r, i, r.line_end(i)))
        depth_before, line = depth, r.tokens[i:end]
        depth += sum((t.type in CLOSERS) - (t.type in CLOSERS.values()) for t in line)
        if depth_before <= 0 and line:
            read_heading(r, i)
        i = r.line_end(i) + 1
    r.steps |= {str(b) for a, b in pairwise(r.tokens) if a.type == "DEF"}
    r.scan(WORDS)
    close_brackets(r)
    r.scan(DEFINITIONS)
    fix_marks(r)
    fix_repeats(r)
    r.scan(BRANCHES)
    fix_bare_branches(r)
