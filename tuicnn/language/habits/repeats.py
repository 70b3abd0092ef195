"""Repeats, groups and branches written as elsewhere: `basic * 3`, `repeat 3 { … }`, `add(relu, tanh)`, `{ relu }`."""

from __future__ import annotations

import re

from lark import Token

from tuicnn.language.fixes import remove, write
from tuicnn.language.habits.handwork import CLOSERS, Handwork, borrow, match, on_its_line, touches
from tuicnn.language.habits.slips import size_wanted
from tuicnn.language.syntax.building import span_of

__all__ = ["read_joins", "read_repeats"]

_JOINS = ("add", "concat", "residual")
#: tokens of a step that is looked through again
_LONGEST_STEP = 30
_REPEATS = ("repeat", "loop", "times")


# --- branches -------------------------------------------------------------------------------------------------------


def read_joins(stream: list[Token], work: Handwork) -> list[Token]:
    """Branches in other brackets than braces, or in none; braces where a group or nothing should stand."""
    out = list(stream)
    i = 0
    while i < len(out):
        token = out[i]
        if token.type == "NAME" and token in _JOINS and i + 1 < len(out) and out[i + 1].type in ("LPAR", "LSQB"):
            _other_brackets(out, i, work)
        elif token.type in ("LPAR", "LSQB", "LBRACE") and i > 0:
            _options_in_brackets(out, i, work)
        if i < len(out) and out[i].type == "LBRACE" and Handwork.at_step(out[max(0, i - 3) : i]):
            _bare_braces(out, i, work)
        elif i < len(out) and out[i].type == "LSQB" and Handwork.at_step(out[max(0, i - 3) : i]):
            _list_of_steps(out, i, work)
        i += 1
    return _without_braces(out, work)


def _other_brackets(out: list[Token], i: int, work: Handwork) -> None:
    end = match(out, i + 1)
    if end is None:
        return
    inner = out[i + 2 : end]
    depth = 0
    made: list[Token] = []
    for token in inner:
        depth += token.type in CLOSERS
        depth -= token.type in CLOSERS.values()
        made.append(borrow("BAR", "|", token) if token.type == "COMMA" and depth == 0 else token)
    if not any(work.is_step(t) or t.type == "AT" for t in made):
        return
    parts = " | ".join(p.strip() for p in _split(inner))
    work.error(f"the branches of `{out[i]}` stand in braces", out[i + 1], out[end], write(f"{{ {parts} }}"))
    out[i + 1 : end + 1] = [borrow("LBRACE", "{", out[i + 1]), *made, borrow("RBRACE", "}", out[end])]


def _split(tokens: list[Token]) -> list[str]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.type in CLOSERS
        depth -= token.type in CLOSERS.values()
        if token.type in ("COMMA", "BAR") and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [on_its_line(p) for p in parts if p]


def _options_in_brackets(out: list[Token], i: int, work: Handwork) -> None:
    """`conv 8 3x3 [pad=1]` and `conv {w} 3x3`."""
    before = out[i - 1]
    call = out[i].type == "LPAR" and before.type == "NAME" and touches(before, out[i])
    value = before.type in ("INT", "FLOAT", "SIZE", "NAME", "RPAR", "STRING", "RSQB")
    if call or not value or before in _JOINS:
        return
    end = match(out, i)
    if end is None or end == i + 1:
        return
    inner = out[i + 1 : end]
    option = len(inner) > 2 and inner[0].type == "NAME" and inner[1].type == "EQUALS"
    single = out[i].type == "LBRACE" and len(inner) == 1 and str(inner[0]) in work.constants
    if option or single:
        text = on_its_line(inner).replace(",", "")
        what = "options need no brackets" if option else "a constant is written by its name alone"
        work.error(what, out[i], out[end], write(text))
        out[i : end + 1] = [t for t in inner if t.type != "COMMA"]


