"""What stands between two tokens and means nothing to a network, but much to its reader: comments and empty lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Comment", "Gap", "Own", "gap_between"]

#: a comment, the end of a line that goes on in the next one, the end of a line
_MARKS = re.compile(r"#[^\n]*|\\\n|\n")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own. One that is `under` goes on with the comment at the end of the line above."""

    text: str
    under: bool = False


#: what stands on lines of its own: comments, and None for one empty line or several
Own = list[Comment | None]


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two tokens: whether a line ends there, the comment at its end, and the lines between."""

    newline: bool = False
    trailing: str = ""
    own: tuple[Comment | None, ...] = ()

    def comments(self) -> list[str]:
        """The text of every comment in it."""
        return [*([self.trailing] if self.trailing else []), *(c.text for c in self.own if c is not None)]


_NOTHING = Gap()


def gap_between(text: str, start: int, end: int, *, newline: bool = False) -> Gap:
    """The gap between two places of a text; with `newline`, its start is that of a line."""
    between = text[start:end]
    if not newline and "\n" not in between and "#" not in between:
        return _NOTHING
    trailing, trailing_at = "", -1
    own: Own = []
    ends = 0  # of lines, since the last comment
    for mark in _MARKS.finditer(between):
        if mark[0] == "\n":
            newline = True
            ends += 1
        elif mark[0].startswith("#"):
            written = mark[0].rstrip()
            at = _column(text, start + mark.start())
            if not newline:
                trailing, trailing_at = written, at
            else:
                if ends > 1:
                    own.append(None)
                    trailing_at = -1
                elif at != trailing_at:
                    trailing_at = -1
                own.append(Comment(written, under=trailing_at >= 0))
            ends = 0
    if ends > 1:
        own.append(None)
    return Gap(newline, trailing, tuple(own))


def _column(text: str, position: int) -> int:
    return position - text.rfind("\n", 0, position) - 1
