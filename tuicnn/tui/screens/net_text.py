"""A view of a net's text: analysed as it is typed, with help at the cursor. What is done with it is in `edit`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key, ScreenResume
from textual.timer import Timer

from tuicnn.display.text import displayable
from tuicnn.errors import UserError
from tuicnn.numbers import count, counted
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.editor.analysis import Analysis, Analyst
from tuicnn.tui.editor.desk import OpenText
from tuicnn.tui.screens.view import View
from tuicnn.tui.widgets.boxes import Box
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.lines import Part
from tuicnn.tui.widgets.net_editor import NetEditor
from tuicnn.tui.widgets.net_help import (
    Offer,
    help_lines,
    key_lines,
    offer_at,
    offer_lines,
    warmth_in_short,
    warmth_lines,
)
from tuicnn.tui.widgets.notes import Notes
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["NetTextView"]

PAUSE = 0.15  # seconds without a key after which the text is analysed
DRAFT_PAUSE = 1.0  # seconds without a key after which what is not saved is kept
SHORT = 8_000  # characters of a text whose completion takes no longer than a key may


class NetTextView(View, inherit_bindings=False):
    """The text with its heading, and help beside or below it. `text` is None until it is read."""

    DEFAULT_CSS = """
    NetTextView {
        #file { padding: 0 1; }
        #desk { height: 1fr; overflow: hidden; layout: vertical; }
        #net { width: 1fr; height: 1fr; padding: 0 1 0 0; }
        #notes { height: 5; padding: 0 1; }
        &.-flat #notes { display: none; }
        &.-wide #desk { layout: horizontal; }
        &.-wide #notes { width: 42; height: 1fr; padding: 0 1; }
        &.-vast #notes { width: 64; }
        &.-quiet #status { display: none; }
        &.-too-small { #file, #desk { display: none; } }
    }
    """

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        # kept here: an analysis may end when the screen has lost its widgets
        self._heading = Heading(self.terminal, "text", id="file")
        self._notes = Notes(self.terminal, id="notes")
        self.editor = NetEditor(self.terminal, self._tab, id="net")
        self.text: OpenText | None = None
        self.analyst = Analyst(context.folder)
        self.analysis = Analysis()
        self._analysing = self._stale = False
        self._offer: Offer | None = None
        self._chosen = 0
        self._fields: list[tuple[int, int, int]] = []  # of a completion: row, and columns counted from the line's end
        self._types_later = False  # whether keys type again when the terminal is large enough
        self._typed = False  # whether the last key changed the text
        self._pause: Timer | None = None
        self._draft_pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        yield self._heading
        with Box(id="desk"):
            yield self.editor
            yield self._notes

    def on_unmount(self) -> None:
        """Keep what is not saved, also where the connection was lost."""
        if self.text is not None:
            self.text.keep_draft()

    def lay_out(self, width: int, height: int) -> None:
        """Help beside the text where there is room, else below it."""
        self.set_class(width >= 110, "-wide")
        self.set_class(width >= 160, "-vast")
        self.set_class(height < 20 and width < 110, "-flat")

    @property
    def is_typing(self) -> bool:
        """Whether keys type."""
        return self.focused is not None

    def rearrange(self, width: int, height: int, *, there: bool = False) -> None:
        """See `View`. The text loses the focus while the terminal is too small, and has it again after that."""
        typing = self.is_typing or self._types_later
        super().rearrange(width, height, there=there)
        if typing and not self.too_small and not self.is_typing:
            self.editor.focus()
        self._types_later = typing and self.too_small

    def _draw_status(self) -> None:
        super()._draw_status()
        self.set_class(not (self.context.open or self._notice or self._reading), "-quiet")

    # -- the text

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """The text is drawn when it is there; the header follows the run."""
        self._open()

    def on_mount(self) -> None:
        """The text of a folder, or one to begin with, needs no run that answers."""
        if self.context.folder is not None or not self.context.open:
            self._open()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Where no run is open, another net may have been chosen meanwhile."""
        super().on_screen_resume(event)
        if not self.context.open and self.text is not self.context.desk.text_of(None):
            self.text, self.analysis = None, Analysis()
            self._open()

    async def on_key(self, event: Key) -> None:
        """A key that was pressed before the text was there to type in is typed too."""
        if self.is_typing and event.is_printable:
            await self.editor.on_key(event)

    def _open(self) -> None:
        """Put the run's text on the desk, once, and the cursor into it."""
        if self.text is not None:
            return
        told = self.snapshot.overview.text if self.snapshot.overview is not None else ""
        try:
            self.text = self.context.desk.text_of(self.context.folder, told)
        except UserError as error:
            self.text = self.context.desk.text_of(None, told)
            self.notice(str(error))
        if self.text.news:
            self.notice(self.text.news)
            self.text.news = ""
        self._show(self.analysis)
        self.set_focus(self.editor)
        self.analyse()

    def _show(self, analysis: Analysis) -> None:
        if self.text is None:
            return
        self.analysis = analysis
        self.refresh_bindings()
        self.editor.show(self.text.buffer, analysis, colours=analysis.document is not None)
        self.draw_heading()
        self._draw_notes()

    def become(self, text: str) -> None:
        """Change the text to another one, which can be undone."""
        if self.text is not None:
            buffer = self.text.buffer
            self.editor.change(lambda: buffer.become(text))

    @on(NetEditor.Changed)
    def _on_changed(self, message: NetEditor.Changed) -> None:
        if self.text is None:
            return
        self.analysis, self._typed = self.editor.analysis, message.text
        self._chosen = 0
        if message.text:
            self._stale = True
            self._pause = self._later(self._pause, PAUSE, self.analyse)
            self._draft_pause = self._later(self._draft_pause, DRAFT_PAUSE, self.text.keep_draft)
            self.draw_heading()
        self._assist()

    def _later(self, timer: Timer | None, seconds: float, do: Callable[[], object]) -> Timer:
        if timer is not None:
            timer.stop()
        return self.set_timer(seconds, lambda: (do(), None)[1])

    @work(group="analyse")
    async def analyse(self) -> None:
        """Analyse the text in a thread; again where it changes meanwhile."""
        if self._analysing or self.text is None:
            return
        self._analysing = True
        try:
            while True:
                self._stale = False
                buffer, file = self.text.buffer, self.text.file
                text = buffer.plain
                found = await asyncio.to_thread(self.analyst.analyse, text, file.path, file.working)
                if not self.is_attached:
                    return
                self._show(found.after(self.analysis, buffer.lines))
                self._assist()
                if not self._stale:
                    return
        finally:
            self._analysing = False

    async def settled(self) -> None:
        """Wait until the text is analysed as it stands."""
        while self.text is not None and (
            self._analysing
            or self.analysis.document is None
            or self.analysis.document.lines != tuple(self.text.buffer.lines)
        ):
            if not self._analysing:
                self.analyse()
            await asyncio.sleep(0.01)

    # -- what helps at the cursor

    def _assist(self) -> None:
        """Offer what may be written where a word was begun, else tell what the word at the cursor means."""
        document = self.analysis.document
        self._offer = None
        if document is not None and self.text is not None and self._typed:
            buffer = self.text.buffer
            if sum(map(len, buffer.lines)) < SHORT or not self._stale:
                self._offer = offer_at(document, buffer.lines, buffer.cursor)
        self._draw_notes()

    def _draw_notes(self) -> None:
        notes, document = self._notes, self.analysis.document
        width, height = notes.content_size
        if not notes.display or document is None or self.text is None or height < 2:
            return
        if self._offer is not None:
            lines = offer_lines(self._offer, self._chosen, width, height, self.terminal)
        elif not self._stale:
            lines = help_lines(document, self.text.buffer.cursor, width, self.terminal) or key_lines(width)
        else:
            return
        notes.show([*self._warmth(), *lines] if self.has_class("-wide") else lines)

    def _warmth(self) -> list[list[Part]]:
        """Which layers would keep their weights, for the pane beside the text."""
        if self.analysis.warmth is None or self.context.folder is None:
            return []
        width = self._notes.content_size.width
        return [*warmth_lines(self.analysis.warmth, self.context.folder.name, width, self.terminal), []]

    def draw_heading(self) -> None:
        if self.text is None:
            return
        analysis, file, dot = self.analysis, self.text.file, f" {self.terminal.glyphs.dot} "
        facts: list[Part] = []
        if not self.text.is_saved:
            facts.append(("not saved" if file.path is not None else "no file yet", "warn"))
        if analysis.errors:
            facts.append((counted(analysis.errors, "error"), "bad"))
        elif analysis.plan is not None:
            facts.append((f"{count(analysis.plan.parameters)} weights", "text"))
        if analysis.warnings:
            facts.append((counted(analysis.warnings, "warning"), "warn"))
        aside: list[Part] = []
        for text, role in facts:
            aside += [(dot if aside else "", "dim"), (text, role)]
        if analysis.warmth is not None and not self.has_class("-wide"):
            aside += [(dot, "dim"), *warmth_in_short(analysis.warmth)]
        if not self.is_typing:
            aside += [(dot, "dim"), ("enter", "accent"), (" edits", "dim")]
        self._heading.show(*aside, titles=[displayable(file.name, self.terminal)])

    def _tab(self) -> None:
        """Go to the next field of what was completed, or write the chosen word, or put in blanks."""
        assert self.text is not None
        buffer = self.text.buffer
        if self._fields and self._fields[0][0] == buffer.cursor[0]:
            row, start, end = self._fields.pop(0)
            length = len(buffer.lines[row])
            buffer.move((row, length - start))
            buffer.move((row, length - end), select=True)
            return
        self._fields = []
        if self._offer is None:
            buffer.indent()
            return
        offer, item = self._offer, self._offer.items[self._chosen]
        behind = len(buffer.lines[offer.row]) - offer.end
        pieces = item.template or (item.text,)
        buffer.replace((offer.row, offer.start), (offer.row, offer.end), "".join(pieces))
        for index in range(1, len(pieces), 2):
            left = behind + sum(map(len, pieces[index:]))
            self._fields.append((offer.row, left, left - len(pieces[index])))
        if self._fields:
            self._tab()

    def action_next_word(self) -> None:
        """Choose the next of the words that are offered."""
        if self._offer is not None:
            self._chosen = (self._chosen + 1) % len(self._offer.items)
            self._draw_notes()
