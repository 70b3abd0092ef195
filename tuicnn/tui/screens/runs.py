"""The Runs view: every run of the folder, what differs between them, their curves, and networks to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from operator import is_
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import ScreenResume
from textual.widgets import Input

from tuicnn.display.text import displayable
from tuicnn.errors import UserError
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.runs.continuation import Continuation, continuation_of
from tuicnn.system.background import in_background
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.listed_sweep import ListedSweep
from tuicnn.tui.run_curves import QUANTITIES, curves_of
from tuicnn.tui.screens.discarding import discard
from tuicnn.tui.screens.view import View
from tuicnn.tui.shelf import SORTS
from tuicnn.tui.widgets.boxes import Box
from tuicnn.tui.widgets.chart import Chart
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.notes import Notes
from tuicnn.tui.widgets.run_notes import run_lines, starter_lines
from tuicnn.tui.widgets.run_table import RunRow, RunTable
from tuicnn.tui.widgets.search_line import SearchLine
from tuicnn.tui.widgets.sweep_notes import sweep_lines
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

if TYPE_CHECKING:
    from tuicnn.runs.starters import Starter
    from tuicnn.tui.runs_app import RunsApp

__all__ = ["RunsScreen"]

LOOK_PERIOD = 2.0  # seconds from one look at the folder to the next
PANES = ("settings", "curves")


class RunsScreen(View, inherit_bindings=False):
    """The table over the curves and the chosen run's settings; where there is no room, over one of the two."""

    CONTROLS_RUN: ClassVar[bool] = False
    CSS_PATH = "runs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", tooltip="Open the chosen run, from its process or from its files."),
        Binding("space", "mark", "mark", tooltip="Draw its curve, and compare it with others that are marked."),
        Binding("r", "go_on", "resume", tooltip="Go on with a run that has ended or was lost; it is asked before."),
        Binding("n", "starters", "new", tooltip="Begin a run of a network that comes with tuicnn."),
        Binding("e", "edit", "edit", tooltip="Change the chosen network before it is trained."),
        Binding("tab,shift+tab", "pane", "curves", tooltip="Curves or settings under the table."),
        Binding("/", "search", "search", show=False, tooltip="Show only runs with some words in name, state or net."),
        Binding("t", "sort", "sort", show=False, tooltip="Sort by what is newest, best, quickest, or by name."),
        Binding("v", "quantity", "curves of", show=False, tooltip="The curves of another quantity."),
        Binding("u", "unmark", "unmark", show=False, tooltip="Unmark all runs."),
        Binding("d", "discard", "discard", show=False, tooltip="Remove a run that has ended, with all of its files."),
        Binding("escape", "back", "back", show=False, tooltip="Back from the networks, or from what is searched for."),
        Binding("up,k", "move(-1)", "run above", show=False, tooltip="Choose the run above."),
        Binding("down,j", "move(1)", "run below", show=False, tooltip="Choose the run below."),
        Binding("pageup", "page(-1)", "page up", show=False, tooltip="A page up."),
        Binding("pagedown", "page(1)", "page down", show=False, tooltip="A page down."),
        Binding("home,g", "move(-100000)", "first run", show=False, tooltip="Choose the first run."),
        Binding("end,G", "move(100000)", "last run", show=False, tooltip="Choose the last run."),
    ]

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self.shelf = context.shelf
        self._beginning = False  # the networks to begin with stand in the place of the runs
        self._starter = 0
        self._pane = self._quantity = 0
        self._looking = False

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        yield Heading(self.terminal, "runs", id="summary")
        yield RunTable(self.terminal, id="runs")
        yield Notes(self.terminal, id="starters")
        with Box(id="below"):
            title, nothing = QUANTITIES[0][0], "no epoch has ended yet"
            yield Chart(self.terminal, title, percent=True, smoothing=0.0, nothing=nothing, id="curves")
            yield Notes(self.terminal, id="settings")
        yield SearchLine(self.shelf.query, id="search", select_on_focus=False)

    def on_mount(self) -> None:
        """Look at the folder again and again, while this view is in front."""
        self.set_interval(LOOK_PERIOD, self._look)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at the folder at once."""
        super().on_screen_resume(event)
        self._look()

    def lay_out(self, width: int, height: int) -> None:
        """Curves and settings side by side where there is room."""
        self.set_class(width >= 100, "-wide")
        for pane in PANES:
            self.set_class(pane == PANES[self._pane], f"-{pane}")
        rows = len(self.shelf.runs or ()) + 1
        self.query_one("#runs").styles.height = max(4, min(rows, (height - 4) * (5 if height >= 32 else 6) // 10))
        self.query_one("#curves").display = width >= 100 or self._pane == 1
        self.query_one("#settings").display = width >= 100 or self._pane == 0

    # -- what there is

    @work(group="look")
    async def _look(self) -> None:
        """Read what has changed in the folder."""
        if self._looking or not self.is_current:
            return
        self._looking = True
        before = self.shelf.runs
        first, call_in_loop = before is None, asyncio.get_running_loop().call_soon_threadsafe
        try:
            self.shelf.runs = await in_background(
                lambda: self.shelf.read(lambda some: call_in_loop(self._arrived, some) if first else None)
            )
        except UserError as error:
            self.shelf.runs = self.shelf.runs or []
            self.notice(str(error))
        finally:
            self._looking = False
        runs = self.shelf.runs
        if before is not None and len(before) == len(runs) and all(map(is_, before, runs)):
            return  # one that has not changed is the same object
        there = {run.summary.folder.path for run in runs}
        self.shelf.marked = [path for path in self.shelf.marked if path in there]
        if self.stands:
            if not self.shelf.runs and not self._beginning:
                self.action_starters()
            self.lay_out(*self.size)
            self._changed()

    def _arrived(self, some: list[CataloguedRun]) -> None:
        """Show the first runs while the others are read."""
        if self._looking and self.stands:
            self.shelf.runs = some
            self.lay_out(*self.size)
            self._draw_runs()

    @property
    def chosen(self) -> CataloguedRun | None:
        """The run that the cursor is on."""
        shown = self.shelf.shown
        return shown[self._cursor(shown)] if shown else None

    @property
    def sweep(self) -> ListedSweep | None:
        """The chosen line, where it is a sweep."""
        return chosen if isinstance(chosen := self.chosen, ListedSweep) else None

    def _cursor(self, shown: Sequence[CataloguedRun]) -> int:
        paths = [run.summary.folder.path for run in shown]
        wanted = self.shelf.chosen or (self.context.folder and self.context.folder.path)
        return paths.index(wanted) if wanted in paths else 0

    # -- what is drawn

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """Only the header follows the run that is shown."""

    def _draw(self, drawn: Snapshot) -> None:
        super()._draw(drawn)
        if self.stands and self.is_current and drawn.overview is None:
            self._draw_runs()

    def _draw_status(self) -> None:
        super()._draw_status()
        self.set_class(bool(self._notice or self._reading), "-noticed")

    def _draw_runs(self) -> None:
        if self.too_small:
            return
        self.set_class(self._beginning, "-beginning")
        if self._beginning:
            notes = self.query_one("#starters", Notes)
            width, height = self.size.width - 4, max(4, self.size.height - 5)
            notes.show(starter_lines(self.shelf.starters, self._starter, width, height, self.terminal))
        shown = self.shelf.shown
        different, here = self.shelf.compared(shown), self.context.folder and self.context.folder.path
        rows = [
            RunRow(run, self.shelf.letter(run), different.get(path := run.summary.folder.path, ""), path == here)
            for run in shown
        ]
        self.query_one("#runs", RunTable).show(rows, self._cursor(shown), self._nothing())
        facts = f" {self.terminal.glyphs.dot} ".join(self.shelf.facts(shown))
        self.query_one("#summary", Heading).show((displayable(facts, self.terminal), "dim"))
        self._draw_curves()
        chosen, settings = self.chosen, self.query_one("#settings", Notes)
        width = settings.content_size.width or self.size.width - 2
        lines = sweep_lines if self.sweep is not None else run_lines
        settings.show(lines(chosen, width, self.terminal) if chosen is not None else [])

    def _nothing(self) -> str:
        if self.shelf.runs is None:
            return f"reading the runs{self.terminal.glyphs.ellipsis}"
        return "no run has that" if self.shelf.runs else "no runs here yet; n begins one"

    def _draw_curves(self) -> None:
        """The curves of the marked runs and of the chosen one."""
        chart = self.query_one("#curves", Chart)
        if chart.display:
            chart.show(curves_of(self.shelf, self.chosen, QUANTITIES[self._quantity][1], self.terminal))

    # -- keys

    @property
    def said(self) -> dict[str, str]:
        """See `TrainApp.said`."""
        on = self._continuation
        return {
            "go_on": on.words if on is not None else "resume",
            "pane": PANES[1 - self._pane],
            "open": "begin" if self._beginning else "open",
            "mark": "unmark" if self.chosen is not None and self.shelf.letter(self.chosen) else "mark",
        }

    @property
    def _continuation(self) -> Continuation | None:
        chosen = self.chosen
        return None if chosen is None or self._beginning or self.sweep else continuation_of(chosen.summary)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What there is to be done with the chosen run."""
        if action == "go_on":
            return self._continuation is not None
        if action == "edit":
            return self._beginning and not self.context.open and bool(self.shelf.starters)
        if action == "pane":
            return not self.has_class("-wide") and not self._beginning
        if action in ("sort", "search", "quantity", "unmark", "starters"):
            return not self._beginning
        if action in ("mark", "discard"):
            there = self.chosen is not None and not (action == "discard" and self.chosen.summary.alive)
            return there and not (self._beginning or self.sweep)
        if action == "back":
            return bool(self.shelf.query) or (self._beginning and bool(self.shelf.runs))
        return True

    def action_move(self, by: int) -> None:
        """Choose another run, or another network to begin with."""
        if self._beginning:
            self._starter = max(0, min(self._starter + by, len(self.shelf.starters or ()) - 1))
        elif shown := self.shelf.shown:
            cursor = max(0, min(self._cursor(shown) + by, len(shown) - 1))
            self.shelf.chosen = shown[cursor].summary.folder.path
        self._changed()

    def _changed(self) -> None:
        self._draw_runs()
        self.refresh_bindings()

    def action_page(self, by: int) -> None:
        """Move by as many runs as are in sight."""
        self.action_move(by * self.query_one("#runs", RunTable).page)

    @on(RunTable.Scrolled)
    def _on_scrolled(self, message: RunTable.Scrolled) -> None:
        self.action_move(message.by)

    @on(RunTable.Pointed)
    def _on_pointed(self, message: RunTable.Pointed) -> None:
        self.shelf.chosen = self.shelf.shown[message.index].summary.folder.path
        self._changed()
        if message.again:
            self.action_open()

    def action_mark(self) -> None:
        """Mark the chosen run, or unmark it, and go to the next."""
        if (chosen := self.chosen) is not None:
            if not self.shelf.mark(chosen):
                self.notice("so many curves cannot be told apart; space unmarks a run, u all of them")
            self._changed()

    def action_unmark(self) -> None:
        """Unmark all runs."""
        self.shelf.marked.clear()
        self._changed()

    def action_sort(self) -> None:
        """Sort otherwise."""
        self.shelf.sort = (self.shelf.sort + 1) % len(SORTS)
        self._changed()

    def action_quantity(self) -> None:
        """Draw the curves of another quantity."""
        self._quantity = (self._quantity + 1) % len(QUANTITIES)
        title, _, share = QUANTITIES[self._quantity]
        self.query_one("#curves", Chart).rename(title, percent=share)
        self._changed()

    def action_pane(self) -> None:
        """Curves or settings."""
        self._pane = 1 - self._pane
        self.rearrange(*self.size)

    def action_search(self) -> None:
        """Type what is searched for."""
        self.query_one(SearchLine).open()

    @on(Input.Changed)
    def _on_typed(self, message: Input.Changed) -> None:
        self.shelf.query = message.value
        self._changed()

    def action_back(self) -> None:
        """Back to all runs."""
        self._beginning = False
        self.query_one(SearchLine).value = ""
        self._changed()

    # -- runs

    @property
    def runs_app(self) -> RunsApp:
        """The app, which opens runs."""
        return cast("RunsApp", self.app)

    def action_open(self) -> None:
        """Open the chosen run in the place of the one that is shown; or begin the chosen network."""
        if self._beginning:
            if self.shelf.starters:
                self._begin(self.shelf.starters[self._starter])
        elif self.sweep is not None:
            self.shelf.sweep = self.sweep.summary.folder.path
            self.go_down("sweep")
        elif (chosen := self.chosen) is not None:
            folder = chosen.summary.folder
            if self.context.folder is not None and folder.path == self.context.folder.path:
                self.runs_app.show_first_view()
            else:
                self.app.run_worker(self.runs_app.open_run(folder), group="begin", exclusive=True)

    def action_go_on(self) -> None:
        """Ask, then go on with the chosen run and show it."""
        further, chosen = self._continuation, self.chosen
        if further is not None and chosen is not None:
            self.app.run_worker(self.runs_app.train_on(chosen.summary.folder, further), group="begin", exclusive=True)

    @work(group="starters", exclusive=True)
    async def action_starters(self) -> None:
        """Show the networks that come with tuicnn."""
        self._beginning = True
        self._changed()
        if self.shelf.starters is None:
            from tuicnn.runs.starters import starters

            self.shelf.starters = await in_background(starters)
            self._changed()

    @work(group="starters", exclusive=True)
    async def _begin(self, starter: Starter) -> None:
        """Begin a run of a network that comes with tuicnn, and show it."""
        from tuicnn.runs.prepared import NetFile, begin
        from tuicnn.tui.editor.starting import start_process

        try:
            run = await asyncio.to_thread(lambda: begin(NetFile.read(starter.path), parent=self.shelf.catalogue.parent))
            process = await asyncio.to_thread(start_process, run)
        except UserError as error:
            self.notice(str(error))
        else:
            self.app.run_worker(self.runs_app.open_run(run.folder, process), group="begin", exclusive=True)

    def action_edit(self) -> None:
        """Open the chosen network in the editor."""
        if self.shelf.starters:
            try:
                self.context.desk.begin_with(self.shelf.starters[self._starter].path)
            except UserError as error:
                self.notice(str(error))
            else:
                self.go_down("edit")

    @work(group="discard", exclusive=True)
    async def action_discard(self) -> None:
        """Remove the chosen run for good, asked once, and twice where it has trained for more than a minute."""
        if (chosen := self.chosen) is None:
            return
        folder = chosen.summary.folder
        if self.context.folder is not None and folder.path == self.context.folder.path:
            self.notice(f"{folder.name} is the run that is open; open another one first")
        elif said := await discard(self.app, self.terminal, chosen):
            self.notice(said)
        self._look()
