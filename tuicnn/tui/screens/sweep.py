"""A sweep, in the place of the Runs view: its variants, the curves of one of them, and each trial to be watched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import ScreenResume

from tuicnn.display.epoch_line import how_good
from tuicnn.display.sweep_figures import how_sure
from tuicnn.display.text import displayable
from tuicnn.errors import UserError
from tuicnn.numbers import counted
from tuicnn.sweep.folder import SweepFolder
from tuicnn.sweep.standing import Row, SweepSummary, SweepWatch, TrialStanding
from tuicnn.sweep.variants import label_of
from tuicnn.system.background import in_background
from tuicnn.training.events import Epoch, Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.listed_sweep import mean_epochs
from tuicnn.tui.run_curves import QUANTITIES
from tuicnn.tui.screens.view import View
from tuicnn.tui.widgets.boxes import Box
from tuicnn.tui.widgets.chart import Chart, Series
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.listing import Listing
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

if TYPE_CHECKING:
    from tuicnn.tui.runs_app import RunsApp

__all__ = ["SweepScreen"]

LOOK_PERIOD = 1.0  # seconds from one look at the journals to the next
PANES = ("trials", "curves")


class SweepScreen(View, inherit_bindings=False):
    """The variants over the curves and the trials of the chosen one; where there is no room, over one of the two."""

    CONTROLS_RUN: ClassVar[bool] = False
    CSS_PATH = "sweep.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "watch", tooltip="Watch the chosen trial, or look at what became of it."),
        Binding("up,k", "move(-1)", "variant above", show=False, tooltip="Choose the variant above."),
        Binding("down,j", "move(1)", "variant below", show=False, tooltip="Choose the variant below."),
        Binding("right,l", "seed(1)", "next seed", tooltip="Choose the variant's next trial."),
        Binding("left,h", "seed(-1)", "seed before", show=False, tooltip="Choose the variant's trial before."),
        Binding("tab,shift+tab", "pane", "curves", tooltip="Curves or trials under the table."),
        Binding("v", "quantity", "curves of", tooltip="The curves of another quantity."),
        Binding("home,g", "move(-100000)", "best variant", show=False, tooltip="Choose the first variant."),
        Binding("end,G", "move(100000)", "last variant", show=False, tooltip="Choose the last variant."),
        Binding("escape", "runs", "runs", tooltip="Back to all runs."),
    ]

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, "runs", tabs)  # it stands in the place of that view
        self._watch: SweepWatch | None = None
        self._found: SweepSummary | None = None
        self._variant: object = None  # what is chosen stays so where the table is in another order
        self._seed = self._pane = self._quantity = 0
        self._looking = False

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        terminal = self.terminal
        yield Heading(terminal, "sweep", id="summary")
        yield Listing(terminal, ("variant", "state", "seeds", "epochs", "validation", "95% interval"), 4, id="variants")
        with Box(id="below"):
            yield Chart(
                terminal, QUANTITIES[0][0], percent=True, smoothing=0.0, nothing="no epoch has ended yet", id="curves"
            )
            yield Listing(terminal, ("trial", "state", "seed", "epochs", "validation"), 3, id="trials")

    def on_mount(self) -> None:
        """Look at the journals again and again, while this view is in front."""
        self.set_interval(LOOK_PERIOD, self._look)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at once."""
        super().on_screen_resume(event)
        self._look()

    def lay_out(self, width: int, height: int) -> None:
        """Curves and trials side by side where there is room."""
        self.set_class(width >= 100, "-wide")
        rows = len(self._found.standing.rows) + 1 if self._found is not None else 2
        self.query_one("#variants").styles.height = max(4, min(rows, (height - 4) // 2))
        self.query_one("#curves").display = width >= 100 or self._pane == 1
        self.query_one("#trials").display = width >= 100 or self._pane == 0

    # -- what there is

    @work(group="look")
    async def _look(self) -> None:
        """Read what has changed in the journals."""
        path = self.context.shelf.sweep
        if self._looking or not self.is_current or path is None:
            return
        self._looking = True
        try:
            if self._watch is None or self._watch.folder.path != path:
                self._watch, self._variant, self._seed = SweepWatch(SweepFolder.open(path)), None, 0
            watch = self._watch
            found = await in_background(watch.summary)
        except UserError as error:
            self.notice(str(error))
            return
        finally:
            self._looking = False
        first, self._found = self._found is None or self._found.folder != found.folder, found
        if self.stands:
            if first:
                self.lay_out(*self.size)
                self.refresh_bindings()
            self._draw_sweep()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The table, as it was last seen."""
        return self._found.standing.rows if self._found is not None else ()

    @property
    def chosen(self) -> int:
        """The chosen line of the table; the first one where none was chosen."""
        return next((index for index, row in enumerate(self.rows) if row.variant == self._variant), 0)

    @property
    def trials(self) -> list[TrialStanding]:
        """Those of the chosen variant."""
        return self._trials_of(self.rows[self.chosen]) if self.rows else []

    def _trials_of(self, row: Row) -> list[TrialStanding]:
        assert self._found is not None
        runs = set(row.runs)
        return [each for each in self._found.standing.trials if str(each.trial.folder.path) in runs]

    # -- what is drawn

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """Only the header follows the run that is shown."""

    def _draw(self, drawn: Snapshot) -> None:
        super()._draw(drawn)
        if self.stands and self.is_current and drawn.overview is None:
            self._draw_sweep()

    def _draw_status(self) -> None:
        super()._draw_status()
        self.set_class(bool(self._notice or self._reading), "-noticed")

    def _draw_sweep(self) -> None:
        if self.too_small or self._found is None:
            return
        dash, standing = self.terminal.glyphs.dash, self._found.standing
        words = {"alive": "training", "lost": f"no process leads it; {self._found.folder.go_on}"}
        facts = [
            self._found.folder.name,
            words.get(self._found.state, self._found.state),
            f"{standing.settled_trials} of {counted(len(standing.trials), 'trial')}",
            *(f"{rung.variants} to {counted(max(rung.epochs), 'epoch')}" for rung in standing.sweep.rungs),
        ]
        said = displayable(f" {self.terminal.glyphs.dot} ".join(facts), self.terminal)
        self.query_one("#summary", Heading).show((said, "dim"))
        variants = [
            (
                displayable(label_of(row.variant), self.terminal),
                row.state,
                f"{row.seeds}",
                f"{row.epochs}",
                how_good(row.val_accuracy, row.val_loss, 2, dash),
                how_sure(row, dash),
            )
            for row in self.rows
        ]
        self.query_one("#variants", Listing).show(variants, self.chosen, focused=True)
        trials = self.trials
        self._seed = max(0, min(self._seed, len(trials) - 1))
        lines = [
            (
                displayable(each.trial.name, self.terminal),
                "training" if each.state == "alive" else each.state,
                f"{each.trial.seed}",
                f"{each.epochs}",
                _newest(each, dash),
            )
            for each in trials
        ]
        self.query_one("#trials", Listing).show(lines, self._seed, focused=False)
        self._draw_curves(trials)

    def _draw_curves(self, trials: Sequence[TrialStanding]) -> None:
        """The chosen trial, the other seeds of its variant, and the mean of the best variant."""
        chart = self.query_one("#curves", Chart)
        if not chart.display:
            return
        field = QUANTITIES[self._quantity][1]
        series = []
        if trials:
            chosen = trials[self._seed]
            series.append(_series(f"seed {chosen.trial.seed}", _epochs(chosen), field, "accent"))
        if self.chosen:
            series.append(_series("the best", mean_epochs(self._trials_of(self.rows[0])), field, "second"))
        for index, each in enumerate(trials):
            if index != self._seed:
                series.append(_series(f"seed {each.trial.seed}", _epochs(each), field, "dim"))
        chart.show(series)

    # -- keys

    @property
    def said(self) -> dict[str, str]:
        """See `TrainApp.said`."""
        alive = bool(self.trials) and self.trials[self._seed].alive
        return {"pane": PANES[1 - self._pane], "open": "watch" if alive else "open"}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What there is to choose."""
        if action == "pane":
            return not self.has_class("-wide")
        if action == "seed":
            return len(self.trials) > 1
        return True

    def _choose(self, index: int) -> None:
        if self.rows:
            self._variant = self.rows[max(0, min(index, len(self.rows) - 1))].variant
        self._changed()

    def _changed(self) -> None:
        self._draw_sweep()
        self.refresh_bindings()

    def action_move(self, by: int) -> None:
        """Choose another variant."""
        self._choose(self.chosen + by)

    def action_seed(self, by: int) -> None:
        """Choose another trial of the variant."""
        self._seed += by
        self._changed()

    def action_pane(self) -> None:
        """Curves or trials."""
        self._pane = 1 - self._pane
        self.rearrange(*self.size)

    def action_quantity(self) -> None:
        """Draw the curves of another quantity."""
        self._quantity = (self._quantity + 1) % len(QUANTITIES)
        title, _, share = QUANTITIES[self._quantity]
        self.query_one("#curves", Chart).rename(title, percent=share)
        self._changed()

    @on(Listing.Chosen)
    def _on_chosen(self, message: Listing.Chosen) -> None:
        if message.listing.id == "variants":
            self._choose(message.row)
            return
        again = self._seed == message.row
        self._seed = message.row
        self._changed()
        if again:
            self.action_open()

    def action_open(self) -> None:
        """Open the chosen trial in the place of the run that is shown."""
        if not (trials := self.trials):
            return
        chosen = trials[self._seed]
        if chosen.run is None:
            self.notice(f"{chosen.trial.name} has not begun yet")
            return
        app = cast("RunsApp", self.app)
        app.run_worker(app.open_run(chosen.trial.folder), group="begin", exclusive=True)

    def action_runs(self) -> None:
        """Back to all runs."""
        self.context.shelf.sweep = None
        self.app.switch_mode("runs")


def _epochs(each: TrialStanding) -> tuple[Epoch, ...]:
    return each.run.epochs if each.run is not None else ()


def _series(name: str, epochs: Sequence[Epoch], field: str, role: str) -> Series:
    x = np.array([epoch.epoch for epoch in epochs], np.float64)
    y = np.array([getattr(epoch, field) for epoch in epochs], np.float64)
    return Series(name, x, y, role=role)  # type: ignore[arg-type]


def _newest(each: TrialStanding, dash: str) -> str:
    newest = each.after(each.epochs)
    return dash if newest is None else how_good(newest.val_accuracy, newest.val_loss, 2, dash)