def _bare_braces(out: list[Token], i: int, work: Handwork) -> None:
    """`3 * { basic }` and `{ relu }`: a group has parentheses."""
    end = match(out, i)
    if end is None or end == i + 1 or i + 1 >= len(out):
        return
    first, second = out[i + 1], out[i + 2]
    if first.type == "NAME" and second.type == "COLON":
        work.error("settings need no braces", out[i], out[i], remove() + remove(span_of(out[end])))
        out[i : end + 1] = out[i + 1 : end]
        return
    if any(t.type == "BAR" for t in out[i:end]):
        work.error("branches need a word before them: `add` or `concat`", out[i], out[i], write("concat {"))
        out.insert(i, borrow("NAME", "concat", out[i]))
        return
    text = on_its_line(out[i + 1 : end])
    if text == "…":
        help = write("(") + write(")", span_of(out[end]))
        work.error("a group stands in parentheses", out[i], out[i], help)
    else:
        work.error("a group stands in parentheses", out[i], out[end], write(f"( {text} )"))
    out[i], out[end] = borrow("LPAR", "(", out[i]), borrow("RPAR", ")", out[end])


def _list_of_steps(out: list[Token], i: int, work: Handwork) -> None:
    end = match(out, i)
    if end is None or i + 1 >= end or not work.is_step(out[i + 1]):
        return
    work.error("a network needs no brackets", out[i], out[i], remove() + remove(span_of(out[end])))
    out[i : end + 1] = [borrow("COMMA", ",", t) if t.type == "COMMA" else t for t in out[i + 1 : end]]


def _without_braces(out: list[Token], work: Handwork) -> list[Token]:
    """`add relu | tanh`, without any brackets."""
    depth, join, bar = 0, -1, -1
    i = 0
    while i <= len(out):
        token = out[i] if i < len(out) else None
        kind = token.type if token is not None else "NEWLINE"
        if depth == 0 and kind in ("ARROW", "NEWLINE") and bar >= 0 and join >= 0:
            text = on_its_line(out[join + 1 : i])
            word = "add" if out[join] == "residual" else str(out[join])
            work.error("branches stand in braces", out[join], out[i - 1], write(f"{word} {{ {text} }}"))
            out[join] = borrow("NAME", word, out[join])
            out.insert(i, borrow("RBRACE", "}", out[i - 1]))
            out.insert(join + 1, borrow("LBRACE", "{", out[join]))
            join = bar = -1
            i += 2
        if kind in ("NEWLINE",) or (kind == "ARROW" and bar < 0 and depth == 0):
            join = bar = -1
        if token is not None:
            depth += kind in CLOSERS
            depth -= kind in CLOSERS.values()
            if token in _JOINS and depth == 0 and i + 1 < len(out) and out[i + 1].type != "LBRACE":
                join = i
            if kind == "BAR" and depth == 0:
                bar = i
        i += 1
    return out


# --- repeats --------------------------------------------------------------------------------------------------------


def read_repeats(stream: list[Token], work: Handwork) -> list[Token]:
    """`3 x basic`, `3 basic`, `basic * 3`, `repeat 3 { basic }`."""
    out: list[Token] = []
    begin = 0  # where the step that is being read begins in `out`
    i = 0
    while i < len(stream):
        token = stream[i]
        following = stream[i + 1] if i + 1 < len(stream) else None
        third = stream[i + 2] if i + 2 < len(stream) else None
        if Handwork.at_step(out[-3:]) and (not out or out[-1].type != "STAR"):
            begin = len(out)
        if begin == len(out) and token.type == "INT" and following is not None and following.type == "NAME":
            if following in ("x", "X", "times") and third is not None and third.type in ("NAME", "LPAR"):
                work.error(f"`{following}` does not repeat a step", following, following, write("*"))
                out += [token, borrow("STAR", "*", following)]
                i += 2
                continue
            if work.is_step(following):
                if third is not None and third.type == "SIZE" and following == "conv":
                    work.error("a layer's name comes first", token, following, write(f"conv {token}"))
                    out += [following, token]
                    i += 2
                    continue
                work.error(f"`{token}` needs `*` to repeat `{following}`", token, token, write(f"{token} *"))
                out += [token, borrow("STAR", "*", token)]
                i += 1
                continue
        group = following is not None and following.type == "LPAR" and work.is_step(third)
        if begin == len(out) and token.type == "INT" and group:
            work.error(f"`{token}` needs `*` to repeat the group", token, token, write(f"{token} *"))
            out += [token, borrow("STAR", "*", token)]
            i += 1
            continue
        if begin == len(out) and token.type == "NAME" and token in _REPEATS and token not in work.steps:
            taken = _repeat(stream, i, out, work)
            if taken:
                i += taken
                continue
        taken = _behind(stream, i, begin, out, work)
        if taken:
            i += taken
            continue
        out.append(token)
        i += 1
    return out


