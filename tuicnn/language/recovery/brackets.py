"""Brackets that are left open, close nothing, or hold nothing: the one place where they are paired and fixed."""

from __future__ import annotations

from tuicnn.language.recovery.token_fixes import CLOSERS, Recovery, Rules, TokenFix, inserted, removed, replaced

__all__ = ["DEEPEST", "EMPTY", "close_brackets"]

#: how deep brackets may be nested
DEEPEST = 50

_MARKS = {"LPAR": "(", "RPAR": ")", "LBRACE": "{", "RBRACE": "}", "LSQB": "[", "RSQB": "]"}
_OPENERS = {closer: opener for opener, closer in CLOSERS.items()}
_VALUES = ("INT", "FLOAT", "SIZE", "STRING", "NAME", "RPAR", "RSQB")
#: tokens after which values go on in the next line, and before which they do
_GOES_ON = (*CLOSERS, "ARROW", "BAR", "COMMA", "EQUALS", "PLUS", "MINUS", "STAR", "SLASH", "DOUBLESLASH", "PERCENT")
_CONTINUES = (*CLOSERS.values(), "ARROW", "BAR", "COMMA", "EQUALS")
#: of so many brackets it is looked for where each should end; of more, the line ends them
_MOST = 2000


def close_brackets(r: Recovery) -> None:
    """Pair every bracket. A text in order stays as it is."""
    careful = sum(t.type in CLOSERS for t in r.tokens) <= _MOST
    stack: list[int] = []
    opened = dict.fromkeys(CLOSERS, 0)
    i = 0
    deep = False  # the layout says so

    def close(limit: int) -> None:
        """Close the innermost bracket where it should end, before `limit`."""
        nonlocal i
        start = stack.pop()
        opened[r.kind(start)] -= 1
        end = min(_end_of(r, start), limit) if careful else limit
        while end > start + 1 and r.kind(end - 1) in ("NEWLINE", "ARROW", "BAR", "COMMA"):
            end -= 1
        mark = _MARKS[CLOSERS[r.kind(start)]]
        message, label = f"this `{r.word(start)}` has no `{mark}`", "opened here, never closed"
        r.fix(inserted(message, start, start, end, mark, label=label, safe=False), quiet=deep)
        i += 1

    while i < len(r.tokens):
        kind = r.kind(i)
        if kind in CLOSERS:
            stack.append(i)
            deep = len(stack) > DEEPEST or (deep and len(stack) > 1)
            opened[kind] += 1
        elif kind in _OPENERS and not opened[_OPENERS[kind]] and not stack:
            r.unsound.append(r.tokens[i].start_pos or 0)
            wanted = _MARKS[_OPENERS[kind]]
            more = f", or write the `{wanted}` that it should close"
            r.fix(
                removed(
                    f"`{r.word(i)}` closes nothing", i, i, label=f"no `{wanted}` is open here", more=more, safe=False
                )
            )
            continue
        elif kind in _OPENERS and not opened[_OPENERS[kind]]:
            top = stack.pop()
            opened[r.kind(top)] -= 1
            mark, label = _MARKS[CLOSERS[r.kind(top)]], f"closes the `{r.word(top)}` before it"
            r.fix(replaced(f"`{r.word(i)}` does not close `{r.word(top)}`", i, i, mark, label=label, safe=False))
        elif kind in _OPENERS:
            while r.kind(stack[-1]) != _OPENERS[kind]:
                close(i)
            opened[_OPENERS[kind]] -= 1
            stack.pop()
        elif stack and _ends_statement(r, i):
            while stack:
                close(i)
        elif kind == "NEWLINE":
            while stack and r.holds_values(stack[-1]) and _ends_values(r, i):
                close(i)
        i += 1
    while stack:
        close(len(r.tokens))


