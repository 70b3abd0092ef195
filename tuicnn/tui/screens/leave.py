"""The question on leaving while the run goes on: what is to become of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from tuicnn.tui.look import Look
from tuicnn.tui.widgets.panel import Panel, PanelLine

__all__ = ["LeaveScreen", "Leaving"]

Leaving = Literal["background", "stop", "discard"]

ANSWERS: tuple[tuple[str, str, str, Leaving | None], ...] = (
    ("k", "keep training in the background", "keep training", "background"),
    ("s", "stop and save the weights", "stop and save", "stop"),
    ("d", "stop and discard: remove the run's folder", "discard the run", "discard"),
    ("c", "cancel: back to the run", "cancel", None),
)
LONGEST = max(len(long) for _, long, _, _ in ANSWERS)


class LeaveScreen(ModalScreen[Leaving | None], inherit_bindings=False):
    """Asks once; dismissed with the answer, None for going back."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    LeaveScreen { align: center middle; overflow: hidden; }
    LeaveScreen Panel { width: 56; max-width: 100%; height: 8; max-height: 100%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"answer({index})", long) for index, (key, long, _, _) in enumerate(ANSWERS)),
        Binding("escape", f"answer({len(ANSWERS) - 1})", "cancel"),
        Binding("up,shift+tab", "move(-1)", "up"),
        Binding("down,tab", "move(1)", "down"),
        Binding("enter", "answer", "choose"),
    ]

    def __init__(self, look: Look, about: str) -> None:
        super().__init__()
        self.look = look
        self._about = about
        self._chosen = 0

    def compose(self) -> ComposeResult:
        yield Panel(self.look, "Leave", id="leave")

    def on_resize(self, _: Resize) -> None:
        """Take the short words where the long ones do not fit."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        panel = self.query_one(Panel)
        short = panel.size.width < LONGEST + 9
        lines: list[PanelLine] = [[(self._about, "text")], []]
        for index, (key, long, brief, _) in enumerate(ANSWERS):
            pointer = self.look.glyphs.pointer if index == self._chosen else " "
            lines.append([(f"{pointer} ", "text"), (key, "accent"), (f"  {brief if short else long}", "text")])
        panel.show(lines, chosen=2 + self._chosen)

    def action_move(self, by: int) -> None:
        """Choose another answer."""
        self._chosen = (self._chosen + by) % len(ANSWERS)
        self._draw()

    def action_answer(self, index: int | None = None) -> None:
        """Give the answer of a key, or the chosen one."""
        self.dismiss(ANSWERS[self._chosen if index is None else index][3])
