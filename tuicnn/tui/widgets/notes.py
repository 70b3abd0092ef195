"""Lines of text in a pane."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["Notes"]


class Notes(LineWidget):
    """Lines, as many as fit; the last one says where there are more."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._lines: Sequence[Sequence[Part]] = ()

    def show(self, lines: Sequence[Sequence[Part]]) -> None:
        """Show these lines."""
        self._lines = lines
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines."""
        strips = [self.line(parts, width) for parts in self._lines[:height]]
        if len(self._lines) > height > 0:
            strips[-1] = self.line([(self.terminal.glyphs.ellipsis, "dim")], width)
        return strips