def _ends_statement(r: Recovery, i: int) -> bool:
    """Whether a line begins here that cannot stand inside of brackets: a definition, a setting."""
    if r.kind(i - 1) != "NEWLINE":
        return False
    return r.kind(i) == "DEF" or (r.kind(i) == "NAME" and r.kind(i + 1) == "COLON")


def _ends_values(r: Recovery, i: int) -> bool:
    """Whether a line ends between values that do not go on in the next one."""
    return r.kind(i - 1) not in _GOES_ON and r.kind(i + 1) not in ("NEWLINE", "", *_CONTINUES)


def _end_of(r: Recovery, start: int) -> int:
    """Where a bracket that nothing closes should end: the number of the token behind it."""
    if r.kind(start) == "LBRACE" or (r.kind(start) == "LPAR" and r.begins_step(start)):
        return _end_of_steps(r, start)
    call = r.kind(start - 1) == "NAME" and r.touches(start)
    if call and r.kind(start - 2) == "DEF":
        line = range(start, r.line_end(start))
        equals = [i for i in line if r.kind(i) == "EQUALS"]
        if equals:
            return equals[-1]  # of `def f(c = conv c`
    depth = 0
    for i in range(start + 1, len(r.tokens)):
        kind, before = r.kind(i), r.kind(i - 1)
        depth += kind in CLOSERS
        if kind in _OPENERS:
            if depth == 0:
                return i
            depth -= 1
        if depth:
            continue
        if kind in ("ARROW", "NEWLINE", "BAR", "AS", "SEMICOLON", "LBRACE"):
            return i
        named = kind == "NAME" and r.kind(i + 1) == "EQUALS" and not call
        apart = before in _VALUES and kind in _VALUES[:5]
        if i > start + 1 and ((named and before != "COMMA") or apart):
            return i
    return len(r.tokens)


def _end_of_steps(r: Recovery, start: int) -> int:
    """The end of the last line that belongs to braces or to a group: those that go on, or stand further right."""
    line = r.tokens[start].line
    margin = min(t.column or 1 for t in r.tokens[max(0, start - 200) : start + 1] if t.line == line)
    depth = 0
    for i in range(start + 1, len(r.tokens)):
        depth += (r.kind(i) in CLOSERS) - (r.kind(i) in _OPENERS)
        if depth < 0 or (depth == 0 and r.kind(i) == "BAR" and r.kind(start) == "LPAR"):
            return i
        if r.kind(i) == "NEWLINE":
            following = next((n for n in range(i, len(r.tokens)) if r.kind(n) != "NEWLINE"), None)
            if following is None:
                return i
            goes_on = r.kind(following) in ("BAR", "ARROW") or r.kind(i - 1) in ("BAR", "ARROW", "LBRACE")
            if not goes_on and (r.tokens[following].column or 1) <= margin:
                return i
    return len(r.tokens)


# --- what holds nothing -----------------------------------------------------------------------------------------------


def _empty(r: Recovery, i: int) -> TokenFix | None:
    """`{ | relu }` and `( )` where steps belong."""
    j = i + 1
    while r.kind(j) == "NEWLINE":
        j += 1
    opening, closing = r.kind(i), r.kind(j)
    group = opening == "LPAR"
    if closing != "RPAR" if group else closing not in ("BAR", "RBRACE"):
        return None
    if group and not r.begins_step(i):
        return None
    r.unsound.append(r.tokens[i].start_pos or 0)
    alone = opening == "LBRACE" and closing == "RBRACE" and r.word(i - 1) != "residual" and i > 0
    inner = "identity | identity" if alone else "identity"
    text = f"{r.word(i)} {inner} {r.word(j)}"
    if group:
        return replaced("a group with nothing in it", i, j, text, safe=False, resume=i + 1)
    more = ": it passes its input on"
    return replaced("a branch with nothing in it", i, j, text, safe=False, more=more, resume=i + 1)


EMPTY: Rules = {"LBRACE": (_empty,), "BAR": (_empty,), "LPAR": (_empty,)}
