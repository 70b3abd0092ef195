"""The layers in one line, to go through."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["LayerStrip"]

_LONGEST = 24  # cells of a name


class LayerStrip(LineWidget):
    """The chosen layer and as many before and after it as fit."""

    DEFAULT_CSS = "LayerStrip { height: 1; }"

    class Chosen(Message):
        """A layer was clicked."""

        def __init__(self, layer: int) -> None:
            super().__init__()
            self.layer = layer

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._names: list[str] = []
        self._chosen = 0
        self._first = self._last = 0  # those in sight, as painted last
        self._width = 0

    def show(self, names: Sequence[str], chosen: int) -> None:
        """Show the layers' names, and which one is chosen."""
        shown = [truncated(displayable(name, self.terminal), _LONGEST, self.terminal) for name in names]
        if (shown, chosen) != (self._names, self._chosen):
            self._names, self._chosen = shown, chosen
            self.repaint()

    def on_click(self, event: Click) -> None:
        """A click chooses a layer."""
        right = self._indent
        for index in range(self._first, self._last):
            left, right = right, right + len(self._names[index]) + 2
            if left <= event.x < right:
                self.post_message(self.Chosen(index))

    @property
    def _indent(self) -> int:
        return 2 * (self._first > 0)

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line; the chosen layer is in brackets, and stays where it is while it is in sight."""
        if not self._names:
            return []
        self._scroll(width)
        less, more = ("< ", " >") if self.terminal.ascii or self.terminal.console else ("‹ ", " ›")
        parts: list[Part] = [(less, "dim")] if self._first else []
        for index in range(self._first, self._last):
            name = self._names[index]
            parts.append((f"[{name}]", "accent") if index == self._chosen else (f" {name} ", "dim"))
        if self._last < len(self._names):
            parts.append((more, "dim"))
        return [self.line(parts, width)]

    def _scroll(self, width: int) -> None:
        """Choose which layers are in sight: those of before if the chosen one is among them, else it in the middle."""

        def fitting(first: int) -> int:
            room, last = width - 2 * (first > 0), first
            while last < len(self._names):
                room -= len(self._names[last]) + 2
                if room < 2 * (last + 1 < len(self._names)):
                    break
                last += 1
            return max(last, first + 1)

        first = min(self._first, self._chosen) if width == self._width else 0
        self._width = width
        if self._chosen >= fitting(first) or self._chosen < self._first or self._chosen == first:
            first = max(0, self._chosen)
            taken = 0
            while first and taken + len(self._names[first - 1]) + 2 <= width // 2:
                first -= 1
                taken += len(self._names[first]) + 2
        if fitting(0) == len(self._names):
            first = 0
        self._first, self._last = first, fitting(first)
