"""A line to type what is searched for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

__all__ = ["SearchLine"]


class SearchLine(Input):
    """Hidden until it is opened. `Input.Changed` tells each letter; enter closes it, escape gives up the search."""

    DEFAULT_CSS = """
    SearchLine, SearchLine:focus {
        display: none;
        dock: bottom;
        height: 1;
        margin-bottom: 1;
        padding: 0 1;
        border: none;
        background: transparent;
        color: ansi_default;
        &.-open { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "show all", tooltip="Search no more, and show everything."),
    ]

    class Closed(Message):
        """Nothing more is typed."""

    def open(self) -> None:
        """Show it, and type here."""
        self.add_class("-open")
        self.focus()

    def close(self) -> None:
        """Hide it; what was searched for stays."""
        self.remove_class("-open")
        self.screen.set_focus(None)
        self.post_message(self.Closed())

    def action_give_up(self) -> None:
        """Search for nothing."""
        self.value = ""
        self.close()

    async def action_submit(self) -> None:
        """Close it."""
        self.close()
