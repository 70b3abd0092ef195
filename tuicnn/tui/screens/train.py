"""The Train view: is it learning? The network as a table, the curves, and one image on its way through."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tuicnn.errors import UserError
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.histograms import AskHistograms
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.observing.question import Question
from tuicnn.runs.finding import run_before
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.history import history_of
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.screens.help import Word
from tuicnn.tui.screens.own_image import OwnImage
from tuicnn.tui.widgets.boxes import Box, Column
from tuicnn.tui.widgets.curves import Curves, Ghost
from tuicnn.tui.widgets.glimpse import Glimpse
from tuicnn.tui.widgets.histogram import Histogram
from tuicnn.tui.widgets.layer_table import LayerTable
from tuicnn.tui.widgets.search_line import SearchLine
from tuicnn.tui.widgets.status import Status
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["TrainScreen"]

#: the rows that are left to what stands below the table, by the layout
LOWER_ROWS = {"small": 8, "tall": 28, "wide": 20, "vast": 28}
LEAST_TABLE = 5  # rows
GLIMPSE_PERIOD = 2.0  # seconds that image and maps stand still beside the curves: they cost most
PAGE = 10  # lines of the table that a page is
NOTHING = (np.empty(0, np.float32), math.nan)  # a histogram of no numbers


class TrainScreen(OwnImage, inherit_bindings=False):
    """The table over the charts; from 112x32 on an image and maps beside the charts, in a tall terminal below them.

    From 160x44 on there is room for how weights and gradients are spread.
    """

    CSS_PATH = "train.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "maps", tooltip="Look at the chosen layer's maps, or into a folded block."),
        Binding("up,k", "layer(-1)", "layer above", show=False, tooltip="Choose the layer above."),
        Binding("down,j", "layer(1)", "layer below", show=False, tooltip="Choose the layer below."),
        Binding("pageup", f"layer(-{PAGE})", "layers above", show=False, tooltip="Choose a layer further above."),
        Binding("pagedown", f"layer({PAGE})", "layers below", show=False, tooltip="Choose a layer further below."),
        Binding("home,g", "layer(-100000)", "first layer", show=False, tooltip="Choose the first layer."),
        Binding("end,G", "layer(100000)", "last layer", show=False, tooltip="Choose the last layer."),
        Binding("/", "search", "search", show=False, tooltip="Show only layers with a text in name, layer or block."),
        Binding("t", "sort", "by time", show=False, tooltip="The slowest layers first, or in the network's order."),
        Binding("b", "fold", "fold", show=False, tooltip="Fold the block of the chosen layer, or unfold it."),
        Binding("B", "fold_all", "fold all", show=False, tooltip="Fold all blocks, or unfold them."),
        Binding("left", "cursor(-1)", "read", tooltip="Read the curves at an earlier step."),
        Binding("right", "cursor(1)", "read later", show=False, tooltip="Read the curves at a later step."),
        Binding("shift+left", "cursor(-10)", "read earlier", show=False, tooltip="Read the curves much earlier."),
        Binding("shift+right", "cursor(10)", "read later", show=False, tooltip="Read the curves much later."),
        Binding("escape", "let_go", "back", show=False, tooltip="Show the last values, and all layers."),
        Binding("l", "logarithmic", "log scale", show=False, tooltip="Draw the loss on a logarithmic scale, or not."),
        Binding("m", "smoothing", "smoothing", show=False, tooltip="Smooth the curves more, or not at all."),
        Binding("o", "ghost", "former run", show=False, tooltip="Draw the run before of this net behind the curves."),
        Binding("d", "draw", "draw", show=False, tooltip="Draw a digit, and see what the network makes of it."),
        Binding("n", "sample(1)", "next image", show=False, tooltip="Take the next validation image."),
        Binding("p", "sample(-1)", "image before", show=False, tooltip="Take the image before."),
    ]

    HEADER = "full"
    WORDS = (
        Word("output", "shape of the layer's output: channels x height x width, or values"),
        Word("weights", "how many numbers the layer learns"),
        Word("ms", "milliseconds that a training step spends in the layer, forward and backward, also as a bar"),
        Word("waiting", "what the processes that train together wait for each other"),
        Word("out", "size of the layer's output: its root mean square"),
        Word("grad", "size of the loss's gradient by that output; the blocks show it since it was first measured"),
        Word(
            "{g.delta}w/w",
            "how far a step moves the weights, as a share of their size: 1e-3 is usual, 1e-1 much",
        ),
        Word("dead", "share of the units that are 0 for every image looked at"),
        Word("+ -", "a block that is folded into one line, and one that is not"),
        Word("{g.traces[0]}", "the training curve, smoothed; the dots behind it are where most steps lie"),
        Word("{g.points[0]}", "validation, at the end of an epoch", "second"),
        Word("{g.best}", "the best epoch by its validation", "good"),
        Word("{g.above} {g.below}", "the curve goes on beyond the axis"),
        Word("{g.dotted}", "the end of an epoch", "dim"),
        Word(
            "r p s x",
            "the learning rate was changed (r), training paused (p), slowed (s), or diverged (x)",
            "warn",
        ),
    )

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self._layout = "small"
        self.add_class("-small")
        self._ghost: Ghost | None = None
        self._seen: Activations | None = None  # what is shown of the image and the maps
        self._table_height = 0

    @property
    def footer(self) -> Sequence[str]:
        """See `View`."""
        over = self.snapshot.progress.state.final or bool(self.snapshot.gone)
        return ("train_on", "open", "show_view('mistakes')", "show_view('edit')") if over else ("open",)

    def on_mount(self) -> None:
        """Draw the run whose changed net this one was begun with behind the curves."""
        if self.context.former is not None:
            self.run_worker(self._read_ghost(self.context.former), group="ghost", exclusive=True)

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        terminal = self.terminal
        yield LayerTable(terminal, id="layers")
        with Box(id="lower"):
            yield Curves(terminal, id="charts")
            yield Glimpse(terminal, id="glimpse")
            with Column(id="spread"):
                yield Histogram(terminal, "weights", id="weights")
                yield Histogram(terminal, "gradients", id="gradients")
        yield SearchLine(id="search", select_on_focus=False)

    # -- what is in sight

    def lay_out(self, width: int, height: int) -> None:
        """Choose what there is room for."""
        wide = width >= 112 and height >= 32
        layout = (
            "vast"
            if wide and width >= 160 and height >= 44
            else "wide"
            if wide
            else "tall"
            if height >= 44
            else "small"
        )
        if layout == self._layout:
            return
        self._layout = layout
        for name in LOWER_ROWS:
            self.set_class(name == layout, f"-{name}")
        self.query_one(Curves).forget()
        self._seen = None

    def _sees(self, pane: str) -> bool:
        """Whether an image with maps (`glimpse`), or histograms (`spread`), are in sight."""
        return self._layout == "vast" or (pane == "glimpse" and self._layout != "small")

    def questions(self) -> Iterable[Question[Any]]:
        """The stats of the layers, and of the chosen one what it makes of an image, and how its weights are spread."""
        if self.too_small:
            return
        yield AskLayerStats()
        if self._sees("glimpse"):
            yield AskActivations(self.selection.layer, self.selection.image)
        if self._sees("spread") and self._weights:
            yield AskHistograms(self.selection.layer)

    @property
    def periods(self) -> Mapping[type[Question[Any]], float]:
        """See `View`."""
        return {AskActivations: GLIMPSE_PERIOD}

    @property
    def _weights(self) -> int:
        """How many the chosen layer has."""
        layers = self.snapshot.overview.layers if self.snapshot.overview is not None else ()
        return layers[self.selection.layer].parameters if self.selection.layer < len(layers) else 0

    # -- what is drawn

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """See `View`."""
        self._draw_layers()
        # of the moment that the numbers above are of
        self.query_one(Curves).show(self.query_one("#status", Status).read, self._ghost)
        if self._sees("glimpse"):
            refusal, seen = self.snapshot.refusal(AskActivations), self.snapshot.answer(AskActivations)
            if refusal:
                self.query_one(Glimpse).refuse(refusal)
            elif seen is not None and seen is not self._seen:
                self._seen = seen
                self.query_one(Glimpse).show(seen, overview)
        if self._sees("spread"):
            self._draw_spread(overview)

    def _draw_layers(self) -> None:
        if self.snapshot.overview is None:
            return
        layers = self.query_one(LayerTable)
        layers.show(
            self.snapshot.overview,
            self.snapshot.answer(AskLayerStats),
            self.selection.layer,
            self.snapshot.progress.diverged,
        )
        room = self.size.height - 4 - LOWER_ROWS[self._layout]
        height = max(LEAST_TABLE, min(layers.rows_wanted(), room))
        if height != self._table_height:
            layers.styles.height = self._table_height = height

    def _draw_spread(self, overview: Overview) -> None:
        weights, gradients = self.query_one("#weights", Histogram), self.query_one("#gradients", Histogram)
        found = self.snapshot.answer(AskHistograms)
        name = overview.layers[self.selection.layer].name if self.selection.layer < len(overview.layers) else ""
        if not self._weights:
            for histogram in (weights, gradients):
                histogram.show(*NOTHING, f"{name} has none")
        elif found is not None and found.layer == self.selection.layer:
            weights.show(found.weights, found.weight_reach, f"of {name}")
            gradients.show(found.gradients, found.gradient_reach, f"of {name}, whole batch")

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        table = self.query_one(LayerTable) if self.is_mounted else None
        if action == "open":
            return any(tab.mode == "maps" for tab in self._tabs) or bool(table and table.on_folded)
        if action in ("fold", "fold_all"):
            return bool(table and table.has_blocks)
        if action == "let_go":
            return bool(table and (table.query_text or self.query_one(Curves).cursor is not None))
        if action == "ghost":
            return self.context.folder is not None
        if action == "sample":
            return self._sees("glimpse")
        return True

    def action_open(self) -> None:
        """Look at the chosen layer's maps, or into a folded block."""
        table = self.query_one(LayerTable)
        if table.on_folded:
            table.fold(self.selection.layer)
            self._choose(self.selection.layer)
        else:
            self.go_down("maps")

    def action_layer(self, by: int) -> None:
        """Choose another layer; it stays at the ends."""
        self._choose(self.query_one(LayerTable).moved(by))

    @on(LayerTable.Chosen)
    def _on_chosen(self, message: LayerTable.Chosen) -> None:
        self._choose(message.layer)
        if message.opened and self.check_action("open", ()):
            self.action_open()

    def _choose(self, layer: int) -> None:
        rows = len(self.snapshot.overview.layers) if self.snapshot.overview else 1
        self.selection.layer = max(0, min(layer, rows - 1))
        self.ask()
        self._draw_layers()
        if self._sees("spread") and self.snapshot.overview is not None:
            self._draw_spread(self.snapshot.overview)

    def action_fold(self) -> None:
        """Fold the block of the chosen layer, or unfold it."""
        self.query_one(LayerTable).fold(self.selection.layer)
        self._draw_layers()

    def action_fold_all(self) -> None:
        """Fold all blocks, or unfold them."""
        self.query_one(LayerTable).fold_all()
        self._draw_layers()

    def action_sort(self) -> None:
        """The slowest layers first, or in the network's order."""
        table = self.query_one(LayerTable)
        table.sort(by_time=not table.by_time)
        self.notice("the slowest layers first" if table.by_time else "the layers in their order")

    def action_search(self) -> None:
        """Type what is searched for."""
        self.query_one(SearchLine).open()

    @on(Input.Changed)
    def _on_typed(self, message: Input.Changed) -> None:
        found = self.query_one(LayerTable).search(message.value.strip())
        if found is not None and message.value.strip():
            self._choose(found)
        self._draw_layers()
        self.refresh_bindings()

    def action_let_go(self) -> None:
        """Show the last values, and all layers."""
        self.query_one(Curves).point(None)
        self.query_one(SearchLine).value = ""

    def action_cursor(self, columns: int) -> None:
        """Move the cursor of the curves."""
        self.query_one(Curves).move(columns)

    def action_logarithmic(self) -> None:
        """Draw the loss on a logarithmic scale, or not."""
        self.notice(self.query_one(Curves).toggle_logarithmic())

    def action_smoothing(self) -> None:
        """Smooth the curves more, or not at all."""
        self.notice(self.query_one(Curves).next_smoothing())
        self.query_one(Curves).show(self.query_one("#status", Status).read, self._ghost)

    def action_sample(self, by: int) -> None:
        """Take another validation image."""
        self.selection.walk(by)
        self.ask()

    async def action_ghost(self) -> None:
        """Draw the run before of this net behind the curves, or no run."""
        folder = self.context.folder
        if self._ghost is not None or folder is None:
            self._ghost = None
            self.notice("no former run")
        elif (former := self.context.former or run_before(folder)) is None:
            self.notice("there is no run of this net before this one")
        else:
            self.run_worker(self._read_ghost(former), group="ghost", exclusive=True)
        self._draw(self.snapshot)

    async def _read_ghost(self, former: RunFolder) -> None:
        try:
            history = await asyncio.to_thread(history_of, former)
        except UserError as error:
            self.notice(str(error))
            return
        self._ghost = Ghost(former.name, history)
        self.notice(f"behind the curves: {former.name}" if len(history.losses) else f"{former.name} has no steps")
        self._draw(self.snapshot)
