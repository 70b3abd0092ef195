"""Marks that stand for an arrow elsewhere, and arrows that lead nowhere: the one place where they are fixed."""

from __future__ import annotations

from lark import Token

from tuicnn.language.names import join_words
from tuicnn.language.recovery.token_fixes import CLOSERS, Recovery, Rules, TokenFix, removed, replaced, statement_kind

__all__ = ["SEPARATORS", "fix_loose_arrows", "fix_marks"]

#: marks that are read as an arrow where a layer follows
_FALSE = frozenset({"MINUS", "EQUALS", "COLON", "COMMA", "PLUS", "SLASH", "PERCENT"})
_FALSE_TEXTS = frozenset({">", ".", "&", "–", "—", "−", "~", "<", "!", "^"})
#: kinds of tokens that an arrow may stand next to, whatever else there is
_PLAIN = frozenset({"NAME", "INT", "FLOAT", "SIZE", "STRING"})
#: kinds of tokens that such marks begin with
_MARKS = _FALSE | {"OTHER", "ARROW", "WRONG_ARROW", "BAR"}
#: those of them that may be part of something else
_OTHER_USES = frozenset({"=", ":", ".", "+", "-", "/", "%", "&", "!"})


def _wrong_arrow(r: Recovery, i: int) -> TokenFix | None:
    return replaced(f"`{r.word(i)}` is not an arrow", i, i, "->")


def _semicolon(r: Recovery, i: int) -> TokenFix | None:
    """`;` is a new line; where the line ends anyway, it is only too much."""
    if r.kind(i + 1) in ("", "NEWLINE"):
        return removed("`;` has no meaning", i, i, more=": a line ends by itself")
    return replaced("`;` has no meaning", i, i, "->", safe=False, more=", or a new line", read="\n")


# --- marks that stand for an arrow ------------------------------------------------------------------------------------


def fix_marks(r: Recovery) -> None:
    """Marks between two layers that stand for an arrow, or in braces for the `|` between branches."""
    stack: list[str] = []
    start = i = 0
    while i < len(r.tokens):
        kind = r.kind(i)
        if kind in CLOSERS:
            call = kind == "LPAR" and r.kind(i - 1) == "NAME" and r.touches(i)
            stack.append("call" if call or not (r.begins_step(i) or kind == "LBRACE") else kind)
        elif kind in CLOSERS.values() and stack:
            stack.pop()
        elif kind == "NEWLINE":
            start = i + 1
        found = _mark(r, i, start, stack[-1] if stack else "") if kind in _MARKS else None
        i = i + 1 if found is None else r.fix(found)


def _mark(r: Recovery, i: int, start: int, inside: str) -> TokenFix | None:
    """Such marks from tokens[i] on; their line begins at `start`."""
    j = _mark_end(r, i)
    if j > i and i > start and r.kind(i - 1) not in ("ARROW", "BAR", "LBRACE") and _is_arrow(r, i, j, start, inside):
        text = r.text(i, j)
        if text in (",", "/", "&") and inside == "LBRACE":
            return replaced(f"`{text}` does not part branches", i, j - 1, "|", safe=text == ",")
        return replaced(f"`{text}` is not an arrow", i, j - 1, "->", safe=text not in _OTHER_USES)
    if r.kind(i) != "BAR":
        return None
    pipe = not inside and r.is_step(i + 1) and i > start and r.kind(i - 1) != "ARROW"
    if pipe and not any(t in join_words() for t in r.tokens[start : min(i, start + 40)]):
        return replaced("`|` is not an arrow: it stands between branches in braces", i, i, "->")
    if r.kind(i + 1) == "BAR" and r.touches(i + 1):
        return replaced("`||` does not part branches", i, i + 1, "|")
    return None


def _is_arrow(r: Recovery, i: int, j: int, start: int, inside: str) -> bool:
    """Whether the marks tokens[i:j] stand where an arrow would."""
    if inside == "call" or r.kind(start + 1) == "COLON":
        return False
    if not (r.is_step(j) or (j > i + 1 and r.kind(j) == "NAME")) or r.kind(j + 1) in ("EQUALS", "COLON"):
        return False
    if r.kind(i) in ("EQUALS", "COLON") and (i == start + 1 or r.touches(i)):
        return False
    return not (r.kind(start) == "DEF" and r.kind(i) == "EQUALS")