def _repeat(stream: list[Token], i: int, out: list[Token], work: Handwork) -> int:
    """`repeat 3 { basic }`, `repeat(3, basic)`, `repeat 3 basic`."""
    following = stream[i + 1] if i + 1 < len(stream) else None
    if following is None:
        return 0
    message = "a step is repeated by a number before it"
    if following.type == "INT" and i + 2 < len(stream):
        third = stream[i + 2]
        count, star = following, borrow("STAR", "*", following)
        if third.type in ("LBRACE", "LPAR", "LSQB"):
            end = match(stream, i + 2)
            if end is None:
                return 0
            inner = stream[i + 3 : end]
            text = on_its_line(inner)
            if text == "…":
                work.error(message, stream[i], third, write(f"{count} * (") + write(")", span_of(stream[end])))
            else:
                work.error(message, stream[i], stream[end], write(f"{count} * ({text})"))
            out += [count, star, borrow("LPAR", "(", third), *inner, borrow("RPAR", ")", stream[end])]
            return end + 1 - i
        work.error(message, stream[i], count, write(f"{count} *"))
        out += [count, star]
        return 2
    if following.type == "LPAR":
        end = match(stream, i + 1)
        inner = stream[i + 2 : end] if end is not None else []
        if end is None or len(inner) < 3 or inner[0].type != "INT" or inner[1].type != "COMMA":
            return 0
        text = on_its_line(inner[2:])
        work.error(message, stream[i], stream[end], write(f"{inner[0]} * ({text})"))
        open_, close = borrow("LPAR", "(", inner[1]), borrow("RPAR", ")", stream[end])
        out += [inner[0], borrow("STAR", "*", inner[1]), open_, *inner[2:], close]
        return end + 1 - i
    return 0


def _behind(stream: list[Token], i: int, begin: int, out: list[Token], work: Handwork) -> int:
    """A repeat behind its step, `basic 8 * 3`; or a size written with `*`, `3*3`."""
    token = stream[i]
    count = stream[i + 1] if i + 1 < len(stream) else None
    if token.type not in ("STAR", "TIMES", "NAME") or not 0 < len(out) - begin <= _LONGEST_STEP:
        return 0
    if out[begin].type != "NAME" or any(t.type in CLOSERS for t in out[begin:]):
        return 0
    glued = re.fullmatch(r"[xX]([0-9]+)", token) if token.type == "NAME" else None
    star = token.type in ("STAR", "TIMES") or (token in ("x", "X") and token.type == "NAME")
    if star and count is not None and count.type == "INT":
        size = size_wanted(out[begin:])
        if (
            size
            and token.type == "STAR"
            and touches(out[-1], token)
            and touches(token, count)
            and out[-1].type == "INT"
        ):
            written = f"{out[-1]}x{count}"
            work.error("a size is written with `x`", out[-1], count, write(written))
            out[-1] = borrow("SIZE", written, out[-1])
            return 2
        if size and token.type != "STAR":
            return 0
        used = 2
        number = str(count)
    elif glued:
        used, number, count = 1, glued[1], token
    else:
        return 0
    behind = stream[i + used].type if i + used < len(stream) else "NEWLINE"
    if behind not in ("ARROW", "NEWLINE", "BAR", "RBRACE", "RPAR", "WRONG_ARROW") or (
        touches(out[-1], token) and not glued
    ):
        return 0
    if not work.is_step(out[begin]) or (begin and out[begin - 1].type == "EQUALS"):
        return 0
    text = on_its_line(out[begin:])
    assert count is not None
    work.error("the number of a repeat stands before its step", out[begin], count, write(f"{number} * {text}"))
    out[begin:begin] = [borrow("INT", number, out[begin]), borrow("STAR", "*", out[begin])]
    return used
