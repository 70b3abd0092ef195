"""Lines written under each other in columns: the values of neighbouring settings, the comments at the ends of lines."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

__all__ = ["Written", "in_columns", "width"]

#: columns between a line and its comment, at least
_BEFORE_COMMENT = 2
#: the farthest column that all comments of a text share; those of longer lines have one of their own
_FARTHEST = 60
#: columns of the longest setting's name that others are aligned with
_LONGEST_NAME = 20


@dataclass(slots=True)
class Written:
    """A line of the text that is made. A setting has its `name:` apart; a line may be a comment alone, or empty."""

    code: str
    comment: str = ""
    setting: str = ""
    whole_comment: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing stands on it."""
        return not (self.code or self.comment or self.setting)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def in_columns(lines: list[Written]) -> str:
    """The text of the lines."""
    _align_settings(lines)
    columns = _comment_columns(lines)
    out = []
    for line, column in zip(lines, columns, strict=True):
        padding = " " * (column - width(line.code)) if line.comment else ""
        out.append(f"{line.code}{padding}{line.comment}\n")
    return "".join(out)


def _align_settings(lines: list[Written]) -> None:
    """Let the values of settings begin in one column. Comments between settings do not part them; all else does."""
    group: list[Written] = []
    for line in [*lines, Written("")]:
        if line.setting:
            group.append(line)
        elif not line.whole_comment and group:
            names = [width(one.setting) for one in group]
            longest = max((n for n in names if n <= _LONGEST_NAME), default=0)
            for one, own in zip(group, names, strict=True):
                one.code = f"{one.setting}{' ' * (max(longest - own, 0) + 1)}{one.code}".rstrip()
            group = []


def _comment_columns(lines: list[Written]) -> list[int]:
    """The column of each line's comment: one for neighbours, and one for the whole text where lines are not long."""
    needed = [0] * len(lines)
    run: list[int] = []
    for i, line in enumerate([*lines, Written("")]):
        below = line.comment and not line.code  # goes on with the comment above, which begins its neighbours
        if run and (not line.comment or (not below and not lines[run[-1]].code)):
            column = max(width(lines[j].code) for j in run) + _BEFORE_COMMENT
            for j in run:
                needed[j] = column
            run = []
        if line.comment:
            run.append(i)
    shared = max((column for column in needed if column <= _FARTHEST), default=0)
    return [max(column, shared) for column in needed]
