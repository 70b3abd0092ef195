"""The last look at each line of the screen: what would steer the terminal does not come to it, whoever drew it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

__all__ = ["OnlyPrintable"]


class OnlyPrintable(LineFilter):
    """Leaves out what cannot be printed, which takes no cell; widgets show it as `?` where a text may have it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line, each with what is printable of its text."""
        if all(control or text.isprintable() for text, _, control in segments):
            return segments
        return [
            segment if segment.control else Segment("".join(filter(str.isprintable, segment.text)), segment.style)
            for segment in segments
        ]
