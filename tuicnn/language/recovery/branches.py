"""Groups and branches in other brackets than theirs, or in none: `add(relu, tanh)`, `{ relu }`, `add relu | tanh`."""

from __future__ import annotations

from tuicnn.language.names import join_words
from tuicnn.language.recovery.token_fixes import CLOSERS, Recovery, Rules, TokenFix

__all__ = ["BRANCHES", "fix_bare_branches"]


def _other_brackets(r: Recovery, i: int) -> TokenFix | None:
    """`add(relu, tanh)`, `concat [relu, tanh]`."""
    end = r.match(i + 1) if r.word(i) in join_words() and r.kind(i + 1) in ("LPAR", "LSQB") else None
    if end is None or not any(r.is_step(n) or r.kind(n) == "AT" for n in range(i + 2, end)):
        return None
    edits, depth = [(i + 1, i + 2, "{ " if r.touches(i + 2) else "{")], 0
    for n in range(i + 2, end):
        depth += (r.kind(n) in CLOSERS) - (r.kind(n) in CLOSERS.values())
        if r.kind(n) == "COMMA" and depth == 0:
            edits.append((n, n + 1, " |"))
    edits.append((end, end + 1, " }" if r.touches(end) else "}"))
    return TokenFix(f"the branches of `{r.word(i)}` stand in braces", i + 1, end, tuple(edits))


def _options_in_brackets(r: Recovery, i: int) -> TokenFix | None:
    """`conv 8 3x3 [pad=1]` and `conv {w} 3x3`."""
    call = r.kind(i) == "LPAR" and r.kind(i - 1) == "NAME" and r.touches(i)
    value = r.kind(i - 1) in ("INT", "FLOAT", "SIZE", "NAME", "RPAR", "STRING", "RSQB")
    end = r.match(i) if value and not call and r.word(i - 1) not in join_words() else None
    if end is None:
        return None
    option = end > i + 3 and r.kind(i + 1) == "NAME" and r.kind(i + 2) == "EQUALS"
    if option or (r.kind(i) == "LBRACE" and end == i + 2 and r.word(i + 1) in r.constants):
        what = "options need no brackets" if option else "a constant is written by its name alone"
        commas = [(n, n + 1, "") for n in range(i + 1, end) if r.kind(n) == "COMMA"]
        return TokenFix(what, i, end, ((i, i + 1, ""), *commas, (end, end + 1, "")))
    return None


def _bare_braces(r: Recovery, i: int) -> TokenFix | None:
    """`3 * { basic }` and `{ relu }`: a group has parentheses."""
    end = r.match(i) if r.begins_step(i) else None
    if end is None or end == i + 1:
        return None
    if r.kind(i + 1) == "NAME" and r.kind(i + 2) == "COLON":
        return TokenFix("settings need no braces", i, i, ((i, i + 1, ""), (end, end + 1, "")))
    if any(r.kind(n) == "BAR" for n in range(i, end)):
        message = "branches need a word before them: `add` or `concat`"
        return TokenFix(message, i, i, ((i, i + 1, "concat {"),), safe=False)
    last = end if r.tokens[i].line == r.tokens[end].line else i
    return TokenFix("a group stands in parentheses", i, last, ((i, i + 1, "("), (end, end + 1, ")")))


def _list_of_steps(r: Recovery, i: int) -> TokenFix | None:
    end = r.match(i) if r.begins_step(i) and r.is_step(i + 1) else None
    return (end and TokenFix("a network needs no brackets", i, i, ((i, i + 1, ""), (end, end + 1, "")))) or None


BRANCHES: Rules = {
    "NAME": (_other_brackets,),
    "LPAR": (_options_in_brackets,),
    "LSQB": (_options_in_brackets, _list_of_steps),
    "LBRACE": (_options_in_brackets, _bare_braces),
}


def fix_bare_branches(r: Recovery) -> None:
    """`add relu | tanh`, without any brackets."""
    depth, join, bar = 0, -1, -1
    i = 0
    while i <= len(r.tokens):
        kind = r.kind(i) or "NEWLINE"
        if depth == 0 and kind in ("ARROW", "NEWLINE") and bar >= 0 and join >= 0:
            word = "add" if r.word(join) == "residual" else r.word(join)
            r.fix(TokenFix("branches stand in braces", join, i - 1, ((join, join + 1, f"{word} {{"), (i, i, " }"))))
            join = bar = -1
            i += 2
        if kind == "NEWLINE" or (kind == "ARROW" and bar < 0 and depth == 0):
            join = bar = -1
        depth += (kind in CLOSERS) - (kind in CLOSERS.values())
        if r.word(i) in join_words() and depth == 0 and r.kind(i + 1) not in ("", "LBRACE"):
            join = i
        if kind == "BAR" and depth == 0:
            bar = i
        i += 1
