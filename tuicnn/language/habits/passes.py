"""The second reading of a text that has problems: what people write out of habit is reported, and read as meant.

Each pass takes the tokens and gives them back repaired, so that the passes after it, and the grammar, are not led
astray by the same mistake once more.
"""

from __future__ import annotations

import re
from itertools import pairwise

from lark import Token

from tuicnn.language.fixes import Fix, remove, write
from tuicnn.language.habits.arrows import read_arrows
from tuicnn.language.habits.closing import close_brackets
from tuicnn.language.habits.definitions import read_definitions
from tuicnn.language.habits.handwork import CLOSERS, Handwork, borrow
from tuicnn.language.habits.headings import read_heading, without_comments
from tuicnn.language.habits.repeats import read_joins, read_repeats
from tuicnn.language.habits.slips import read_slips, read_wide
from tuicnn.language.report import Report
from tuicnn.language.syntax.building import span_of

__all__ = ["read_habits"]

#: a text of more tokens, or more brackets, is read once only
_MOST, _MOST_BRACKETS = 20_000, 1_000


def read_habits(stream: list[Token], report: Report) -> list[Token]:
    """The tokens of a text as they were meant."""
    if len(stream) > _MOST or sum(t.type in CLOSERS for t in stream) > _MOST_BRACKETS:
        return stream
    work = Handwork.of(stream, report)
    stream = without_comments(read_wide(stream, work), work)
    stream = _hyphens(stream, work)
    defined = frozenset(str(b) for a, b in pairwise(stream) if a.type == "DEF")
    out: list[Token] = []
    depth = 0
    for line in _lines(stream):
        read = read_slips(line, work)
        if depth <= 0 and read and read[0].type != "NEWLINE":
            end = [read.pop()] if read[-1].type == "NEWLINE" else []
            read = [*read_heading(read, work, defined), *end] if read else end
        depth += sum(t.type in ("LPAR", "LSQB", "LBRACE") for t in line)
        depth -= sum(t.type in ("RPAR", "RSQB", "RBRACE") for t in line)
        out += read
    work.steps |= {str(b) for a, b in pairwise(out) if a.type == "DEF"}
    out = close_brackets(_wrapped(_names(out, work), work), work)
    out = read_arrows(read_definitions(out, work), work)
    return read_joins(read_repeats(out, work), work)


def _hyphens(stream: list[Token], work: Handwork) -> list[Token]:
    """Constants whose names have hyphens, which would be a subtraction."""
    names = {
        str(b)
        for a, b, c in zip([Token("NEWLINE", ""), *stream], stream, stream[1:], strict=False)
        if a.type == "NEWLINE" and b.type == "NAME" and "-" in b and c.type == "EQUALS"
    }
    if not names:
        return stream
    for name in names:
        plain = name.replace("-", "_")
        first, *more = (token for token in stream if token.type == "NAME" and token == name)
        fix = Fix(tuple((span_of(token), plain) for token in (first, *more)))
        work.error("the name of a constant has no hyphen: that is a subtraction", first, first, fix)
    return [borrow("NAME", t.replace("-", "_"), t) if t.type == "NAME" and str(t) in names else t for t in stream]


def _lines(stream: list[Token]) -> list[list[Token]]:
    """The tokens line by line, each line with the newline that ends it."""
    lines: list[list[Token]] = [[]]
    for token in stream:
        lines[-1].append(token)
        if token.type == "NEWLINE":
            lines.append([])
    return [line for line in lines if line]


def _names(stream: list[Token], work: Handwork) -> list[Token]:
    """Labels that are no names, `as "stem"`; options as on a command line, `--pad 1`; values given twice, `pad=1=2`."""
    out: list[Token] = []
    i = 0
    while i < len(stream):
        token = stream[i]
        before = out[-1] if out else None
        following = stream[i + 1] if i + 1 < len(stream) else None
        if before is not None and before.type == "AS" and token.type in ("STRING", "INT"):
            inner = token.strip('"')
            name = inner if re.fullmatch(r"[^\W\d]\w*", inner) else f"l{re.sub(r'[^0-9a-zA-Z_]', '', inner)}"
            work.error("a label is a name, without quotes", token, token, write(name))
            token = borrow("NAME", name, token)
        elif (
            token.type == "EQUALS" and before is not None and following is not None and str(before) in work.steps
            and following.type in ("INT", "FLOAT", "SIZE") and len(out) > 1 and Handwork.at_step(out[:-1])
        ):  # fmt: skip
            work.error(f"`{before}` takes its value without `=`", before, following, write(f"{before} {following}"))
            i += 1
            continue
        elif token.type == "AS" and len(out) > 1 and out[-2].type == "AS" and following is not None:
            work.error("a step has one label", token, following, remove())
            i += 2
            continue
        elif token.type == "MINUS" and _dashes(stream, i):
            count = _dashes(stream, i)
            work.error("options are written without `-`", token, stream[i + count - 1], remove())
            i += count
            continue
        elif token.type == "EQUALS" and len(out) > 2 and out[-2].type == "EQUALS" and _is_value(following):
            assert following is not None
            work.error("a value is given once", token, following, remove())
            i += 2
            continue
        out.append(token)
        i += 1
    return out


def _is_value(token: Token | None) -> bool:
    return token is not None and token.type in ("INT", "FLOAT", "SIZE", "NAME")


def _dashes(stream: list[Token], i: int) -> int:
    """How many hyphens stand before an option, as in `--pad 1`."""
    j = i
    while j < len(stream) and j < i + 3 and stream[j].type == "MINUS":
        j += 1
    if j + 1 >= len(stream) or stream[j].type != "NAME" or stream[j - 1].end_pos != stream[j].start_pos or i == 0:
        return 0
    apart = stream[i - 1].end_pos != stream[i].start_pos and stream[i - 1].type in ("INT", "SIZE", "NAME", "FLOAT")
    value = stream[j + 1].type in ("EQUALS", "INT", "SIZE", "FLOAT")
    return j - i if apart and value else 0


_WRAPPERS = frozenset({"sequential", "model.add", "net.add", "models.sequential", "nn.sequential", "self.add"})


def _wrapped(stream: list[Token], work: Handwork) -> list[Token]:
    """`model = Sequential([ … ])` and `model.add( … )`, taken away."""
    at = [i for i, t in enumerate(stream) if t.type == "NAME" and t.casefold() in _WRAPPERS]
    if not at:
        return stream
    out = list(stream)
    for i in reversed(at):
        if i + 1 >= len(out) or out[i + 1].type != "LPAR":
            continue
        end = _closing(out, i + 1)
        if end is None:
            continue
        first, last = i, i + 1
        if i >= 2 and out[i - 1].type == "EQUALS" and out[i - 2].type == "NAME":
            first = i - 2
        closers = [end]
        if out[i + 2].type == "LSQB":
            inner = _closing(out, i + 2)
            if inner is not None:
                last, closers = i + 2, [*range(inner, end + 1)]
        around = remove() + remove(span_of(out[closers[0]], out[closers[-1]]))
        work.error("the network needs nothing around it", out[first], out[last], around)
        inside = out[last + 1 : closers[0]]
        out[first : end + 1] = inside
    return out


def _closing(stream: list[Token], i: int) -> int | None:
    depth = 0
    for j in range(i, len(stream)):
        depth += stream[j].type in ("LPAR", "LSQB", "LBRACE")
        depth -= stream[j].type in ("RPAR", "RSQB", "RBRACE")
        if depth == 0:
            return j
    return None
