"""Brackets that are left open or close nothing: where the missing one belongs, so that reading can go on."""

from __future__ import annotations

from lark import Token

from tuicnn.language.fixes import after, line_end, write
from tuicnn.language.habits.handwork import Handwork, borrow, touches
from tuicnn.language.syntax.building import span_of

__all__ = ["close_brackets"]

_CLOSER = {"LPAR": ("RPAR", ")"), "LBRACE": ("RBRACE", "}"), "LSQB": ("RSQB", "]")}
_OPENER = {closer: opener for opener, (closer, _) in _CLOSER.items()}
_VALUES = ("INT", "FLOAT", "SIZE", "STRING", "NAME", "RPAR", "RSQB")
#: so many brackets are paired; a text with more has other problems
_MOST = 2000


def close_brackets(stream: list[Token], work: Handwork) -> list[Token]:
    """The tokens with every bracket paired, each repair reported. A text in order comes back as it is."""
    if sum(t.type in _CLOSER for t in stream) > _MOST:
        return stream
    insert: dict[int, list[Token]] = {}
    replace: dict[int, Token] = {}
    stack: list[int] = []
    for i, token in enumerate(stream):
        if token.type in _CLOSER:
            stack.append(i)
        elif token.type in _OPENER:
            _close(stream, i, stack, insert, replace, work)
        elif _ends_statement(stream, i) and stack:
            limit = i
            while stack:
                _open(stream, stack.pop(), limit, insert, work)
    while stack:
        _open(stream, stack.pop(), len(stream), insert, work)
    out: list[Token] = []
    for i, token in enumerate(stream):
        out += insert.get(i, [])
        out.append(replace.get(i, token))
    return out + insert.get(len(stream), [])


def _ends_statement(stream: list[Token], i: int) -> bool:
    """Whether a line begins here that cannot stand inside of brackets: a definition, a setting."""
    if i == 0 or stream[i - 1].type != "NEWLINE":
        return False
    following = stream[i + 1].type if i + 1 < len(stream) else ""
    return stream[i].type == "DEF" or (stream[i].type == "NAME" and following == "COLON")


def _close(
    stream: list[Token],
    i: int,
    stack: list[int],
    insert: dict[int, list[Token]],
    replace: dict[int, Token],
    work: Handwork,
) -> None:
    token = stream[i]
    if not stack:
        return  # the layout says what is to be said
    top = stream[stack[-1]]
    kind, mark = _CLOSER[top.type]
    if kind == token.type:
        stack.pop()
        return
    deeper = next((k for k in range(len(stack) - 1, -1, -1) if _CLOSER[stream[stack[k]].type][0] == token.type), None)
    if deeper is None:
        work.error(
            f"`{token}` does not close `{top}`",
            token,
            token,
            write(mark),
            label=f"closes the `{top}` before it",
            sure=False,
        )
        replace[i] = borrow(kind, mark, token)
        stack.pop()
        return
    while len(stack) - 1 > deeper:
        _open(stream, stack.pop(), i, insert, work)
    stack.pop()


def _open(stream: list[Token], start: int, limit: int, insert: dict[int, list[Token]], work: Handwork) -> None:
    """Report a bracket that nothing closes, and close it where it should end, before `limit`."""
    opened = stream[start]
    kind, mark = _CLOSER[opened.type]
    end = min(_end_of(stream, start), limit)
    while end > start + 1 and stream[end - 1].type in ("NEWLINE", "ARROW", "BAR", "COMMA"):
        end -= 1
    last = stream[end - 1]
    there = after(span_of(last)) if last.line == opened.line else line_end(span_of(last).source, last.line or 1)
    work.error(
        f"this `{opened}` has no `{mark}`",
        opened,
        opened,
        write(mark, there),
        label="opened here, never closed",
        sure=False,
    )
    insert.setdefault(end, []).append(borrow(kind, mark, last))


def _end_of(stream: list[Token], start: int) -> int:
    """Where a bracket that nothing closes should end: the number of the token behind it."""
    opened = stream[start]
    if opened.type == "LBRACE" or (opened.type == "LPAR" and Handwork.at_step(stream[max(0, start - 3) : start])):
        return _end_of_steps(stream, start)
    call = start > 0 and stream[start - 1].type == "NAME" and touches(stream[start - 1], opened)
    if call and start > 1 and stream[start - 2].type == "DEF":
        line = [i for i in range(start, len(stream)) if stream[i].line == opened.line and stream[i].type == "EQUALS"]
        if line:
            return line[-1]  # of `def f(c = conv c`
    depth = 0
    for i in range(start + 1, len(stream)):
        token, before = stream[i], stream[i - 1]
        if token.type in _CLOSER:
            depth += 1
        elif token.type in _OPENER:
            if depth == 0:
                return i
            depth -= 1
        if depth:
            continue
        if token.type in ("ARROW", "NEWLINE", "BAR", "AS", "SEMICOLON") or (token.type == "LBRACE"):
            return i
        named = token.type == "NAME" and i + 1 < len(stream) and stream[i + 1].type == "EQUALS" and not call
        apart = before.type in _VALUES and token.type in ("INT", "FLOAT", "SIZE", "STRING", "NAME") and i > start + 1
        if (named and i > start + 1 and before.type != "COMMA") or (
            apart and (not call or stream[i - 1].type != "COMMA")
        ):
            return i
    return len(stream)


def _end_of_steps(stream: list[Token], start: int) -> int:
    """The end of the last line that belongs to braces or to a group: those that go on, or stand further right."""
    line = stream[start].line
    margin = min((t.column or 1 for t in stream if t.line == line), default=1)
    i = start + 1
    depth = 0
    while i < len(stream):
        depth += stream[i].type in _CLOSER
        depth -= stream[i].type in _OPENER
        if depth < 0 or (depth == 0 and stream[i].type == "BAR" and stream[start].type == "LPAR"):
            return i
        if stream[i].type == "NEWLINE":
            following = next((t for t in stream[i:] if t.type != "NEWLINE"), None)
            if following is None:
                return i
            goes_on = following.type in ("BAR", "ARROW") or stream[i - 1].type in ("BAR", "ARROW", "LBRACE")
            if not goes_on and (following.column or 1) <= margin:
                return i
        i += 1
    return len(stream)
