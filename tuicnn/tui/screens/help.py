"""Help: every key with what it does, made from the bindings; what the numbers and colours mean; the run's settings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.numbers import count, counted, shape
from tuicnn.training.events import Overview
from tuicnn.tui.widgets.keys import Shortcut
from tuicnn.tui.widgets.panel import Panel, PanelLine

__all__ = ["HelpScreen", "Word"]

TWO_COLUMNS = 124  # columns from which on words stand beside the keys
GAP = 3


class Word(NamedTuple):
    """Something on the screen, as it is drawn there (`{g.pointer}` is a glyph), and what it means."""

    name: str
    meaning: str
    role: Role = "accent"


EVERYWHERE = (
    Word("loss", "how wrong the network is, of the training images; smoothed over about 50 steps"),
    Word("accuracy", "share of right answers, of the training images; smoothed likewise"),
    Word("validation", "share of right answers on images that are never trained on"),
    Word("test", "the test images are read once, at the end"),
    Word("{g.pointer}", "what is chosen; among classes, what the network says"),
    Word("{g.truth}", "the class that the image is of"),
    Word("{g.check}", "the network is right", "good"),
    Word("{g.wrong}", "the network is wrong, or something failed", "bad"),
)


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """A page of keys and words. It hides the view that it was called from, so that nothing is drawn behind it."""

    AUTO_FOCUS = ""
    BLANK = True
    DEFAULT_CSS = """
    HelpScreen { align: center top; overflow: hidden; &, &:ansi { background: ansi_default; } }
    HelpScreen Panel { width: 100%; max-width: 160; height: 100%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("?,escape,q,enter", "close", "close"),
        Binding("up,k", "scroll(-1)", "up"),
        Binding("down,j", "scroll(1)", "down"),
        Binding("pageup", "scroll(-10)", "page up"),
        Binding("pagedown,space", "scroll(10)", "page down"),
    ]

    def __init__(
        self,
        terminal: TerminalProfile,
        shortcuts: Sequence[Shortcut],
        words: Sequence[Word] = (),
        overview: Overview | None = None,
    ) -> None:
        """`words` are those of the view."""
        super().__init__()
        self.terminal = terminal
        self._shortcuts, self._words, self._overview = shortcuts, words, overview

    def compose(self) -> ComposeResult:
        yield Panel(self.terminal, "Keys and words (esc closes)", self._page, id="help")

    def _page(self, width: int) -> list[PanelLine]:
        """The lines for so many columns."""
        room = max(14, width)
        everywhere = [s for s in self._shortcuts if isinstance(s.node, App)]
        here = [s for s in self._shortcuts if s not in everywhere]
        # first what one does not know from the other views
        keys = [("In this view", _of_keys(here)), ("In every view", _of_keys(everywhere))]
        words = [
            ("What is on the screen", [self._drawn(word) for word in (*self._words, *EVERYWHERE)]),
            ("This run", self._settings()),
        ]
        if room < TWO_COLUMNS - 4:
            return self._column([*keys, *words], room)
        left = (room - GAP) * 2 // 5
        sides = self._column(keys, left), self._column(words, room - GAP - left)
        lines: list[PanelLine] = []
        for index in range(max(map(len, sides))):
            one, other = (side[index] if index < len(side) else [] for side in sides)
            lines.append([*one, (" " * (left + GAP - sum(len(text) for text, _ in one)), "text"), *other])
        return lines

    def _drawn(self, word: Word) -> Word:
        return word._replace(name=word.name.format(g=self.terminal.glyphs))

    def _column(self, sections: Iterable[tuple[str, Sequence[Word]]], width: int) -> list[PanelLine]:
        """Sections with their heads, broken into lines of so many cells."""
        lines: list[PanelLine] = []
        for head, words in sections:
            if not words:
                continue
            lines += [*([[]] if lines else []), [(head, "strong")]]
            first = min(max(len(word.name) for word in words) + 2, max(4, width // 2))
            for name, meaning, role in words:
                rest = max(8, width - first)
                whole = len(meaning) <= rest  # which needs no breaking, as most of them
                for index, line in enumerate([meaning] if whole else textwrap.wrap(meaning, rest)):
                    lines.append([((name if index == 0 else "")[:first].ljust(first), role), (line, "text")])
        return lines

    def _settings(self) -> list[Word]:
        """What the run is trained with."""
        overview = self._overview
        if overview is None:
            return []
        images = f"{overview.train_images:,} images to train on, {overview.val_images:,} to validate, "
        found = {
            "data": f"{overview.data}, {shape(overview.input)}"
            + (f": {images}{overview.test_images:,} to test" if overview.complete else ""),
            "loss": overview.loss,
            "optimizer": overview.optimizer,
            "schedule": overview.schedule,
            "train": f"{counted(overview.epochs, 'epoch')} of {overview.steps_per_epoch:,} steps, "
            f"batch {overview.batch}, seed {overview.seed}, {counted(overview.threads, 'thread')}",
            "weights": f"{count(overview.parameters)}; {count(overview.macs)} multiply-adds an image",
        }
        return [Word(name, displayable(text, self.terminal), "dim") for name, text in found.items()]

    def action_close(self) -> None:
        """Back to the view."""
        self.dismiss()

    def action_scroll(self, rows: int) -> None:
        """Move the lines in sight."""
        self.query_one(Panel).scroll_by(rows)


def _of_keys(shortcuts: Sequence[Shortcut]) -> list[Word]:
    return [Word(" ".join(s.keys), s.binding.tooltip or s.binding.description) for s in shortcuts]
