"""Runs as a table: one line each, with a cursor, a letter for each that is marked, and what differs between them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import clock, percent
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.tui.shelf import seconds_of
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["RunRow", "RunTable", "state_of"]

LONGEST_NAME, SHORTEST_NAME = 28, 10
LEAST_DIFFERENCE = 28  # columns for what differs, before further columns are shown
#: right-aligned columns: their heads, widths, and how much they matter (0 most)
COLUMNS = (("best", 7, 0), ("epochs", 9, 1), ("test", 7, 3), ("time", 8, 2), ("started", 12, 4))


@dataclass(frozen=True)
class RunRow:
    """A run as it stands in the table: `letter` where it is marked, `shown` where its views are open."""

    run: CataloguedRun
    letter: str
    different: str
    shown: bool


def state_of(run: CataloguedRun) -> tuple[str, Role]:
    """What a run is doing, in a word, and its colour."""
    summary = run.summary
    if summary.paused:
        return "paused", "warn"
    if summary.state == "alive":
        return "training", "accent"
    roles: dict[str, Role] = {"done": "good", "stopped": "warn"}
    return summary.state, roles.get(summary.state, "bad")


class RunTable(LineWidget):
    """The runs under a head. It scrolls so that the cursor is in sight."""

    class Pointed(Message):
        """A run was clicked; `again` where the cursor was on it already."""

        def __init__(self, index: int, again: bool) -> None:
            super().__init__()
            self.index, self.again = index, again

    class Scrolled(Message):
        """The mouse wheel moves the cursor."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._rows: Sequence[RunRow] = ()
        self._cursor = self._top = self._room = 0
        self._empty = ""

    def show(self, rows: Sequence[RunRow], cursor: int, empty: str = "") -> None:
        """Show rows with the cursor on one, or a sentence where there are none."""
        self._rows, self._cursor, self._empty = rows, cursor, empty
        self.repaint()

    @property
    def page(self) -> int:
        """How many rows are in sight."""
        return max(1, self._room)

    def on_click(self, event: Click) -> None:
        """A click chooses a run, a second one opens it."""
        index = self._top + event.y - 1
        if 0 < event.y <= self._room and index < len(self._rows):
            self.post_message(self.Pointed(index, index == self._cursor))

    def on_mouse_scroll_down(self, _: MouseScrollDown) -> None:
        """The run below."""
        self.post_message(self.Scrolled(1))

    def on_mouse_scroll_up(self, _: MouseScrollUp) -> None:
        """The run above."""
        self.post_message(self.Scrolled(-1))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The head, and as many runs as fit."""
        if height < 1:
            return []
        self._room = height - 1
        if not self._rows:
            return [Strip.blank(width, self.base), self.line([(f"  {self._empty}", "dim")], width)]
        last = max(0, len(self._rows) - self._room)
        self._top = max(min(self._top, self._cursor, last), self._cursor + 1 - self._room, 0)
        bottom = min(self._top + self._room, len(self._rows))
        longest = max(len(row.run.name) for row in self._rows)
        name = min(max(longest, 4), LONGEST_NAME if width >= 100 else 2 * SHORTEST_NAME)
        columns = self._columns(width, name)
        place = f"  {self._top + 1}-{bottom} of {len(self._rows)}" if last else ""
        head = f"    {'run':<{name}}  {'state':<9}" + "".join(f"{title:>{wide}}" for title, wide, _ in columns)
        room = width - len(place)
        head = f"{head}  what differs"[:room].ljust(room) + place
        return [
            self.line([(head, "dim")], width),
            *(
                self._row(self._rows[index], index == self._cursor, name, columns, width)
                for index in range(self._top, bottom)
            ),
        ]

    def _columns(self, width: int, name: int) -> list[tuple[str, int, int]]:
        """Those that fit beside the name, the state and what differs."""
        columns = list(COLUMNS)
        while columns and 4 + name + 11 + sum(wide for _, wide, _ in columns) + LEAST_DIFFERENCE > width:
            columns.remove(max(columns, key=lambda column: column[2]))
        return columns

    def _row(self, row: RunRow, chosen: bool, name: int, columns: Sequence[tuple[str, int, int]], width: int) -> Strip:
        summary, dash = row.run.summary, self.terminal.glyphs.dash
        state, role = state_of(row.run)
        planned = f"/{summary.epochs_planned}" if summary.epochs_planned else ""
        cells = {
            "best": percent(summary.best_val_accuracy, 2, dash),
            "test": percent(summary.test_accuracy, 2, dash),
            "epochs": f"{summary.epochs}{planned}",
            "time": clock(seconds_of(row.run), dash),
            "started": _when(summary.started, dash),
        }
        pointer = self.terminal.glyphs.pointer if chosen else " "
        shown = truncated(displayable(row.run.name, self.terminal), name, self.terminal)
        base = Style(bold=True) if chosen else Style()
        parts: list[tuple[str, Role]] = [
            (f"{pointer} ", "accent"),
            (f"{row.letter or ' '} ", "accent"),
            (f"{shown:<{name}}", "strong" if row.shown else "text"),
            (f"  {state:<9}", role),
            *((f"{cells[title]:>{wide}}", "text") for title, wide, _ in columns),
        ]
        room = width - sum(len(text) for text, _ in parts) - 2
        different = truncated(displayable(row.different, self.terminal), room, self.terminal)
        segments = [Segment(text, self.style(role) + base) for text, role in [*parts, (f"  {different}", "dim")]]
        return fitted(segments, width, self.base)


def _when(started: float, dash: str) -> str:
    """A moment: the time of today, else the date."""
    if math.isnan(started):
        return dash
    then, now = time.localtime(started), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%d %b %H:%M" if then[0] == now[0] else "%Y-%m-%d", then)
