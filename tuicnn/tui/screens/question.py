"""A dialog that asks one question: answers with a key each; or a name to be typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Paste, Resize
from textual.screen import ModalScreen

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, wrapped
from tuicnn.tui.widgets.panel import Panel, PanelLine

__all__ = ["NameScreen", "QuestionScreen"]

_MOST_LINES = 8  # of a question


class _Dialog(ModalScreen[str], inherit_bindings=False):
    """A panel with a question; dismissed with "" by Escape."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    _Dialog { align: center middle; overflow: hidden; }
    _Dialog Panel { width: 64; max-width: 100%; max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel")]

    def __init__(self, terminal: TerminalProfile, title: str, question: str) -> None:
        super().__init__()
        self.terminal = terminal
        self._heading, self._question = displayable(title, terminal), question

    def compose(self) -> ComposeResult:
        yield Panel(self.terminal, self._heading)

    def on_resize(self, _: Resize) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._draw)

    def action_cancel(self) -> None:
        """Back to the view, with nothing done."""
        self.dismiss("")

    def answers(self) -> tuple[list[PanelLine], int]:
        """The lines under the question, and which of them is chosen."""
        raise NotImplementedError

    def _draw(self) -> None:
        panel = self.query_one(Panel)
        asked: list[PanelLine] = [
            [(line, "text")]
            for line in wrapped(self._question, max(8, panel.size.width - 4), _MOST_LINES, self.terminal)
        ]
        lines, chosen = self.answers()
        panel.styles.height = len(asked) + len(lines) + 3
        panel.show([*asked, [], *lines], chosen=len(asked) + 1 + chosen)


class QuestionScreen(_Dialog):
    """Asks with answers (key, text), the first one chosen; dismissed with the key of the answer, "" for cancel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+tab", "move(-1)", "up"),
        Binding("down,tab", "move(1)", "down"),
        Binding("enter", "choose", "choose"),
    ]

    def __init__(
        self, terminal: TerminalProfile, title: str, question: str, answers: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(terminal, title, question)
        self._answers = (*answers, ("c", "cancel"))
        self._chosen = 0

    def answers(self) -> tuple[list[PanelLine], int]:
        """See `_Dialog`."""
        pointers = [self.terminal.glyphs.pointer if i == self._chosen else " " for i in range(len(self._answers))]
        return [
            [(f"{pointer} ", "text"), (key, "accent"), (f"  {text}", "text")]
            for pointer, (key, text) in zip(pointers, self._answers, strict=True)
        ], self._chosen

    def on_key(self, event: Key) -> None:
        """Give the answer of a key."""
        if event.key in (key for key, _ in self._answers):
            event.stop()
            self.dismiss("" if event.key == "c" else event.key)

    def action_move(self, by: int) -> None:
        """Choose another answer."""
        self._chosen = (self._chosen + by) % len(self._answers)
        self._draw()

    def action_choose(self) -> None:
        """Give the chosen answer."""
        key = self._answers[self._chosen][0]
        self.dismiss("" if key == "c" else key)


class NameScreen(_Dialog):
    """Asks for a name, with one to begin with; dismissed with what was typed. `enter`: what the key does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "done"),
        Binding("backspace,ctrl+h", "shorten", "delete"),
        Binding("ctrl+u", "clear", "delete all"),
    ]

    def __init__(
        self, terminal: TerminalProfile, title: str, question: str, name: str, *, enter: str = "saves"
    ) -> None:
        super().__init__(terminal, title, question)
        self._typed, self._enter = name, enter

    def answers(self) -> tuple[list[PanelLine], int]:
        """See `_Dialog`."""
        keys: PanelLine = [("enter", "accent"), (f" {self._enter}  ", "dim"), ("esc", "accent"), (" cancels", "dim")]
        room = max(4, self.query_one(Panel).size.width - 6)
        return [[(f"{displayable(self._typed, self.terminal)[-room:]}_", "text")], [], keys], 0

    def on_key(self, event: Key) -> None:
        """Type."""
        if event.is_printable and event.character is not None:
            event.stop()
            event.prevent_default()
            self._type(self._typed + event.character)

    def on_paste(self, event: Paste) -> None:
        """Put in the first line of what the terminal pastes."""
        event.stop()
        self._type(self._typed + event.text.partition("\n")[0])

    def _type(self, text: str) -> None:
        self._typed = text
        self._draw()

    def action_shorten(self) -> None:
        """Delete the last character."""
        self._type(self._typed[:-1])

    def action_clear(self) -> None:
        """Delete all of it."""
        self._type("")

    def action_done(self) -> None:
        """Give what was typed; nothing at all is no name."""
        if name := self._typed.strip():
            self.dismiss(name)
