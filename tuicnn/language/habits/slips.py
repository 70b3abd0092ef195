"""Slips in single words: wide characters, glued numbers, decimal commas, paths without quotes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable

from lark import Token

from tuicnn.language.fixes import write
from tuicnn.language.habits.handwork import Handwork, borrow, text_of, touches
from tuicnn.vocabulary import UNITS, Duration, ListOf, Number, Padding, SizeKind, Time, arguments, vocabulary

__all__ = ["read_slips", "read_wide", "size_wanted"]

_NUMBERS = ("INT", "FLOAT", "SIZE")
#: what units of time are called elsewhere, in seconds
_TIMES = {
    **UNITS, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
_PATHS = frozenset({"NAME", "SLASH", "DOUBLESLASH", "INT", "MINUS", "FLOAT", "SIZE"})


def read_wide(stream: list[Token], work: Handwork) -> list[Token]:
    """Characters that look like those of the language, such as `（` and `＝`, read as them."""
    from tuicnn.language.syntax.grammar import tokens

    if not any(t.type == "OTHER" for t in stream):
        return stream
    out: list[Token] = []
    i = 0
    while i < len(stream):
        token = stream[i]
        j = i
        while j < len(stream) and stream[j].type == "OTHER" and (j == i or touches(stream[j - 1], stream[j])):
            j += 1
        text = text_of(stream[i:j]) if j > i else ""
        plain = unicodedata.normalize("NFKC", text)
        if not text or plain == text or not plain.isascii():
            out += stream[i : max(j, i + 1)]
            i = max(j, i + 1)
            continue
        first = token
        if plain.startswith(">") and out and out[-1].type == "MINUS" and touches(out[-1], token):
            first = out.pop()
            text, plain = text_of([first, *stream[i:j]]), "-" + plain
        work.error(f"`{text}` is written in wide characters", first, stream[j - 1], write(plain))
        for made in tokens(plain):
            start = (first.start_pos or 0) + (made.start_pos or 0)
            column = (first.column or 1) + (made.start_pos or 0)
            length = len(made)
            out.append(
                Token(made.type, str(made), start, first.line, column, first.line, column + length, start + length)
            )
        i = j
    return out


# --- numbers, sizes, paths ------------------------------------------------------------------------------------------


def read_slips(line: list[Token], work: Handwork) -> list[Token]:
    """One line's tokens, its slips reported and read as they were meant."""
    line = _without_times(_paths(line, work))
    out: list[Token] = []
    depth = i = 0
    while i < len(line):
        token = line[i]
        following = line[i + 1] if i + 1 < len(line) else None
        taken = 0
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        if token.type in ("INT", "FLOAT") and following is not None and following.type == "NAME":
            taken = _time(token, following, out, work)
        if not taken and token.type in _NUMBERS and following is not None and touches(token, following):
            taken = _glued(line, i, out, depth, work)
        if not taken and token.type == "INT" and following is not None:
            taken = _spaced(line, i, out, work)
        if not taken and token.type in ("NAME", "INT") and following is not None and out:
            taken = _power(line, i, out, work)
        if not taken and token == "." and following is not None and out and out[-1].type == "NAME":
            taken = _dotted(out, token, following)
        if not taken:
            out.append(token)
            taken = 1
        i += taken
    return out


def _without_times(line: list[Token]) -> list[Token]:
    """`2m` as the number and the name that it is where no setting is written."""
    if len(line) > 1 and line[1].type == "COLON":
        return line
    out: list[Token] = []
    for token in line:
        if token.type != "TIME":
            out.append(token)
            continue
        start, column = token.start_pos or 0, token.column or 1
        for text, at in ((token[:-1], 0), (token[-1:], len(token) - 1)):
            kind = "NAME" if at else "FLOAT" if "." in text else "INT"
            end = at + len(text)
            out.append(Token(kind, text, start + at, token.line, column + at, token.line, column + end, start + end))
    return out


def _time(token: Token, unit: Token, out: list[Token], work: Handwork) -> int:
    """`30 s`, `30sec`, `5 minutes` where a time is meant."""
    name = out[-2] if len(out) > 1 and out[-1].type == "EQUALS" else None
    seconds = _TIMES.get(unit.casefold())
    if name is None or seconds is None or not any(isinstance(kind, Duration) for kind in _kinds(str(name))):
        return 0
    if not 0 < float(token) * seconds < 10**9:
        return 0
    written = str(Time.of(float(token) * seconds))
    work.error("a time is written as a number with `s`, `m` or `h` at its end", token, unit, write(written))
    out.append(borrow("TIME", written, token))
    return 2


