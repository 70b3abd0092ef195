"""Removes control characters from every line of the screen before it reaches the terminal, whichever widget drew it."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

__all__ = ["OnlyPrintable"]


class OnlyPrintable(LineFilter):
    """Removes unprintable characters, which take no cell; widgets replace them by `?` where a text may have them."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line with only the printable characters of their texts."""
        if all(control or text.isprintable() for text, _, control in segments):
            return segments
        return [
            segment if segment.control else Segment("".join(filter(str.isprintable, segment.text)), segment.style)
            for segment in segments
        ]
