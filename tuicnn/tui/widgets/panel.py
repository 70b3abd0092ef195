"""A framed box of lines with a title, for dialogs; scrolls where it is taller than its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, Part, fitted

__all__ = ["Panel", "PanelLine"]

#: a line; one that is chosen stands out as a whole
PanelLine = Sequence[Part]


class Panel(LineWidget):
    """Lines in a frame; one of them may be chosen.

    `page` gives the lines for so many columns; they are made when they are painted, and so stand there at once.
    """

    def __init__(
        self,
        terminal: TerminalProfile,
        title: str,
        page: Callable[[int], Sequence[PanelLine]] | None = None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(terminal, id=id)
        self._title, self._page = title, page
        self._page_width = -1
        self._lines: Sequence[PanelLine] = ()
        self._chosen = -1
        self._top = 0

    def show(self, lines: Sequence[PanelLine], chosen: int = -1) -> None:
        """Show lines, and which of them is chosen (-1: none)."""
        self._lines, self._chosen = lines, chosen
        self.repaint()

    def scroll_by(self, rows: int) -> None:
        """Move the lines in sight."""
        self._top = max(0, min(self._top + rows, len(self._lines) - self._room))
        self.repaint()

    @property
    def _room(self) -> int:
        return max(1, self.content_size.height - 2)

    def paint(self, width: int, height: int) -> list[Strip]:
        """The frame and the lines in it."""
        glyphs, frame = self.terminal.glyphs, self.style("dim")
        inner = max(0, width - 4)
        room = max(1, height - 2)
        if self._page is not None and inner != self._page_width:
            self._lines, self._page_width = self._page(inner), inner
        self._top = max(0, min(self._top, len(self._lines) - room))
        if self._chosen >= 0:
            self._top = max(min(self._top, self._chosen), self._chosen + 1 - room)
        title = f" {self._title} "
        strips = [self._edge(glyphs.top_left, title, glyphs.top_right, width)]
        for index in range(self._top, self._top + room):
            parts = self._lines[index] if index < len(self._lines) else ()
            chosen = Style(reverse=True) if index == self._chosen else Style()
            segments = [Segment(text, self.style(role) + chosen) for text, role in parts]
            line = fitted(segments, inner, self.base + chosen)
            edge = Segment(glyphs.vertical, frame)
            strips.append(
                fitted([edge, Segment(" ", self.base), *line, Segment(" ", self.base), edge], width, self.base)
            )
        below = len(self._lines) - self._top - room
        strips.append(
            self._edge(glyphs.bottom_left, f" {below} more below " if below > 0 else "", glyphs.bottom_right, width)
        )
        return strips

    def _edge(self, left: str, text: str, right: str, width: int) -> Strip:
        horizontal = self.terminal.glyphs.horizontal
        text = text[: max(0, width - 4)]
        rule = horizontal * max(0, width - 3 - len(text))
        return self.line([(left + horizontal, "dim"), (text, "strong"), (rule + right, "dim")], width)
