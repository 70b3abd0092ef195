"""The base of the views of a run: the view bar and status above, keys below, and a body that subclasses draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.events import Resize, ScreenResume, ScreenSuspend
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from tuicnn.display.text import displayable
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.messages import GoDown, Watched
from tuicnn.tui.screens.help import Word
from tuicnn.tui.widgets.keys import KeyLine
from tuicnn.tui.widgets.narrow import TooSmall
from tuicnn.tui.widgets.status import Status
from tuicnn.tui.widgets.view_bar import Tab, ViewBar
from tuicnn.worker.snapshot import Snapshot

__all__ = ["View"]

NOTICE_SECONDS = 4.0


class View(Screen[None], inherit_bindings=False):
    """A mode of the app. A view that is not in front, and a pane that is hidden, is neither asked for nor drawn.

    A subclass has `compose_body`, `lay_out`, `questions` and `draw`. It calls `ask` where another question is chosen,
    and `rearrange` where other parts come into sight.
    """

    AUTO_FOCUS = ""
    BLANK = True  # its widgets cover it: what is behind them is one line, made once
    DEFAULT_CSS = """
    View {
        layout: vertical;
        overflow: hidden;
        #status { height: 2; }
        &.-short #status { height: 1; }
        #too_small { display: none; height: 1fr; }
        &.-too-small {
            #view_bar, #status, #keys { display: none; }
            #too_small { display: block; }
        }
    }
    """
    LEAST: ClassVar[tuple[int, int]] = (56, 14)  # columns and rows

    #: whether the keys that control the run that is shown act here
    CONTROLS_RUN: ClassVar[bool] = True

    #: under the view bar: `full` has the state with bars and the numbers, `short` one line, of what matters most
    HEADER: ClassVar[Literal["full", "short"]] = "short"

    #: what its numbers, marks and colours mean, for help
    WORDS: ClassVar[Sequence[Word]] = ()

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self.context, self.mode, self._tabs = context, mode, tabs
        self.terminal, self.watcher, self.selection = context.terminal, context.watcher, context.selection
        self.snapshot = self.watcher.snapshot
        self._drawn = Snapshot()
        self._arranged_for = (0, 0)  # columns and rows
        self._notice = self._reading = ""
        self._notice_timer: Timer | None = None

    # -- what a view is

    def compose_body(self) -> ComposeResult:
        """The widgets between the state and the keys."""
        raise NotImplementedError

    def lay_out(self, width: int, height: int) -> None:
        """Set the classes that choose the layout for so many columns and rows."""

    def questions(self) -> Iterable[Question[Any]]:
        """The questions of the panes in sight, at most one of a kind."""
        return ()

    @property
    def periods(self) -> Mapping[type[Question[Any]], float]:
        """Seconds after which a kind of question is asked again, where that is not its own period."""
        return {}

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """Give each widget in sight what is new in `snapshot` since `drawn`."""
        raise NotImplementedError

    @property
    def footer(self) -> Sequence[str]:
        """The actions that come first on the line of keys, as things stand."""
        return ()

    # -- what they share

    def compose(self) -> ComposeResult:
        yield ViewBar(self.terminal, self.context.title, self._tabs, self.mode, id="view_bar")
        yield Status(self.terminal, id="status")
        yield from self.compose_body()
        yield KeyLine(self.terminal, id="keys")
        yield TooSmall(self.terminal, *self.LEAST, id="too_small")

    @property
    def too_small(self) -> bool:
        """Whether the terminal is too small, so that only this is shown."""
        return self.has_class("-too-small")

    @property
    def stands(self) -> bool:
        """Whether it has all of its widgets: not while it is being removed."""
        return self.is_attached and not self._pruning

    @property
    def folder(self) -> RunFolder | None:
        """Where the run's files are; None where it has none."""
        return self.context.folder

    def go_down(self, mode: str) -> None:
        """Show the view of what was chosen in this one; escape comes back."""
        self.post_message(GoDown(mode))

    def ask(self) -> None:
        """Subscribe to the questions of the panes in sight."""
        self.watcher.subscribe(self, *self.questions(), periods=self.periods)

    def rearrange(self, width: int, height: int, *, there: bool = False) -> None:
        """Lay out, ask and draw everything anew; a view that is `there` as it was, before it is painted: just once."""
        self.set_class(width < self.LEAST[0] or height < self.LEAST[1], "-too-small")
        self.set_class(self.HEADER == "short", "-short")
        self.lay_out(width, height)
        self.ask()
        self.refresh_bindings()
        if there:
            self._draw(Snapshot())
        else:
            self._arranged_for = width, height
            self.call_after_refresh(self._draw, Snapshot())

    def on_resize(self, event: Resize) -> None:
        """Choose the layout by the size of the terminal."""
        self.rearrange(event.size.width, event.size.height)

    @on(Watched)
    def _on_watched(self, message: Watched) -> None:
        self.snapshot = message.snapshot
        self._draw(self._drawn)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Draw the newest snapshot after another screen was in front."""
        event.refresh_styles = False  # they are as they were, and finding them takes longer than drawing
        self.snapshot = self.watcher.snapshot
        self.rearrange(*self.size, there=self.size == self._arranged_for)

    def on_screen_suspend(self, _: ScreenSuspend) -> None:
        """Unsubscribe while another screen is in front."""
        self.watcher.subscribe(self)

    def _screen_resized(self, size: Size) -> None:
        """Lay out where the size is another one: Textual does at each switch, and draws what was there before."""
        if size != self._size:
            super()._screen_resized(size)

    def _on_timer_update(self) -> None:
        """Paint nothing under a dialog, where Textual would paint both screens whole again, 60 times a second."""
        if self.app.screen is self:
            super()._on_timer_update()
        else:
            self._update_timer.pause()

    def notice(self, text: str) -> None:
        """Show a sentence in the status lines for some seconds."""
        self._notice = displayable(text, self.terminal)
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(NOTICE_SECONDS, lambda: self.notice("")) if text else None
        self._draw_status()

    def tell_reading(self, text: str) -> None:
        """Show what is being read, where there is no notice, until it is called with ""."""
        self._reading = displayable(text, self.terminal)
        self._draw_status()

    def _draw_status(self) -> None:
        status = self.query_one("#status", Status)
        status.show(self.snapshot, self._notice or self._reading)
        self.query_one("#view_bar", ViewBar).show(status.read)

    def _draw(self, drawn: Snapshot) -> None:
        # not under a dialog either: Textual would paint all of both again
        if not self.stands or self.app.screen is not self:
            return
        self._drawn = self.snapshot
        self._draw_status()
        if self.snapshot.overview is not None and not self.too_small:
            self.draw(self.snapshot.overview, drawn)
