"""Marks that people write out of habit: each is reported with what to write instead, and read as it was meant."""

from __future__ import annotations

import re
from itertools import pairwise

from lark import Token

from tuicnn.language.codes import Code
from tuicnn.language.fixes import remove, respell, write
from tuicnn.language.report import Report
from tuicnn.language.syntax.building import span_of

__all__ = ["LONGEST_NUMBER", "correct"]

#: digits that a number may have
LONGEST_NUMBER = 300

_NUMBERS = ("INT", "SIZE", "FLOAT")


def correct(stream: list[Token], report: Report) -> list[Token]:
    """The tokens of a text without marks that the grammar does not know."""
    if report.forgiving:
        from tuicnn.language.habits.passes import read_habits

        stream = read_habits(stream, report)
    out: list[Token] = []
    names_x = any(
        a.type == "NAME" and a in ("x", "X") and b.type in ("EQUALS", "COMMA", "RPAR") for a, b in pairwise(stream)
    )
    i = 0
    while i < len(stream):
        token = stream[i]
        following = stream[i + 1] if i + 1 < len(stream) else None
        if token.type == "TIMES" or (token.type == "NAME" and token in ("x", "X") and not names_x):
            if _joins_a_size(out, following) and following is not None:
                out[-1] = _size(out[-1], following, report)
                i += 2
                continue
            out.append(Token.new_borrow_pos("STAR", "*", token) if token.type == "TIMES" else token)
        elif token.type == "WRONG_ARROW":
            report.error(Code.SYNTAX, f"`{token}` is not an arrow", span_of(token), help=respell("->"))
            out.append(Token.new_borrow_pos("ARROW", "->", token))
        elif token.type == "WRONG_STRING":
            text = token[1:-1]
            report.error(Code.SYNTAX, "texts stand in double quotes", span_of(token), help=respell(f'"{text}"'))
            out.append(Token.new_borrow_pos("STRING", f'"{text}"', token))
        elif token.type == "OPEN_STRING":
            text = re.split(r"\s+(?:\w+=|->|#)", token)[0].rstrip()
            report.error(
                Code.SYNTAX,
                "this text has no closing quote",
                span_of(token),
                label="opened here, never closed",
                help=write(f'{text}"{token[len(text) :].rstrip()}'),
            )
            out.append(Token.new_borrow_pos("STRING", f'{text}"', token))
        elif token.type == "SEMICOLON":
            i = _semicolon(stream, i, out, report)
            continue
        elif token.type == "OTHER" and token == "." and _in_a_path(out, token, following) and following is not None:
            out[-1] = _path(out[-1], following, report)
            i += 2
            continue
        elif token.type == "OTHER":
            i = _unknown(stream, i, out, report)
            continue
        elif token.type in _NUMBERS and len(token) > LONGEST_NUMBER:
            report.error(
                Code.LIMIT,
                f"a number of {len(token)} digits",
                span_of(token),
                help=f"write one of at most {LONGEST_NUMBER} digits",
            )
            out.append(Token.new_borrow_pos("INT", "1", token))
        else:
            out.append(token)
        i += 1
    return out


def _joins_a_size(out: list[Token], following: Token | None) -> bool:
    """Whether an `x` stands between two numbers that are arguments: not at a step's place, where `×` repeats."""
    if not out or out[-1].type not in ("INT", "SIZE") or following is None or following.type not in ("INT", "SIZE"):
        return False
    if out[-1].type == "SIZE" and following.type == "INT" and not _takes_images(out):
        return False
    begins = len(out) < 2 or out[-2].type in ("NEWLINE", "ARROW") or out[-2] in ("*", "×", "{", "|")
    return not begins and len(out[-1]) + len(following) < LONGEST_NUMBER


def _takes_images(out: list[Token]) -> bool:
    """Whether a size of three axes may stand here: behind `input:` and `reshape`."""
    line = out[-1].line
    return any(t.line == line and t in ("input", "reshape") for t in out[-6:])


def _size(first: Token, last: Token, report: Report) -> Token:
    text = f"{first}x{last}"
    report.error(Code.SYNTAX, "a size is written without spaces", span_of(first, last), help=respell(text))
    return Token("SIZE", text, first.start_pos, first.line, first.column, last.end_line, last.end_column, last.end_pos)


def _in_a_path(out: list[Token], dot: Token, following: Token | None) -> bool:
    """Whether a dot stands between two names without spaces, as in `blocks.net`."""
    if not out or out[-1].type != "NAME" or following is None or following.type != "NAME":
        return False
    return out[-1].end_pos == dot.start_pos and dot.end_pos == following.start_pos


def _path(first: Token, last: Token, report: Report) -> Token:
    text = f"{first}.{last}"
    report.error(Code.SYNTAX, "a path stands in double quotes", span_of(first, last), help=respell(f'"{text}"'))
    return Token(
        "STRING", f'"{text}"', first.start_pos, first.line, first.column, last.end_line, last.end_column, last.end_pos
    )


def _semicolon(stream: list[Token], i: int, out: list[Token], report: Report) -> int:
    """Read `;` as a new line; where the line ends anyway, it is only too much."""
    token = stream[i]
    ends = i + 1 >= len(stream) or stream[i + 1].type == "NEWLINE"
    report.error(
        Code.SYNTAX,
        "`;` has no meaning",
        span_of(token),
        help=remove(safe=True, more=": a line ends by itself") if ends else write("->", more=", or a new line"),
    )
    if not ends:
        out.append(Token.new_borrow_pos("NEWLINE", "\n", token))
    return i + 1


_MEANT = {
    "–": write("-", more=", or `->` for an arrow"),
    "—": write("-", more=", or `->` for an arrow"),
    "−": write("-", more=", or `->` for an arrow"),
    ">": write("->"),
    "'": write('"', more=' (texts stand in double quotes: "photos")'),
    "$": remove(more=": a constant is written by its name alone"),
    ".": remove(more=' (a path stands in double quotes: "blocks.net")'),
    "^": write("*", more=" (powers are written as products: `(2*2)`)"),
}


def _unknown(stream: list[Token], i: int, out: list[Token], report: Report) -> int:
    """Pass over characters that mean nothing, reported together where they stand together."""
    j = i + 1
    while j < len(stream) and stream[j].type == "OTHER" and stream[j].start_pos == stream[j - 1].end_pos:
        j += 1
    text = "".join(stream[i:j])
    shown = text if len(text) <= 20 else text[:20] + "…"
    if not shown.isprintable():
        shown = " ".join(f"U+{ord(c):04X}" for c in text[:5]) + ("…" if len(text) > 5 else "")
    help = _MEANT.get(text[0], remove(more=" (a comment begins with `#`)"))
    if not shown.isprintable() or any(not c.isprintable() for c in text):
        help = remove(more=": it cannot be seen")
    report.error(Code.SYNTAX, f"`{shown}` means nothing here", span_of(stream[i], stream[j - 1]), help=help)
    return j
