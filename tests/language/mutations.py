"""Damage done to a text of the language, piece by piece: what the fuzzer and the property tests share."""

from __future__ import annotations

import random
import re

__all__ = ["ODD", "WORDS", "damage", "pieces_of"]

#: what the language is made of, and what people take it for
WORDS = (
    *("conv", "dense", "relu", "maxpool 2", "flatten", "batchnorm", "add", "concat", "residual", "identity", "reshape"),
    *("pad", "stride", "bias", "init", "normal(0.01)", "he", "same", "true", "nan", "inf", "none", "groups"),
    "dilation",
    *("data:", "input:", "augment:", "loss:", "optim:", "schedule:", "train:", "default:", "include:", "mnist", "adam"),
    *("def", "as", "@", "w", "a", "b", "f", "x", "3x3", "1x28x28", "8", "10", "0", "1", "-1", "0.5", "1e400", "2**3"),
    *("->", "→", "×", "*", "+", "-", "/", "//", "%", "=", ":", ",", "|", ";", ".", "=>", "–>", "-->", "> >", "=="),
    *("(", ")", "{", "}", "[", "]", '"', "'", "“", "”", '"a"', "#", "\\", "\n", "\t", " ", "\r", "\r\n", "\n\n"),
    *("99999999999", "1000 * (1000 * (", "))", "def a = a", "a = b", "conv 8 3x3 pad=1 -> relu", "10 * "),
)
#: characters that programs stumble over
ODD = (
    *("\0", "\ufeff", "\ud800", "\udfff", "\u2028", "\x85", "\x0b", "\x0c", "\x1b[2J", "\u202e", "\u200b", "\u00a0"),
    *("é", "e\u0301", "٣", "²", "Ⅷ", "𝟠", "中", "ﬁ", "İ", "ß", "😀", "👨‍👩‍👧", "\U0010ffff", "\x7f", "−", "х"),
)
_PIECE = re.compile(r"\s+|\w+|->|[^\w\s]", re.ASCII)


def pieces_of(text: str) -> list[str]:
    """A text cut at about where its tokens end; together they are the text."""
    pieces: list[str] = []
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() > end:
            pieces.append(text[end : found.start()])
        pieces.append(found.group())
        end = found.end()
    return [*pieces, text[end:]] if end < len(text) else pieces


def damage(text: str, seed: int, times: int = 1) -> str:
    """The text with `times` pieces deleted, doubled, swapped, replaced or put in; the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(times):
        pieces = pieces_of(text) or [""]
        i, j = dice.randrange(len(pieces)), dice.randrange(len(pieces))
        what = dice.randrange(10)
        if what == 0:
            del pieces[i]
        elif what == 1:
            pieces.insert(i, pieces[i])
        elif what == 2:
            pieces[i], pieces[j] = pieces[j], pieces[i]
        elif what in (3, 4):
            pieces.insert(i, dice.choice(WORDS))
        elif what == 5:
            pieces[i] = dice.choice(WORDS)
        elif what == 6:
            pieces.insert(i, dice.choice(ODD))
        elif what == 7:
            pieces[min(i, j) : max(i, j)] *= 2
        elif what == 8:
            del pieces[min(i, j) : max(i, j)]
        else:
            at = dice.randrange(len(text) + 1)
            text = text[:at] + dice.choice(ODD + WORDS) + text[at + dice.randrange(3) :]
            continue
        text = "".join(pieces)[:100_000]
    return text