def _dotted(out: list[Token], dot: Token, following: Token) -> int:
    """`nn.Conv2d` as one name."""
    before = out[-1]
    if following.type != "NAME" or not touches(before, dot) or not touches(dot, following):
        return 0
    text = f"{before}.{following}"
    out[-1] = Token(
        "NAME", text, before.start_pos, before.line, before.column,
        following.end_line, following.end_column, following.end_pos,
    )  # fmt: skip
    return 2


def _paths(line: list[Token], work: Handwork) -> list[Token]:
    """`photos/cats` and `blocks.net` on the line of a setting that takes a path."""
    if (
        len(line) < 3
        or line[0] not in ("data", "include", "import", "dataset")
        or line[1].type not in ("COLON", "NAME")
    ):
        return line
    out = line[:2]
    i = 2
    while i < len(line):
        j = i
        while j < len(line) and (line[j].type in _PATHS or line[j] in (".", "~")) and (
            j == i or touches(line[j - 1], line[j])
        ):  # fmt: skip
            j += 1
        parts = line[i:j]
        if any(t.type in ("SLASH", "DOUBLESLASH") or t in (".", "~") for t in parts):
            text = text_of(parts)
            bare = i == 2 and line[0] in ("data", "dataset")
            if not bare:  # else the setting says what it begins with
                work.error("a path stands in double quotes", parts[0], parts[-1], write(f'"{text}"'))
            made = parts[0]
            out.append(
                Token("STRING", f'"{text}"', made.start_pos, made.line, made.column, parts[-1].end_line,
                      parts[-1].end_column, parts[-1].end_pos)
            )  # fmt: skip
            i = j
        else:
            out.append(line[i])
            i += 1
    return out


def _glued(line: list[Token], i: int, out: list[Token], depth: int, work: Handwork) -> int:
    """A number that something sticks to: `2w`, `3x`, `3xx3`, `1.5x3`, `0x1F`, `1_000`, `0,001`, `50%`, `1.0.2`."""
    token, following = line[i], line[i + 1]
    third = line[i + 2] if i + 2 < len(line) else None
    text = f"{token}{following}"

    def put(kind: str, written: str, message: str, count: int = 2) -> int:
        work.error(message, token, line[i + count - 1], write(written))
        out.append(borrow(kind, written, token))
        return count

    if following.type == "NAME":
        if re.fullmatch(r"(_[0-9]+)+", following) and token.type == "INT":
            return put("INT", text.replace("_", ""), "the digits of a number stand together")
        if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", text):
            return put("INT", str(int(text, 16)), f"`{text}` is no decimal number")
        size = re.fullmatch(r"([0-9.]+)[xX×]+([0-9]*)", text)
        if size and token.type != "SIZE" and float(size[1]) < 2**53 and (not Handwork.at_step(out) or size[2]):
            if third is not None and not size[2] and third.type in ("INT", "NAME"):
                return 0
            side = str(max(1, round(float(size[1]))))
            written = f"{side}x{size[2] or side}"
            what = "a size is made of whole numbers" if "." in size[1] else f"`{text}` is no size"
            return put("SIZE", written, what)
        if token.type == "INT" and Handwork.at_step(out) and work.is_step(following):
            work.error(f"`{token}` needs `*` to repeat `{following}`", token, token, write(f"{token} *"))
            out += [token, borrow("STAR", "*", token)]
            return 1
        if token.type == "INT" and following not in ("x", "X") and str(following) in work.constants:
            work.error("a product stands in parentheses, with `*`", token, following, write(f"({token}*{following})"))
            out += [
                borrow("LPAR", "(", token),
                token,
                borrow("STAR", "*", token),
                following,
                borrow("RPAR", ")", following),
            ]
            return 2
    if following.type == "PERCENT" and not (third is not None and touches(following, third)):
        share = float(token) / 100 if token.type in ("INT", "FLOAT") else math.nan
        written = f"{share:.6f}".rstrip("0") if 1e-6 <= share < 100 else "0.5"
        written += "0" * written.endswith(".")
        return put("FLOAT", written, "a share is written as a number from 0 to 1")
    if following.type == "FLOAT" and following.startswith(".") and token.type == "FLOAT":
        number = float(token)
        if number.is_integer() and number < 2**53:
            return put("INT", str(int(number)), f"`{text}` is no number")
        return put("FLOAT", str(token), f"`{text}` is no number")
    comma = following.type == "COMMA" and third is not None and touches(following, third) and third.type == "INT"
    if comma and token.type == "INT" and not depth:
        return _comma(line, i, out, work, put)
    return 0


