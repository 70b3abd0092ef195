"""Definitions written as elsewhere: `def f(c): …`, `def f(c) -> …`, `def f(c) { … }`, `def f c = …`."""

from __future__ import annotations

from lark import Token

from tuicnn.language.fixes import line_end, write
from tuicnn.language.habits.handwork import Handwork, borrow, match, on_its_line, text_of
from tuicnn.language.syntax.building import span_of

__all__ = ["read_definitions"]


def read_definitions(stream: list[Token], work: Handwork) -> list[Token]:
    """`def f(c): …`, `def f(c) -> …`, `def f(c) { … }`, `def f c = …`, and what else is put for the `=`."""
    out = list(stream)
    i = 0
    while i < len(out):
        if out[i].type == "DEF":
            _header(out, i, work)
        i += 1
    return out


def _header(out: list[Token], i: int, work: Handwork) -> None:
    if i + 1 >= len(out):
        return
    j = i + 1
    if out[j].type == "LPAR":
        end = match(out, j)
        if end is not None:
            work.error("a definition needs a name", out[j], out[end], write(f"f{text_of(out[j : end + 1])}"))
            out.insert(j, borrow("NAME", "f", out[j]))
    if out[j].type != "NAME":
        return
    j += 1
    if j < len(out) and out[j].type == "NAME":
        k = j
        while k < len(out) and out[k].type == "NAME" and not work.is_step(out[k]):
            k += 1
        if k > j and k < len(out) and out[k].type in ("EQUALS", "COLON"):
            names = out[j:k]
            work.error(
                "parameters stand in parentheses", out[j - 1], out[k - 1], write(f"{out[j - 1]}({', '.join(names)})")
            )
            made = [borrow("LPAR", "(", names[0])]
            for n, name in enumerate(names):
                made += [borrow("COMMA", ",", name), name] if n else [name]
            out[j:k] = [*made, borrow("RPAR", ")", names[-1])]
    if j < len(out) and out[j].type == "LPAR":
        end = match(out, j)
        if end is None:
            return
        used = {str(t) for t in out[j:end]}
        for k in range(j + 1, end):
            if out[k].type in ("INT", "FLOAT", "STRING") and out[k - 1].type in ("LPAR", "COMMA"):
                free = next(n for n in (*"cknpq", *(f"p{m}" for m in range(len(used) + 1))) if n not in used)
                used.add(free)
                work.error("a parameter is a name", out[k], out[k], write(free))
                out[k] = borrow("NAME", free, out[k])
        j = end + 1
    _equals(out, i, j, work)


def _equals(out: list[Token], i: int, j: int, work: Handwork) -> None:
    """What stands for the `=` of a definition."""
    if j >= len(out):
        return
    mark = out[j]
    if mark.type == "EQUALS":
        if j + 1 < len(out) and out[j + 1].type == "LBRACE":
            _body(out, j + 1, "", work)
        return
    if mark.type == "LBRACE":
        _body(out, j, "= ", work)
        if out[j].type == "LPAR":
            out.insert(j, borrow("EQUALS", "=", mark))
        return
    if mark.type in ("COLON", "ARROW", "WRONG_ARROW"):
        double = mark.type == "COLON" and j + 1 < len(out) and out[j + 1].type == "EQUALS"
        last = out[j + 1] if double else mark
        lines = _indented(out, i, j + 1)
        equals = borrow("EQUALS", "=", mark)
        written = text_of([mark, last])
        if lines is not None:
            end, number = lines
            work.error(
                f"a block's body follows `=`, not `{written}`", mark, last,
                write("= (") + write(")", line_end(span_of(mark).source, number)),
            )  # fmt: skip
            out.insert(end, borrow("RPAR", ")", out[end - 1]))
            out[j : j + 1 + double] = [equals, borrow("LPAR", "(", mark)]
        else:
            work.error(f"a block's body follows `=`, not `{written}`", mark, last, write("="))
            out[j : j + 1 + double] = [equals]
    elif mark.type == "NAME" and work.is_step(mark):
        work.error("a definition needs `=` before what it stands for", mark, mark, write(f"= {mark}"))
        out.insert(j, borrow("EQUALS", "=", mark))


def _indented(out: list[Token], i: int, j: int) -> tuple[int, int] | None:
    """Where a body of several indented lines ends (the token behind it), and its last line; None for one line."""
    if j >= len(out) or out[j].type != "NEWLINE":
        return None
    margin = out[i].column or 1
    lines: list[int] = []
    k = j
    while k < len(out):
        if out[k].type != "NEWLINE":
            if (out[k - 1].type == "NEWLINE") and (out[k].column or 1) <= margin:
                break
            if out[k].line not in lines:
                lines.append(out[k].line or 0)
        k += 1
    while k > j and out[k - 1].type == "NEWLINE":
        k -= 1
    return (k, lines[-1]) if len(lines) > 1 else None


def _body(out: list[Token], j: int, before: str, work: Handwork) -> None:
    """Braces around a block's body."""
    end = match(out, j)
    if end is None:
        return
    if out[j].line == out[end].line:
        text = on_its_line(out[j + 1 : end])
        work.error("a block's body stands in no braces", out[j], out[end], write(f"{before}( {text} )"))
    else:
        help = write(f"{before}(") + write(")", span_of(out[end]))
        work.error("a block's body stands in no braces", out[j], out[j], help)
    out[j], out[end] = borrow("LPAR", "(", out[j]), borrow("RPAR", ")", out[end])
