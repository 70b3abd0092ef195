"""A text that is being edited: its lines, the cursor, a selection, undo and redo. Knows no terminal.

Rows and columns count from 0, in characters. A line is a string without its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuicnn.limits import NET_BYTES
from tuicnn.system.lines import plain_lines

__all__ = ["INDENT", "Buffer", "Position"]

Position = tuple[int, int]

#: columns of one level of indentation
INDENT = 4
_MOST_UNDONE = 1_000
_NEWLINE = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"\w+|[^\w\s]+")


@dataclass(frozen=True)
class _Change:
    """One replaced piece of the text, and where the cursor was before. Changes of a `group` are undone together."""

    start: Position
    removed: str
    added: str
    cursor: Position
    group: int


class Buffer:
    """The text with a cursor. Where `anchor` is not the cursor, what lies between is selected."""

    def __init__(self, text: str = "") -> None:
        found = _NEWLINE.search(text)
        self._newline = found[0] if found else "\n"
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        self.lines = plain_lines(text).split("\n")
        self.cursor: Position = (0, 0)
        self.anchor: Position = (0, 0)
        self._goal: int | None = None  # the column that going up and down keeps to
        self._done: list[_Change] = []
        self._undone: list[_Change] = []
        self._group = 0
        self._typing: Position | None = None  # where a further character belongs to the same word

    # -- the text

    @property
    def plain(self) -> str:
        """The text with newlines alone and no byte order mark, as the language counts it."""
        return "\n".join(self.lines)

    @property
    def text(self) -> str:
        """The text as it is written to a file: with the ends of lines and the mark that it came with."""
        return self._mark + self._newline.join(self.lines)

    @property
    def selected(self) -> str:
        """The text that is selected, with newlines alone."""
        return self._between(*self._selection)

    @property
    def _selection(self) -> tuple[Position, Position]:
        return min(self.anchor, self.cursor), max(self.anchor, self.cursor)

    def is_selected(self, row: int) -> tuple[int, int] | None:
        """The columns of a row that are selected; None where none are. The end of a line counts as a column."""
        start, end = self._selection
        if start == end or not start[0] <= row <= end[0]:
            return None
        return start[1] if row == start[0] else 0, end[1] if row == end[0] else len(self.lines[row]) + 1

    def _between(self, start: Position, end: Position) -> str:
        if start[0] == end[0]:
            return self.lines[start[0]][start[1] : end[1]]
        inner = self.lines[start[0] + 1 : end[0]]
        return "\n".join([self.lines[start[0]][start[1] :], *inner, self.lines[end[0]][: end[1]]])

    def _splice(self, start: Position, end: Position, text: str) -> Position:
        """Put a text in the place of another one; where it ends."""
        new = text.split("\n")
        last = len(new[-1]) + (start[1] if len(new) == 1 else 0)
        new[0] = self.lines[start[0]][: start[1]] + new[0]
        new[-1] += self.lines[end[0]][end[1] :]
        self.lines[start[0] : end[0] + 1] = new
        return start[0] + len(new) - 1, last

    # -- moving

    def move(self, to: Position, *, select: bool = False, goal: int | None = None) -> None:
        """Put the cursor at a place, or as near to it as there is one."""
        row = max(0, min(to[0], len(self.lines) - 1))
        self.cursor = row, max(0, min(to[1], len(self.lines[row])))
        self._goal, self._typing = goal, None
        if not select:
            self.anchor = self.cursor

    def left(self, *, select: bool = False) -> None:
        """Go a character back; with a selection that ends, to its start."""
        row, column = self.cursor
        if self.anchor != self.cursor and not select:
            self.move(self._selection[0])
        elif column or not row:
            self.move((row, column - 1), select=select)
        else:
            self.move((row - 1, len(self.lines[row - 1])), select=select)

    def right(self, *, select: bool = False) -> None:
        """Go a character on; with a selection that ends, to its end."""
        row, column = self.cursor
        if self.anchor != self.cursor and not select:
            self.move(self._selection[1])
        elif column < len(self.lines[row]) or row == len(self.lines) - 1:
            self.move((row, column + 1), select=select)
        else:
            self.move((row + 1, 0), select=select)

    def down(self, rows: int, *, select: bool = False) -> None:
        """Go so many rows down, or up; beyond the first and the last one to the end of the text."""
        row, column = self.cursor
        goal = column if self._goal is None else self._goal
        to = row + rows
        if to < 0:
            self.move((0, 0), select=select)
        elif to >= len(self.lines):
            self.move((len(self.lines) - 1, len(self.lines[-1])), select=select)
        else:
            self.move((to, goal), select=select, goal=goal)

    def word(self, by: int, *, select: bool = False) -> None:
        """Go to where the next word begins, or by -1 to where this one or the one before begins."""
        self.move(self._word(by), select=select)

    def _word(self, by: int) -> Position:
        row, column = self.cursor
        starts = [found.start() for found in _WORD.finditer(self.lines[row])]
        if by > 0:
            if column == len(self.lines[row]):
                return (row + 1, 0) if row < len(self.lines) - 1 else self.cursor
            return row, next((start for start in starts if start > column), len(self.lines[row]))
        if column == 0:
            return (row - 1, len(self.lines[row - 1])) if row else self.cursor
        return row, next((start for start in reversed(starts) if start < column), 0)

    def home(self, *, select: bool = False) -> None:
        """Go to the first character of the line that is no blank, or to its start."""
        row, column = self.cursor
        first = len(self.lines[row]) - len(self.lines[row].lstrip())
        self.move((row, 0 if column == first else first), select=select)

    def end(self, *, select: bool = False) -> None:
        """Go to the end of the line."""
        self.move((self.cursor[0], len(self.lines[self.cursor[0]])), select=select)

    # -- changing

    def replace(self, start: Position, end: Position, text: str, *, joined: bool = False) -> None:
        """Put a text in the place of another one, the cursor behind it. `joined` to the last change, for undoing.

        A text that would be larger than a net may be is refused: `ValueError`.
        """
        removed = self._between(start, end)
        if len(text) > len(removed) and sum(map(len, self.lines)) + len(self.lines) + len(text) > NET_BYTES:
            raise ValueError(f"A net has at most {NET_BYTES // 1000:,} kB; this would be more.")
        if removed == text:
            self.move(end)
            return
        if not joined:
            self._group += 1
        self._done.append(_Change(start, removed, text, self.cursor, self._group))
        del self._done[:-_MOST_UNDONE]
        self._undone.clear()
        self.move(self._splice(start, end, text))

    def insert(self, text: str) -> None:
        """Put a text at the cursor, in the place of what is selected. Characters typed in a row are undone together."""
        text = plain_lines(text)
        single = len(text) == 1 and not text.isspace() and self.anchor == self.cursor
        joined = single and self._typing == self.cursor
        self.replace(*self._selection, text, joined=joined)
        self._typing = self.cursor if single else None

    def newline(self) -> None:
        """Begin a line that is indented as this one is, or deeper behind an open brace."""
        row, column = self._selection[0]
        before = self.lines[row][:column]
        indent = before[: len(before) - len(before.lstrip())]
        deeper = before.partition("#")[0].rstrip().endswith("{")
        self.insert("\n" + indent + " " * INDENT * deeper)

    def indent(self) -> None:
        """Put blanks up to the next level of indentation."""
        self.insert(" " * (INDENT - self._selection[0][1] % INDENT))

    def delete(self, by: int) -> None:
        """Delete what is selected; else the character before (-1) or behind the cursor (1), or a level of blanks."""
        if self.anchor == self.cursor:
            before = self.lines[self.cursor[0]][: self.cursor[1]]
            blanks = (len(before) - 1) % INDENT + 1 if before and not before.strip(" ") and by < 0 else 1
            where = self.cursor
            for _ in range(blanks):
                (self.right if by > 0 else self.left)(select=True)
            self.anchor, self.cursor = self.cursor, where  # undo puts the cursor back to where it was
        self.replace(*self._selection, "")

    def delete_word(self, by: int) -> None:
        """Delete what is selected; else up to where a word begins."""
        there = self._word(by) if self.anchor == self.cursor else self.anchor
        self.replace(min(there, self.cursor), max(there, self.cursor), "")

    def cut(self) -> str:
        """Remove what is selected, or else the whole line; what it was."""
        start, end = self._selection
        if start == end:
            row = start[0]
            start, end = (row, 0), (row + 1, 0) if row < len(self.lines) - 1 else (row, len(self.lines[row]))
        removed = self._between(start, end)
        self.replace(start, end, "")
        return removed

    def become(self, text: str) -> None:
        """Change the text to another one as one change; the cursor stays as near to its place as can be."""
        old, new = self.plain, plain_lines(text)
        same = _common(old, new)
        behind = min(_common(old[::-1], new[::-1]), len(old) - same, len(new) - same)
        start, place = _behind((0, 0), old[:same]), self.cursor
        self.replace(start, _behind((0, 0), old[: len(old) - behind]), new[same : len(new) - behind])
        if place <= start:
            self.move(place)

    # -- undoing

    def undo(self) -> bool:
        """Take the last change back; False where there is none."""
        group = _last_group(self._done)
        for change in group:
            self._splice(change.start, _behind(change.start, change.added), change.removed)
            self.move(change.cursor)
        self._undone += group
        return bool(group)

    def redo(self) -> bool:
        """Make the change that was last taken back again; False where there is none."""
        group = _last_group(self._undone)
        for change in group:
            self.move(self._splice(change.start, _behind(change.start, change.removed), change.added))
        self._done += group
        return bool(group)


def _last_group(changes: list[_Change]) -> list[_Change]:
    """The last changes that belong together, the last one first; they are taken from the list."""
    group: list[_Change] = []
    while changes and changes[-1].group == (group[0] if group else changes[-1]).group:
        group.append(changes.pop())
    return group


def _behind(start: Position, text: str) -> Position:
    """Where a text that starts at a place ends."""
    lines = text.split("\n")
    return start[0] + len(lines) - 1, len(lines[-1]) + (start[1] if len(lines) == 1 else 0)


def _common(a: str, b: str) -> int:
    """How many characters two texts have in common at their start."""
    low, high = 0, min(len(a), len(b)) + 1  # a[:low] == b[:low]; at `high` they are not known to be equal
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle)
    return low