def _mark_end(r: Recovery, i: int) -> int:
    """Where the marks that begin at a token end; the token's own number where there are none."""
    j = i
    while j < len(r.tokens) and j - i < 4:
        kind = r.kind(j)
        part = kind in _FALSE or (kind == "OTHER" and r.word(j) in _FALSE_TEXTS)
        if not part and not (kind in ("ARROW", "WRONG_ARROW", "BAR") and _beside(r, i, j)):
            break
        j += 1
    return i if all(r.kind(n) == "ARROW" for n in range(i, j)) else j


def _beside(r: Recovery, i: int, j: int) -> bool:
    """Whether an arrow or a bar at `j` is part of a longer mark, as in `->>`, `- ->` and `|>`."""
    if r.kind(j) == "BAR":
        return r.word(j + 1) == ">" and r.touches(j + 1)
    if j > i:
        return r.kind(j - 1) == "MINUS"
    return r.word(j + 1) in (">", "<") and r.touches(j + 1)


SEPARATORS: Rules = {"WRONG_ARROW": (_wrong_arrow,), "SEMICOLON": (_semicolon,)}


# --- arrows that lead nowhere -----------------------------------------------------------------------------------------


def fix_loose_arrows(r: Recovery) -> None:
    """Take away arrows that nothing stands before or behind; let settings and constants end with their line."""
    if not _any_loose(r.tokens):
        return
    statement = before = "chain"
    chain_seen, depth, i = False, 0, 0
    while i < len(r.tokens):
        kind, begins = r.kind(i), r.kind(i - 1) in ("", "NEWLINE")
        if kind == "NEWLINE":
            i += 1
            continue
        if begins and not depth:
            before, statement = statement, statement_kind(r.tokens, i)
        depth += (kind in CLOSERS) - (kind in CLOSERS.values())
        if kind == "ARROW":
            own = statement if not begins else before
            i = _loose_arrow(r, i, own if not depth else "chain", begins, chain_seen)
            continue
        chain_seen |= statement == "chain"
        i += 1


def _any_loose(tokens: list[Token]) -> bool:
    """Whether an arrow may be loose: next to anything but a step, or in a line that is no chain."""
    start = 0
    for i, token in enumerate(tokens):
        if token.type == "NEWLINE":
            start = i + 1
        elif token.type == "ARROW":
            before, behind = tokens[max(i - 1, 0)].type, tokens[min(i + 1, len(tokens) - 1)].type
            plain = before in _PLAIN or before in CLOSERS.values()
            if not plain or behind not in _PLAIN or tokens[start + 1].type in ("EQUALS", "COLON"):
                return True
    return False


def _loose_arrow(r: Recovery, i: int, statement: str, begins: bool, chain_seen: bool) -> int:
    """Look at an arrow, which may begin a line, behind a statement of a kind; the token to go on with."""
    p, n = i - 1, i + 1
    while r.kind(p) == "NEWLINE":
        p -= 1
    while r.kind(n) == "NEWLINE":
        n += 1
    line = statement in ("setting", "constant")
    if line and not begins:
        label = "no layer can follow here"
        return r.fix(replaced(f"a {statement} ends with its line", i, i, "\n", safe=False, label=label))
    if r.kind(p) == "ARROW":
        r.fix(removed("two arrows with nothing between them", i, i, safe=False))
        return p
    alone = p < 0 or line
    if (alone and not chain_seen) or r.kind(p) in ("BAR", "LBRACE") or (r.kind(p) == "LPAR" and r.begins_step(p)):
        more = ", or write a layer before it"
        return r.fix(removed("nothing stands before `->`", i, i, safe=False, more=more))
    if alone:
        del r.tokens[i]
        return i
    if r.kind(n) in ("", "RPAR", "RBRACE", "RSQB", "BAR") or (n > i + 1 and statement_kind(r.tokens, n) != "chain"):
        more = ", or write the next layer after it"
        return r.fix(removed("nothing follows `->`", i, i, safe=False, more=more))
    return i + 1
