"""What the run is doing, how far it is, and how well: two lines under the view bar, or one."""

from __future__ import annotations

import math
from time import monotonic

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable, truncated, wrapped
from tuicnn.display.verdict import ROLES, WORDS, doing, epoch_of, verdict
from tuicnn.numbers import clock, percent, significant
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import State
from tuicnn.tui.widgets.lines import LineWidget, Part, fitted
from tuicnn.worker.snapshot import Snapshot
from tuicnn.worker.watcher import WATCHED_PACE

__all__ = ["Status"]

NUMBERS_PERIOD = 0.4  # seconds that the numbers stand still while training: less than those between two requests
ROOMY = 72  # columns from which on all words are written out
ROOM_FOR_LEFT = 40  # columns from which on a warning leaves room for the time that is left
BARS = 36  # cells of a bar at most
#: the states in which numbers change all the time
MOVING = (State.TRAINING, State.VALIDATING, State.TESTING)


class Status(LineWidget):
    """State with progress, and numbers; where the run has ended, how; where it diverged and waits, at what."""

    DEFAULT_CSS = "Status { height: 2; }"

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._snapshot = Snapshot()
        self._notice = ""
        self._read = (Snapshot(), 0.0)  # what the numbers were read off, and when

    def show(self, snapshot: Snapshot, notice: str = "") -> None:
        """Show a snapshot; a notice (one sentence) stands for a while in the place of other lines."""
        told, self._snapshot, self._notice = self._notice, snapshot, notice
        # Digits that change ten times a second cannot be read, and cost a line each time.
        moving = snapshot.progress.state in MOVING and not 0 < snapshot.progress.pace <= WATCHED_PACE
        calm = moving and _news(snapshot) == _news(self._read[0])
        if calm and monotonic() - self._read[1] < NUMBERS_PERIOD:
            if notice != told:
                self.repaint()
            return
        self._read = (snapshot, monotonic())
        self.repaint()

    @property
    def read(self) -> Snapshot:
        """What the numbers were read off: the newest, or, as long as nothing else has changed, one a little older."""
        return self._read[0]

    def paint(self, width: int, height: int) -> list[Strip]:
        """Both lines, or where there is one only the one that matters most."""
        said, amiss = self._sentence(width), self._amiss()
        if height == 1:
            if said and not self._notice:
                return self._sentence_lines(*said, width, 1)
            return [self._warning(amiss, width) if amiss else self._numbers(width)]
        if said and amiss:
            return [*self._sentence_lines(*said, width, 1), self._warning(amiss, width)]
        if said:
            lines = self._sentence_lines(*said, width, 2)
            return lines if len(lines) > 1 else [*lines, self._numbers(width)]
        lasts = self._snapshot.progress.state in MOVING and not self._notice
        left = self.read.progress.eta if lasts else math.nan
        return [self._warning(amiss, width, left) if amiss else self._state(width), self._numbers(width)]

    def _amiss(self) -> str:
        """What a person did, for a while; else what cannot be saved, or was done about something, until it is over."""
        progress = self._snapshot.progress
        ended_badly = progress.state in (State.FAILED, State.DIVERGED)
        told_anyway = ended_badly or bool(progress.diverged) or not self._snapshot.begun
        amiss = progress.trouble or ("" if told_anyway else progress.message)
        return self._notice or ("" if self._snapshot.gone else displayable(amiss, self.terminal))

    def _warning(self, text: str, width: int, left: float = math.nan) -> Strip:
        """A warning; where it stands in the place of the progress, with the seconds that are `left` at its end."""
        time = f"  {clock(left)} left" if math.isfinite(left) and width >= ROOM_FOR_LEFT else ""
        said = truncated(text, width - 2 - len(time), self.terminal)
        return self.line([(f" {said}".ljust(width - 1 - len(time)), "warn"), (time, "text")], width)

    def _sentence(self, width: int) -> tuple[str, Role] | None:
        """The sentence in the place of the progress: before the run begins, and after it has ended."""
        progress, glyphs = self._snapshot.progress, self.terminal.glyphs
        if progress.state.final:
            return verdict(progress, self._snapshot.overview), ROLES[progress.state]
        if self._snapshot.gone:
            return f"{glyphs.wrong} {self._snapshot.gone}", "bad"
        if progress.diverged and not self._snapshot.frozen:
            return self._waiting(progress.diverged, width), "bad"
        if not self._snapshot.begun:
            doing = "reading data" if self._snapshot.overview is not None else "opening the run"
            return f"{glyphs.pointer} {progress.message or f'{doing}{glyphs.ellipsis}'}", "accent"
        return None

    def _waiting(self, diverged: Divergence, width: int) -> str:
        """What diverged, and the keys that go on from there: as much of it as fits."""
        rate = _rounded(self._snapshot.progress.learning_rate, "?")
        keys = [f"minus halves the {name} ({rate}), space goes on." for name in ("learning rate", "rate")]
        texts = [f"{text} {key}" for text in diverged.sentences for key in keys]
        room = width - 3 - len(" DIVERGED ")
        return next((text for text in texts if len(wrapped(text, room, 3, self.terminal)) < 3), texts[-1])

    def _sentence_lines(self, text: str, role: Role, width: int, most: int) -> list[Strip]:
        """The sentence, in at most so many lines."""
        progress = self._snapshot.progress
        marked = progress.state.final or progress.diverged
        badge = f" {WORDS[State.DIVERGED if progress.diverged else progress.state].upper()} " if marked else ""
        strips = []
        for index, line in enumerate(wrapped(text, width - 3 - len(badge), most, self.terminal)):
            mark = (
                Segment(badge, self.style(role) + Style(bold=True, reverse=True))
                if index == 0
                else Segment(" " * len(badge), self.base)
            )
            said = Segment(f" {line}", self.style(role) + Style(bold=True))
            strips.append(fitted([Segment(" ", self.base), mark, said] if badge else [said], width, self.base))
        return strips

    def _state(self, width: int) -> Strip:
        snapshot = self.read
        progress, overview, glyphs = snapshot.progress, snapshot.overview, self.terminal.glyphs
        assert overview is not None
        mark = glyphs.paused if progress.state is State.PAUSED else glyphs.running
        word = doing(progress)
        if progress.state in (State.VALIDATING, State.TESTING):
            word += f" {percent(progress.evaluated, 0):>4}"
        if snapshot.frozen:
            word = "view frozen"
        epoch, share = epoch_of(progress, overview)
        whole = progress.step / progress.steps if progress.steps else 0.0
        of = f"epoch {epoch:>{len(str(overview.epochs))}}/{overview.epochs}"
        eta = clock(progress.eta, glyphs.dash)
        role: Role = "warn" if snapshot.frozen else ROLES.get(progress.state, "accent")
        shares = (f"{percent(share, 0):>5}", f"{percent(whole, 0):>5}")
        if width >= ROOMY:
            state, names, left = f" {mark} {word:<15}", (f"  {of}  ", "    run  "), f"{eta:>8} left"
        else:
            state, names, left = f" {mark} {word:<15}", (f" {of}", " run"), f"{eta:>8}"
        cells = min(BARS, (width - 1 - len(state) - len("".join((*names, *shares))) - len(left)) // 2)
        parts: list[Part] = [(state, role)]
        for name, part, text in zip(names, (share, whole), shares, strict=True):
            parts += [(name, "dim"), *(self._bar(part, cells) if cells > 3 else []), (text, "text")]
        return self.line([*parts, (left, "text")], width)

    def _numbers(self, width: int) -> Strip:
        progress, dash = self._read[0].progress, self.terminal.glyphs.dash
        if not self._snapshot.begun:
            return Strip.blank(width, self.base)
        validation = f"{percent(progress.val_accuracy, 1, dash):<6}"
        best = f" (best {percent(progress.best_val_accuracy)} in epoch {progress.best_epoch})"
        known = math.isfinite(progress.val_accuracy) and progress.best_epoch > 0
        facts: dict[str, str] = {
            "step": f"{progress.step:,}",
            "loss": f"{significant(progress.train_loss, dash):<7}",
            "accuracy": f"{percent(progress.train_accuracy, 1, dash):<6}",
            "validation": validation.rstrip() + best if known else validation,
            "images/s": f"{_rate(progress.images_per_second, dash):<8}",
            "learning rate": f"{_rounded(progress.learning_rate, dash):<9}",
            "trained": clock(progress.seconds, dash),
        }
        overview = self._read[0].overview
        if overview is not None and overview.target == "image":
            del facts["accuracy"]
            facts["validation"] = f"{significant(progress.val_loss, dash):<7}"
        for name in ("trained", "best", "step", "images/s", "accuracy", "learning rate", "loss", "validation"):
            if sum(len(fact) + len(number) + 3 for fact, number in facts.items()) <= width:
                break
            if name == "best" and "accuracy" in facts:
                facts["validation"] = validation
            else:
                facts.pop(name, None)
        parts: list[Part] = []
        for name, number in facts.items():
            parts += [(f" {name} ", "dim"), (f"{number} ", "text")]
        return self.line(parts, width)

    def _bar(self, share: float, cells: int) -> list[Part]:
        """A thin bar of whole cells; its ends are told apart by character and by colour."""
        done = max(0, min(cells, round(share * cells))) if math.isfinite(share) else 0
        return [(self.terminal.glyphs.thick[0] * done, "accent"), (self.terminal.glyphs.rail * (cells - done), "faint")]


def _rate(number: float, dash: str) -> str:
    return f"{number:,.0f}" if math.isfinite(number) else dash


def _rounded(number: float, dash: str) -> str:
    return f"{number:.3g}" if math.isfinite(number) else dash


def _news(snapshot: Snapshot) -> tuple[object, ...]:
    """What is shown at once where it changes."""
    progress, overview = snapshot.progress, snapshot.overview
    known = overview.steps_per_epoch if overview is not None else -1  # 0 until the data is read
    amiss = progress.trouble, progress.message
    return progress.state, snapshot.frozen, snapshot.gone, progress.diverged, progress.pace, known, amiss
