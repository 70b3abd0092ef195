"""A pane's title, or the titles of several panes on a thin rule."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["Heading"]


class Heading(LineWidget):
    """One line: the title and what belongs to it; of several titles one is chosen."""

    DEFAULT_CSS = "Heading { height: 1; }"

    class Chosen(Message):
        """One of several titles was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(
        self, terminal: TerminalProfile, *titles: str, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(terminal, id=id, classes=classes)
        self._titles: Sequence[str] = titles
        self._chosen = 0
        self._aside: Sequence[tuple[str, Role]] = ()

    def show(self, *aside: tuple[str, Role], titles: Sequence[str] | None = None, chosen: int = 0) -> None:
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
        several = len(self._titles) > 1
        rule = self.terminal.glyphs.horizontal if several else " "
        parts = [Segment(rule, self.style("faint"))] if several else []
        for index, title in enumerate(self._titles):
            chosen = several and index == self._chosen
            role: Role = "accent" if chosen else "dim" if several else "strong"
            parts.append(
                Segment(f"[{title}]" if chosen else f" {title} " if several else f"{title}  ", self.style(role))
            )
        if several and self._aside:
            parts.append(Segment(f"{rule}{rule} ", self.style("faint")))
        parts += [Segment(text, self.style(role)) for text, role in self._aside]
        if several and self._aside:
            parts.append(Segment(" ", self.base))
        taken = sum(len(part.text) for part in parts)
        if taken > width and self._aside:
            parts = self._cut(parts, width)
        parts.append(Segment(rule * max(0, width - taken), self.style("faint")))
        return [fitted(parts, width, self.base)] + [Strip.blank(width, self.base)] * (height - 1)

    def _cut(self, parts: Sequence[Segment], width: int) -> list[Segment]:
        """As much as fits, with an ellipsis at its end; blanks at the end are no loss."""
        more = self.terminal.glyphs.ellipsis
        while parts and not parts[-1].text.strip():
            parts = parts[:-1]
        if sum(len(part.text) for part in parts) <= width or width < len(more):
            return list(parts)
        room = width - len(more)
        cut: list[Segment] = []
        for part in parts:
            if len(part.text) > room:
                return [*cut, Segment(part.text[:room] + more, part.style)]
            cut.append(part)
            room -= len(part.text)
        return cut
