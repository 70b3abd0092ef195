"""Definitions written as elsewhere: `def f(c): …`, `def f(c) -> …`, `def f(c) { … }`, `def f c = …`."""

from __future__ import annotations

from tuicnn.language.recovery.token_fixes import NUMBERS, Recovery, Rules, TokenFix, inserted, replaced

__all__ = ["DEFINITIONS"]


def _name(r: Recovery, i: int) -> TokenFix | None:
    if r.kind(i + 1) == "LPAR" and (end := r.match(i + 1)) is not None:
        return inserted("a definition needs a name", i + 1, end, i + 1, "f ", safe=False, resume=i)
    return None


def _parameters_alone(r: Recovery, i: int) -> TokenFix | None:
    """`def f c = …`."""
    k = i + 2
    while r.kind(k) == "NAME" and not r.is_step(k):
        k += 1
    if r.kind(i + 1) != "NAME" or k == i + 2 or r.kind(k) not in ("EQUALS", "COLON"):
        return None
    text = f"{r.word(i + 1)}({', '.join(r.tokens[i + 2 : k])})"
    return replaced("parameters stand in parentheses", i + 1, k - 1, text, resume=i)


def _number_for_a_name(r: Recovery, i: int) -> TokenFix | None:
    """`def f(1, 2) = …`."""
    end = r.match(i + 2) if r.kind(i + 1) == "NAME" and r.kind(i + 2) == "LPAR" else None
    for k in range(i + 3, end or 0):
        if r.kind(k) in (*NUMBERS, "STRING") and r.kind(k) != "SIZE" and r.kind(k - 1) in ("LPAR", "COMMA"):
            used = {str(t) for t in r.tokens[i:end]}
            free = next(n for n in (*"cknpq", *(f"p{m}" for m in range(len(used) + 1))) if n not in used)
            return replaced("a parameter is a name", k, k, free, safe=False, resume=i)
    return None


def _equals(r: Recovery, i: int) -> TokenFix | None:
    """What stands for the `=` of a definition, and braces around its body."""
    if r.kind(i + 1) != "NAME":
        return None
    j = i + 2
    if r.kind(j) == "LPAR":
        end = r.match(j)
        if end is None:
            return None
        j = end + 1
    kind = r.kind(j)
    if kind == "EQUALS" and r.kind(j + 1) == "LBRACE":
        return _body(r, j + 1, "(")
    if kind == "LBRACE":
        return _body(r, j, "= (")
    if kind in ("COLON", "ARROW", "WRONG_ARROW"):
        last = j + (kind == "COLON" and r.kind(j + 1) == "EQUALS")
        message = f"a block's body follows `=`, not `{r.text(j, last + 1)}`"
        end = _indented_end(r, i, last + 1)
        if end is None:
            return replaced(message, j, last, "=")
        return TokenFix(message, j, last, ((j, last + 1, "= ("), (end, end, ")")))
    if r.is_step(j):
        return TokenFix("a definition needs `=` before what it stands for", j, j, ((j, j + 1, f"= {r.word(j)}"),))
    return None


def _indented_end(r: Recovery, i: int, j: int) -> int | None:
    """Where a body of several indented lines ends (the token behind it); None for one line."""
    if r.kind(j) != "NEWLINE":
        return None
    margin = r.tokens[i].column or 1
    end = k = j
    lines = set()
    while k < len(r.tokens):
        if r.kind(k) != "NEWLINE":
            if r.kind(k - 1) == "NEWLINE" and (r.tokens[k].column or 1) <= margin:
                break
            lines.add(r.tokens[k].line)
            end = k + 1
        k += 1
    return end if len(lines) > 1 else None


def _body(r: Recovery, j: int, opening: str) -> TokenFix | None:
    """Braces around a block's body."""
    end = r.match(j)
    if end is None:
        return None
    last = end if r.tokens[j].line == r.tokens[end].line else j
    return TokenFix("a block's body stands in no braces", j, last, ((j, j + 1, opening), (end, end + 1, ")")))


DEFINITIONS: Rules = {"DEF": (_name, _parameters_alone, _number_for_a_name, _equals)}
