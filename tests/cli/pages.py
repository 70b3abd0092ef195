"""What pages of docs/ show of a command's output, beside what it prints today."""

from __future__ import annotations

import re

__all__ = ["missing", "words"]

#: judgements that go with the figures
_JUDGED = re.compile("not sure enough|too sure|(?<=: )it may be chance|more than chance")


def words(text: str) -> list[str]:
    """Lines without figures, bars and curves (names of classes are figures, too); empty ones are left out."""
    plain = _JUDGED.sub("judged", re.sub(r"\d+ min (?=\d+ s)", "", text))
    plain = re.sub(r"\b(thread|image)\b", r"\1s", plain)  # there may be one
    lines = [
        re.sub(r"\S*\d\S*|[━╸╍│┤└┬─\u2800-\u28ff]+|\.(?=\s|$)", "", line).split() for line in plain.strip().splitlines()
    ]
    return [" ".join(line) for line in lines if line]


def missing(shown: str, printed: str) -> list[str]:
    """The lines that are shown and not printed, in their order; `…` stands for any number of lines."""
    left = iter(words(printed))
    return [line for line in words(shown) if line != "…" and line not in left]
