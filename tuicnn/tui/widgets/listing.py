"""A table of texts with a head, of which one row may be chosen; it scrolls so that this is in sight."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import truncated
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Listing"]

GAP = 2
LEAST = 4  # cells of a column of words


class Listing(LineWidget):
    """Columns of words, cut where they must be, and of numbers, which are not."""

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, listing: Listing, row: int) -> None:
            super().__init__()
            self.listing, self.row = listing, row

        @property
        def control(self) -> Listing:
            """The listing it was in."""
            return self.listing

    def __init__(self, terminal: TerminalProfile, head: Sequence[str], numbers: int, *, id: str | None = None) -> None:
        """The last `numbers` columns are numbers."""
        super().__init__(terminal, id=id)
        self._head, self._numbers = head, numbers
        self._rows: Sequence[Sequence[str]] = ()
        self._chosen, self._top = -1, 0
        self._empty, self._focused = "", False

    def show(
        self,
        rows: Sequence[Sequence[str]],
        chosen: int = -1,
        *,
        focused: bool,
        empty: str = "",
        head: Sequence[str] | None = None,
    ) -> None:
        """Show rows, and which is chosen (-1: none); where there are none, the sentence `empty`.

        The chosen row stands out where the arrows move it (`focused`). A `head` takes the place of the one before.
        """
        self._head = self._head if head is None else head
        self._rows, self._chosen, self._empty, self._focused = rows, chosen, empty, focused
        self.repaint()

    def _widths(self, width: int) -> list[int]:
        wanted = [max(map(len, column)) for column in zip(self._head, *self._rows, strict=True)]
        words = len(wanted) - self._numbers
        room = width - 2 - GAP * (len(wanted) - 1) - sum(wanted[words:])
        while sum(wanted[:words]) > room and max(wanted[:words]) > LEAST:
            wanted[wanted.index(max(wanted[:words]))] -= 1
        return wanted

    def paint(self, width: int, height: int) -> list[Strip]:
        """The head and as many rows as fit."""
        if not self._rows:
            return [self.line([(truncated(self._empty, width, self.terminal), "dim")], width)]
        widths, room = self._widths(width), max(1, height - 1)
        self._top = max(0, min(self._top, max(0, self._chosen), len(self._rows) - room))
        self._top = max(self._top, self._chosen + 1 - room)
        strips = [self._line("  ", self._head, widths, width, self.style("dim"))]
        for index, row in enumerate(self._rows[self._top : self._top + room], self._top):
            chosen = index == self._chosen
            mark = f"{self.terminal.glyphs.pointer} " if chosen else "  "
            strips.append(self._line(mark, row, widths, width, self._cursor_style if chosen else self.base))
        return strips

    @property
    def _cursor_style(self) -> Style:
        if not self._focused:
            return self.style("strong")
        few = self.terminal.colours in ("none", "16")
        return self.base + Style(reverse=True) if few else self.style("accent") + Style(bold=True)

    def _line(self, mark: str, row: Sequence[str], widths: Sequence[int], width: int, style: Style) -> Strip:
        words = len(widths) - self._numbers
        cells = [
            truncated(text, wide, self.terminal).ljust(wide) if index < words else text.rjust(wide)
            for index, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        return fitted([Segment(mark + (" " * GAP).join(cells), style)], width, self.base)

    def on_click(self, event: Click) -> None:
        """A click on a row chooses it."""
        row = self._top + event.y - 1
        if event.y > 0 and row < len(self._rows):
            self.post_message(self.Chosen(self, row))
