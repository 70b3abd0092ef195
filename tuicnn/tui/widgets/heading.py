"""A pane's title, or the titles of several panes on a thin rule."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, Part

__all__ = ["Heading"]


class Heading(LineWidget):
    """One line: the title and what belongs to it; of several titles one is chosen."""

    DEFAULT_CSS = "Heading { height: 1; }"

    class Chosen(Message):
        """One of several titles was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, terminal: TerminalProfile, *titles: str, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._titles: Sequence[str] = titles
        self._chosen = 0
        self._aside: Sequence[Part] = ()

    def show(self, *aside: Part, titles: Sequence[str] | None = None, chosen: int = 0) -> None:
        """Show what belongs to the title, other titles, and which one of them is chosen."""
        self._aside, self._titles, self._chosen = aside, self._titles if titles is None else titles, chosen
        self.repaint()

    def on_click(self, event: Click) -> None:
        """A click on one of several titles chooses it."""
        left = 1
        for index, title in enumerate(self._titles if len(self._titles) > 1 else ()):
            right = left + len(title) + 2
            if left <= event.x < right:
                self.post_message(self.Chosen(index))
            left = right

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line."""
        parts: list[Part]
        if len(self._titles) == 1:
            parts, rule = [(f"{self._titles[0]}  ", "strong"), *self._aside], " "
        else:
            rule = self.terminal.glyphs.horizontal
            parts = [(rule, "faint")]
            for index, title in enumerate(self._titles):
                parts.append((f"[{title}]", "accent") if index == self._chosen else (f" {title} ", "dim"))
            if self._aside:
                parts += [(f"{rule}{rule} ", "faint"), *self._aside, (" ", "text")]
        taken = sum(len(text) for text, _ in parts)
        if taken > width and self._aside:
            parts = self._cut(parts, width)
        return [self.line([*parts, (rule * max(0, width - taken), "faint")], width)]

    def _cut(self, parts: list[Part], width: int) -> list[Part]:
        """As much as fits, with an ellipsis at its end; blanks at the end are no loss."""
        while parts and not parts[-1][0].strip():
            parts = parts[:-1]
        if sum(len(text) for text, _ in parts) <= width:
            return parts
        more = self.terminal.glyphs.ellipsis
        room = width - len(more)
        for index, (text, role) in enumerate(parts):
            if len(text) > room:
                return [*parts[:index], (text[: max(0, room)] + more, role)]
            room -= len(text)
        return parts
