"""The dialog on leaving while the run goes on: keep, pause, stop or discard it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.display.verdict import WORDS
from tuicnn.numbers import clock, percent
from tuicnn.training.events import State
from tuicnn.training.progress import Progress
from tuicnn.tui.messages import Watched
from tuicnn.tui.widgets.panel import Panel, PanelLine
from tuicnn.worker.watcher import Watcher

__all__ = ["LeaveScreen", "Leaving"]

Leaving = Literal["background", "go-on", "stop", "discard"]
_Answer = tuple[str, str, str, Leaving | None]

KEEP: _Answer = ("k", "keep training in the background", "keep training", "background")
#: the same key as for a run that trains, so that habit does not leave a run paused
GO_ON: _Answer = ("k", "go on training in the background", "go on training", "go-on")
LEAVE_PAUSED: _Answer = ("p", "leave it paused in the background", "leave it paused", "background")
OTHERS: tuple[_Answer, ...] = (
    ("s", "stop and save the weights", "stop and save", "stop"),
    ("d", "stop and discard: remove the run's folder", "discard the run", "discard"),
    ("c", "cancel: back to the run", "cancel", None),
)
HARMLESS_SECONDS = 60.0  # training that is discarded without a second question
LONGEST = max(len(long) for _, long, _, _ in (KEEP, GO_ON, LEAVE_PAUSED, *OTHERS))


class LeaveScreen(ModalScreen[Leaving | None], inherit_bindings=False):
    """Asks once, twice before much is discarded; dismissed with the answer, None for going back.

    The answers depend on whether the run is paused, also where that changes while the dialog is open, and on whether it
    waits for a smaller learning rate: to go on without one would diverge again. The dialog closes where the run ends
    meanwhile.
    """

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    LeaveScreen { align: center middle; overflow: hidden; }
    LeaveScreen Panel { width: 56; max-width: 100%; max-height: 100%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"answer('{key}')", long) for key, long, _, _ in (KEEP, LEAVE_PAUSED, *OTHERS)),
        Binding("escape", "answer('c')", "cancel"),
        Binding("up,shift+tab", "move(-1)", "up"),
        Binding("down,tab", "move(1)", "down"),
        Binding("enter", "answer", "choose"),
    ]

    def __init__(self, terminal: TerminalProfile, watcher: Watcher, title: str) -> None:
        super().__init__()
        self.terminal = terminal
        self.watcher = watcher
        overview = watcher.snapshot.overview
        self._name = displayable(overview.net if overview else title, terminal)
        self._answers = _answers(watcher.latest)
        self._chosen = 0
        self._discards = False  # whether discarding was chosen once already

    def compose(self) -> ComposeResult:
        yield Panel(self.terminal, "Leave", id="leave")

    @on(Watched)
    def _on_watched(self, message: Watched) -> None:
        progress = self.watcher.latest
        if progress.state.final or message.snapshot.gone:
            if self.is_current:
                self.dismiss(None)
            return
        chosen, self._answers = self._answers[self._chosen][0], _answers(progress)
        keys = [key for key, *_ in self._answers]  # a key keeps its meaning under another text
        self._chosen = keys.index(chosen) if chosen in keys else 0
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Use the short texts where the long ones do not fit."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        panel = self.query_one(Panel)
        panel.styles.height = len(self._answers) + 4
        short = panel.size.width < LONGEST + 9
        progress = self.watcher.latest
        word = "diverged, and waits" if progress.diverged else f"is {WORDS[progress.state]}"
        share = f" ({percent(progress.step / progress.steps, 0)} done)" if progress.steps else ""
        question: PanelLine = [(f"{self._name} {word}{share}. What now?", "text")]
        if self._discards:
            question = [(f"Discard {clock(progress.seconds)} of training for good? d: yes, c: no", "bad")]
        lines: list[PanelLine] = [question, []]
        for index, (key, long, brief, _) in enumerate(self._answers):
            pointer = self.terminal.glyphs.pointer if index == self._chosen else " "
            lines.append([(f"{pointer} ", "text"), (key, "accent"), (f"  {brief if short else long}", "text")])
        panel.show(lines, chosen=2 + self._chosen)

    def action_move(self, by: int) -> None:
        """Choose another answer."""
        self._chosen = (self._chosen + by) % len(self._answers)
        self._draw()

    def action_answer(self, key: str = "") -> None:
        """Give the answer of a key, if there is such a one now; or the chosen one."""
        for own, _, _, answer in self._answers if key else (self._answers[self._chosen],):
            if key not in ("", own):
                continue
            if answer == "discard" and not self._discards and self.watcher.latest.seconds > HARMLESS_SECONDS:
                self._discards = True
                self._chosen = len(self._answers) - 1  # so that Enter twice does not discard
                self._draw()
            else:
                self.dismiss(answer)
            return


def _answers(progress: Progress) -> Sequence[_Answer]:
    """Those that there are for a run of this state, the one that is chosen at first in front."""
    if progress.state is not State.PAUSED:
        return (KEEP, *OTHERS)
    return (LEAVE_PAUSED, *OTHERS) if progress.diverged else (GO_ON, LEAVE_PAUSED, *OTHERS)
