"""The columns of the table of layers: which of them fit, how wide each is, and a line of their cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import truncated
from tuicnn.tui.widgets.lines import fitted

__all__ = [
    "ACTIVATION",
    "BAR",
    "BLOCK",
    "COLUMNS",
    "COURSE",
    "DEAD",
    "GRADIENT",
    "OUTPUT",
    "PARAMETERS",
    "TIME",
    "UPDATE",
    "Cell",
    "Column",
    "Layout",
]


@dataclass(frozen=True)
class Column:
    """A column: its head, its width at least and at most, the gap before it, and how much it matters (0 most)."""

    head: str
    least: int
    gap: int
    rank: int
    most: int = 0  # where there is room; 0: as `least`
    left: bool = False  # aligned to the left


BLOCK = Column("from", 8, 2, 9, most=18, left=True)
OUTPUT = Column("output", 6, 2, 0)
PARAMETERS = Column("weights", 7, 2, 1)
TIME = Column("ms", 6, 2, 2)
BAR = Column("", 6, 1, 7, most=24, left=True)
ACTIVATION = Column("out", 6, 1, 6)
GRADIENT = Column("grad", 6, 1, 4)
COURSE = Column("", 8, 1, 8, most=24, left=True)
UPDATE = Column("{delta}w/w", 6, 1, 3)
DEAD = Column("dead", 4, 1, 5)
COLUMNS = (BLOCK, OUTPUT, PARAMETERS, TIME, BAR, ACTIVATION, GRADIENT, COURSE, UPDATE, DEAD)

LEAST_TEXT = 10  # of a layer as it is written, beside its name
LONGEST_TEXT = 32  # of short layers, so that the totals have room

#: a cell's text, and the role of one that stands out
Cell = tuple[str, Role | None]


@dataclass(frozen=True)
class Layout:
    """The columns that fit with their widths, and the cells of the text before them and of the line."""

    columns: Mapping[Column, int]
    text: int
    width: int

    @classmethod
    def of(cls, width: int, least: Mapping[Column, int], prefix: int, longest: int) -> Layout:
        """Of columns of at least so many cells those that matter most, in a line of `width` cells.

        `prefix` is the cells of a text before the layer itself, `longest` those of the longest text.
        """
        widths = dict(least)

        def left() -> int:
            return width - sum(widths[c] + c.gap for c in widths)

        for last in sorted(widths, key=lambda c: -c.rank):
            if left() >= prefix + LEAST_TEXT:
                break
            del widths[last]
        # No wider than the layers need: numbers far from their layer are hard to read.
        text = max(0, min(left(), max(longest + 2, LONGEST_TEXT)))
        spare = left() - text
        for column in (c for c in (BLOCK, COURSE, BAR) if c in widths):
            more = max(0, min(spare, column.most - widths[column]))
            widths[column] += more
            spare -= more
        return cls(widths, text, width)

    def line(self, text: str, cells: Mapping[Column, Cell], style: Style, terminal: TerminalProfile) -> Strip:
        """One line in as few segments as can be: little to compare and little to send."""
        parts: list[tuple[str, Style]] = [(truncated(text, self.text, terminal).ljust(self.text), style)]
        for column, wide in self.columns.items():
            cell, role = cells.get(column, ("", None))
            cell = truncated(cell, wide, terminal) if column.left else cell[:wide]
            filled = cell.ljust(wide) if column.left else cell.rjust(wide)
            own = style + terminal.style(role) if role is not None and cell else style
            for piece, its in ((" " * column.gap, parts[-1][1]), (filled, own)):
                if its == parts[-1][1]:
                    parts[-1] = (parts[-1][0] + piece, its)
                else:
                    parts.append((piece, its))
        return fitted([Segment(*part) for part in parts], self.width, style)