def _comma(line: list[Token], i: int, out: list[Token], work: Handwork, put: Callable[..., int]) -> int:
    """`lr=0,001`, `w = 1,000`, `classes=3,5`, `pad=1,1`: by what the option takes."""
    token, third = line[i], line[i + 2]
    name = out[-2] if len(out) > 1 and out[-1].type == "EQUALS" else None
    kinds = _kinds(str(name)) if name is not None else []
    if any(isinstance(k, ListOf) for k in kinds):
        j = i
        while j + 2 < len(line) and line[j + 1].type == "COMMA" and line[j + 2].type == "INT":
            j += 2
        items = [t for t in line[i : j + 1] if t.type == "INT"]
        written = ", ".join(items)
        work.error("a list stands in brackets", token, line[j], write(f"[{written}]"))
        out += [borrow("LSQB", "[", token), *line[i : j + 1], borrow("RSQB", "]", line[j])]
        return j + 1 - i
    if any(isinstance(k, SizeKind | Padding) for k in kinds):
        return put("SIZE", f"{token}x{third}", "a size is written with `x`", 3)
    number = any(isinstance(k, Number) for k in kinds) or token == "0"
    if number:
        return put("FLOAT", f"{token}.{third}", "decimals are written with a point", 3)
    if name is not None and len(third) == 3:
        return put("INT", f"{token}{third}", "the digits of a number stand together", 3)
    return 0


def _kinds(option: str) -> list[object]:
    found: list[object] = []
    for name in ("layer", "setting", "data", "loss", "optim", "schedule"):
        for cls in vocabulary(name).values():
            found += [a.kind for a in arguments(cls) if a.name == option]
    return found


def _spaced(line: list[Token], i: int, out: list[Token], work: Handwork) -> int:
    """`3 x3`, `3 by 3` where a size is meant."""
    if Handwork.at_step(out):
        return 0
    token, following = line[i], line[i + 1]
    third = line[i + 2] if i + 2 < len(line) else None
    glued = re.fullmatch(r"[xX]+([0-9]+)", following)
    if following.type == "NAME" and glued and not touches(token, following):
        if not size_wanted([*_step(out), token]):
            if not size_wanted([*_step(out), token, token]):
                return 0
            written = f"{glued[1]}x{glued[1]}"
            work.error(f"`{following}` is no size", following, following, write(written))
            out += [token, borrow("SIZE", written, following)]
            return 2
        written = f"{token}x{glued[1]}"
        work.error("a size is written without spaces", token, following, write(written))
        out.append(borrow("SIZE", written, token))
        return 2
    if following == "by" and third is not None and third.type == "INT":
        written = f"{token}x{third}"
        work.error("a size is written with `x`", token, third, write(written))
        out.append(borrow("SIZE", written, token))
        return 3
    return 0


def _step(out: list[Token]) -> list[Token]:
    """The tokens of the step that is being read."""
    start = len(out)
    while start and len(out) - start < 30 and out[start - 1].type not in ("NEWLINE", "ARROW", "BAR", "LBRACE", "STAR"):
        start -= 1
    return out[start:]


def size_wanted(step: list[Token]) -> bool:
    """Whether the last value of a step stands where a size may."""
    cls = vocabulary("layer").get(str(step[0])) if step else None
    if cls is None:
        return False
    places = [a for a in arguments(cls) if a.positional]
    number = sum(t.type in ("INT", "SIZE", "FLOAT") for t in step[1:]) - 1
    named = len(step) > 2 and step[-2].type == "EQUALS"
    return named or (0 <= number < len(places) and isinstance(places[number].kind, SizeKind))


def _power(line: list[Token], i: int, out: list[Token], work: Handwork) -> int:
    """`w^2` and `w**2`."""
    token = line[i]
    j = i + 1
    while j < len(line) and j < i + 3 and (line[j] == "^" or line[j].type == "STAR"):
        j += 1
    marks = "".join(line[i + 1 : j])
    if marks not in ("^", "**") or j >= len(line) or line[j].type != "INT" or not 1 <= int(line[j][:3]) <= 6:
        return 0
    factors = "*".join([str(token)] * int(line[j]))
    work.error("powers are written as products", token, line[j], write(factors))
    out.append(token)
    for _ in range(int(line[j]) - 1):
        out += [borrow("STAR", "*", token), borrow(token.type, str(token), token)]
    return j + 1 - i
