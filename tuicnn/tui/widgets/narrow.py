"""What a terminal shows that is too small for anything else."""

from __future__ import annotations

import textwrap

from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["TooSmall"]


class TooSmall(LineWidget):
    """A sentence: how large the terminal should be. It is there where the screen's class is `-too-small`."""

    def __init__(self, terminal: TerminalProfile, width: int, height: int, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._least = (width, height)

    def paint(self, width: int, height: int) -> list[Strip]:
        """The sentence, broken into lines, as far as it fits."""
        columns, rows = self._least
        sentence = f"Make the terminal {columns}x{rows} or larger (it is {width}x{height}). Training goes on. q leaves."
        return [self.line([(text, "text")], width) for text in textwrap.wrap(sentence, max(1, width))]
