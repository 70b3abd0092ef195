"""A sentence in the place of what cannot be shown."""

from __future__ import annotations

from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import wrapped
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["Sentence"]


class Sentence(LineWidget):
    """A few lines of words."""

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._text = ""

    def show(self, text: str) -> None:
        """Show a text of any length, of which as much is shown as fits."""
        self._text = text
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines."""
        return [self.line([(line, "dim")], width) for line in wrapped(self._text, width, max(1, height), self.terminal)]
