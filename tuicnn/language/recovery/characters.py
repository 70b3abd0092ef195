"""Single characters and words that the grammar does not know: wide characters, other quotes, `3 x 3`, bare paths."""

from __future__ import annotations

import re
import unicodedata

from lark import Token

from tuicnn.language.diagnostics import Code
from tuicnn.language.recovery.token_fixes import NUMBERS, Recovery, Rules, TokenFix, replaced

__all__ = ["LONGEST_NUMBER", "SPELLING", "WIDE", "read_times"]

#: digits that a number may have
LONGEST_NUMBER = 300
#: what may be meant by a character that means nothing
_MEANT = {
    **dict.fromkeys("–—−", ("-", ", or `->` for an arrow")),
    ">": ("->", ""),
    "'": ('"', ' (texts stand in double quotes: "photos")'),
    "$": ("", ": a constant is written by its name alone"),
    ".": ("", ' (a path stands in double quotes: "blocks.net")'),
    "^": ("*", " (powers are written as products: `(2*2)`)"),
}


def _others(r: Recovery, i: int) -> int:
    """The end of the unknown characters that stand together from `i` on."""
    j = i + 1
    while r.kind(j) == "OTHER" and r.touches(j):
        j += 1
    return j


def _wide(r: Recovery, i: int) -> TokenFix | None:
    """Characters that look like those of the language, such as `（` and `＝`."""
    end = _others(r, i)
    plain = unicodedata.normalize("NFKC", r.text(i, end))
    if plain == r.text(i, end) or not plain.isascii():
        return None
    if plain.startswith(">") and r.kind(i - 1) == "MINUS" and r.touches(i):
        i, plain = i - 1, f"-{plain}"
    return replaced(f"`{r.text(i, end)}` is written in wide characters", i, end - 1, plain)


def _size(r: Recovery, i: int) -> TokenFix | None:
    """An `x` or `×` between two numbers that are arguments: at a step's place, `×` repeats."""
    first, last = r.tokens[i - 1] if i else Token("", ""), r.word(i + 1)
    joins = first.type in ("INT", "SIZE") and r.kind(i + 1) in ("INT", "SIZE")
    if first.type == "SIZE" and r.kind(i + 1) == "INT":  # of three axes: behind `input:` and `reshape`
        joins = any(t.line == first.line and t in ("input", "reshape") for t in r.tokens[max(0, i - 6) : i])
    begins = i < 2 or r.kind(i - 2) in ("NEWLINE", "ARROW") or r.word(i - 2) in ("*", "×", "{", "|")
    if joins and not begins and len(first) + len(last) < LONGEST_NUMBER:
        return replaced("a size is written without spaces", i - 1, i + 1, f"{first}x{last}")
    if r.kind(i) == "TIMES":
        r.tokens[i] = Token.new_borrow_pos("STAR", "*", r.tokens[i])
    return None


def _size_in_letters(r: Recovery, i: int) -> TokenFix | None:
    return _size(r, i) if r.word(i) in ("x", "X") and not r.names_x else None


def _string(r: Recovery, i: int) -> TokenFix | None:
    return replaced("texts stand in double quotes", i, i, f'"{r.word(i)[1:-1]}"')


def _open_string(r: Recovery, i: int) -> TokenFix | None:
    token = r.word(i)
    text = re.split(r"\s+(?:\w+=|->|#)", token)[0].rstrip()
    return replaced(
        "this text has no closing quote", i, i, f'{text}"{token[len(text) :].rstrip()}', safe=False, read=f'{text}"',
        label="opened here, never closed",
    )  # fmt: skip


def _unknown(r: Recovery, i: int) -> TokenFix | None:
    """Characters that mean nothing, told together where they stand together."""
    if r.word(i) == "." and r.kind(i - 1) == r.kind(i + 1) == "NAME" and r.touches(i) and r.touches(i + 1):
        return replaced("a path stands in double quotes", i - 1, i + 1, f'"{r.text(i - 1, i + 2)}"')
    end = _others(r, i)
    text = "".join(r.tokens[i:end])
    shown = text if len(text) <= 20 else text[:20] + "…"
    instead, more = _MEANT.get(text[0], ("", " (a comment begins with `#`)"))
    if not text.isprintable():
        instead, more = "", ": it cannot be seen"
        if not shown.isprintable():
            shown = " ".join(f"U+{ord(c):04X}" for c in text[:5]) + ("…" if len(text) > 5 else "")
    return replaced(f"`{shown}` means nothing here", i, end - 1, instead, safe=False, more=more, read="")


def _long_number(r: Recovery, i: int) -> TokenFix | None:
    token = r.tokens[i]
    if len(token) > LONGEST_NUMBER:
        help = f"write one of at most {LONGEST_NUMBER} digits"
        r.report.error(Code.LIMIT, f"a number of {len(token)} digits", r.span(i, i), help=help)
        r.tokens[i] = Token.new_borrow_pos("INT", "1", token)
    return None


WIDE: Rules = {"OTHER": (_wide,)}
SPELLING: Rules = {
    "TIMES": (_size,),
    "NAME": (_size_in_letters,),
    "WRONG_STRING": (_string,),
    "OPEN_STRING": (_open_string,),
    "OTHER": (_unknown,),
    **dict.fromkeys(NUMBERS, (_long_number,)),
}


def read_times(r: Recovery) -> None:
    """Read `2m` as the number and the name that it is where no setting is written."""
    out: list[Token] = []
    setting = False
    for i, token in enumerate(r.tokens):
        if i == 0 or r.kind(i - 1) == "NEWLINE":
            setting = r.kind(i + 1) == "COLON"
        if token.type != "TIME" or setting:
            out.append(token)
            continue
        begins, column = token.start_pos or 0, token.column or 1
        for text, at in ((token[:-1], 0), (token[-1:], len(token) - 1)):
            kind = "NAME" if at else "FLOAT" if "." in text else "INT"
            end = at + len(text)
            out.append(Token(kind, text, begins + at, token.line, column + at, token.line, column + end, begins + end))
    r.tokens = out
