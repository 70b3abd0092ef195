"""A line to type an address in."""

from __future__ import annotations

from textual.events import Key, Paste
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.text import displayable
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["AddressLine"]


class AddressLine(LineWidget):
    """Hidden until it is opened; Enter hands over what was typed, Escape closes it."""

    DEFAULT_CSS = """
    AddressLine { display: none; height: 1; dock: bottom; margin-bottom: 1; }
    """

    can_focus = True

    class Typed(Message):
        """An address was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    _text = ""

    def open(self, text: str = "") -> None:
        """Type here, from a text on."""
        self._text = text
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` would let the keys that come next go elsewhere
        self.repaint()

    def close(self) -> None:
        """Type no more."""
        self.display = False
        self.screen.set_focus(None)

    def on_key(self, event: Key) -> None:
        """Take every key that stands for a character; the others go to the view."""
        if event.key == "enter":
            self.post_message(self.Typed(self._text))
        elif event.key == "escape":
            self.close()
        elif event.key in ("backspace", "ctrl+h"):
            self._text = self._text[:-1]
        elif event.key == "ctrl+u":
            self._text = ""
        elif event.is_printable and event.character is not None:
            self._text += event.character
        else:
            return
        event.stop()
        event.prevent_default()
        self.repaint()

    def on_paste(self, event: Paste) -> None:
        """Put in the first line of what the terminal pastes."""
        event.stop()
        self._text += event.text.partition("\n")[0]
        self.repaint()

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line, and what may be written in it where nothing is yet."""
        text = displayable(self._text, self.terminal)[-max(1, width - 12) :]
        hint = "" if text else "  such as conv1[2,10,14], conv1.weight[2,0,1,1], p[3], loss, d conv1[2,10,14]"
        return [self.line([(" address: ", "accent"), (f"{text}_", "strong"), (hint, "dim")], width)]
