"""The first line of every view: the views with their digits, and of the run its name, state, progress and time left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.display.verdict import ROLES, WORDS, doing
from tuicnn.numbers import clock, percent
from tuicnn.training.events import State
from tuicnn.tui.widgets.lines import LineWidget, Part
from tuicnn.worker.snapshot import Snapshot

__all__ = ["Tab", "ViewBar"]

LEAST_RUN = 14  # columns that are left to the run before views give up their names
WHOLE_RUN = 32  # columns from which on the run has all of it, and the views stand further apart


class Tab(NamedTuple):
    """A view in the bar: its key, its name, and the mode it is for the app."""

    key: str
    label: str
    mode: str


class ViewBar(LineWidget):
    """One line. Where it is too narrow for all names, only the view in front has its name."""

    DEFAULT_CSS = "ViewBar { height: 1; }"

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, terminal: TerminalProfile, title: str, tabs: Sequence[Tab], mode: str, **more: str) -> None:
        super().__init__(terminal, **more)
        self._title, self._tabs, self._mode = title, tabs, mode
        self._snapshot = Snapshot()

    def show(self, snapshot: Snapshot) -> None:
        """Show a run's state."""
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self.repaint()

    def _texts(self, width: int) -> tuple[list[str], str]:
        """The views as they are written in so many columns, and what stands after each."""
        long = [f"{tab.key} {tab.label}" for tab in self._tabs]
        taken = sum(map(len, long)) + 2 * len(long)
        if taken + LEAST_RUN > width:
            return [text if tab.mode == self._mode else tab.key for tab, text in zip(self._tabs, long, strict=True)], ""
        return long, " " if taken + len(long) + WHOLE_RUN <= width else ""

    def on_click(self, event: Click) -> None:
        """A click on a view shows it."""
        right = 0
        texts, gap = self._texts(self.content_size.width)
        for tab, text in zip(self._tabs, texts, strict=True):
            right += len(text) + 2 + len(gap)
            if event.x < right:
                self.post_message(self.Chosen(tab.mode))
                return

    def paint(self, width: int, height: int) -> list[Strip]:
        """The line; the view in front is in brackets, which are told apart without colours."""
        parts: list[Part] = []
        texts, between = self._texts(width)
        for tab, text in zip(self._tabs, texts, strict=True):
            parts.append((f"[{text}]", "accent") if tab.mode == self._mode else (f" {text} ", "dim"))
            parts.append((between, "text"))
        taken = sum(len(text) for text, _ in parts)
        run = self._run(width - taken - 2)
        gap = width - taken - 1 - sum(len(text) for text, _ in run)
        return [self.line([*parts, (" " * gap, "text"), *run], width)]

    def _run(self, room: int) -> list[Part]:
        """As much as fits of: the name, the state, how far, how long still."""
        snapshot, glyphs = self._snapshot, self.terminal.glyphs
        progress, overview = snapshot.progress, snapshot.overview
        name = PurePath(overview.run).name if overview and overview.run else overview.net if overview else self._title
        if not name:
            return []
        name = displayable(name, self.terminal)
        word, role = doing(progress), ROLES.get(progress.state, "accent")
        if snapshot.gone and not progress.state.final:
            word, role = "lost", "bad"
        elif overview is None and progress.state is State.STARTING:
            word = "opening"
        elif progress.diverged:
            word, role = WORDS[State.DIVERGED], "bad"
        elif snapshot.frozen:
            word, role = "view frozen", "warn"
        moving = not (progress.state.final or snapshot.gone) and progress.steps > 0
        evaluates = progress.state in (State.VALIDATING, State.TESTING)
        done = progress.evaluated if evaluates else progress.step / max(1, progress.steps)
        share = f" {percent(done, 0)}" if moving else ""
        paused = progress.state is State.PAUSED
        left = f" {clock(progress.eta, glyphs.dash)} left" if moving and not paused else ""
        mark = glyphs.wrong if role == "bad" else glyphs.paused if paused else glyphs.running
        if word == WORDS[State.DONE]:
            mark = glyphs.check
        unusual = role != "accent" or doing(progress) != WORDS[progress.state]  # then it matters more than the name
        long, short = f" {mark} {word}", f" {mark}"
        forms = [(name, long, share + left), (name, long, share), (name, long, "")]
        forms += [("", long[1:], share)] if unusual else []
        for known, state, tail in (*forms, (name, short, share), (name, short, "")):
            if len(known) + len(state) + len(tail) <= room:
                return [(known, "strong"), (state, role), (tail, "text")]
        return [(truncated(name, room, self.terminal), "strong")] if room > 3 else []
