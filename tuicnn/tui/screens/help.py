"""Help: every key with what it does, generated from the bindings, and what the numbers mean."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from tuicnn.display.terminal import TerminalProfile
from tuicnn.tui.widgets.keys import Shortcut
from tuicnn.tui.widgets.panel import Panel, PanelLine

__all__ = ["HelpScreen"]

WORDS = (
    ("output", "shape of the layer's output: channels x height x width, or values"),
    ("weights", "how many numbers the layer learns"),
    ("ms", "milliseconds that a training step spends in the layer, forward and backward"),
    ("out", "root mean square of the layer's output"),
    ("grad", "root mean square of the loss's gradient by that output"),
    ("dead", "share of the units that are 0 for every image looked at"),
    ("loss", "of the training images, smoothed over the last steps"),
    ("validation", "share of right answers on images that are never trained on"),
    ("test", "the test images are read once, at the end"),
)


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """A list of keys and words over the view it was called from."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    HelpScreen { align: center middle; overflow: hidden; }
    HelpScreen Panel { width: 76; max-width: 100%; height: 100%; max-height: 56; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("?,escape,q,enter", "close", "close"),
        Binding("up,k", "scroll(-1)", "up"),
        Binding("down,j", "scroll(1)", "down"),
        Binding("pageup", "scroll(-10)", "page up"),
        Binding("pagedown,space", "scroll(10)", "page down"),
    ]

    def __init__(self, terminal: TerminalProfile, shortcuts: Sequence[Shortcut]) -> None:
        super().__init__()
        self.terminal = terminal
        self._shortcuts = shortcuts

    def compose(self) -> ComposeResult:
        yield Panel(self.terminal, "Keys and words (esc closes)", id="help")

    def on_resize(self, _: Resize) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        panel = self.query_one(Panel)
        keys = [(" ".join(s.keys), s.binding.tooltip or s.binding.description) for s in self._shortcuts]
        first = max((len(name) for name, _ in (*keys, *WORDS)), default=0) + 2
        glyphs = self.terminal.glyphs
        marks = (
            (glyphs.pointer, "the class that the network names for the image, or the chosen row"),
            (glyphs.truth, "the class that the image is of"),
            (f"{glyphs.check} {glyphs.wrong}", "the network names the right class, or a wrong one"),
        )
        room = max(10, panel.size.width - 4 - first)
        lines: list[PanelLine] = []
        for entries in (keys, (*WORDS, *marks)):
            if lines:
                lines.append([])
            for name, text in entries:
                for index, line in enumerate(textwrap.wrap(text, room)):
                    lines.append([(name.ljust(first) if index == 0 else " " * first, "accent"), (line, "text")])
        panel.show(lines)

    def action_close(self) -> None:
        """Back to the view."""
        self.dismiss()

    def action_scroll(self, rows: int) -> None:
        """Move the lines in sight."""
        self.query_one(Panel).scroll_by(rows)
