"""The Train view: is it learning? The network as a table, the curves, and one image on its way through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from tuicnn.display.curves import smoothed
from tuicnn.display.terminal import Role
from tuicnn.display.text import displayable
from tuicnn.numbers import percent, shape
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.observing.layer_stats import AskLayerStats
from tuicnn.observing.question import Question
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.screens.view import View
from tuicnn.tui.widgets.bars import Bars
from tuicnn.tui.widgets.chart import Chart, Series
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.layer_table import LayerTable
from tuicnn.tui.widgets.maps import Maps
from tuicnn.tui.widgets.picture import Picture
from tuicnn.tui.widgets.sparkline import Sparkline
from tuicnn.tui.widgets.status import Status
from tuicnn.tui.widgets.vector import Vector
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["TrainScreen"]

PANES = ("layers", "charts", "maps", "sample")
SMOOTHINGS = (0.98, 0.9, 0.0)  # the first is that of the numbers above the charts
SHORT_NAME = 3
CHART_ROWS = 14  # the least that charts under the table take


class TrainScreen(View, inherit_bindings=False):
    """All panes where there is room (class `-all`), else one at a time."""

    CSS_PATH = "train.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "pane(1)", "pane", tooltip="Show the next pane: layers, charts, maps, sample."),
        Binding("shift+tab", "pane(-1)", "pane back", show=False, tooltip="Show the pane before."),
        Binding("n", "sample(1)", "next image", tooltip="Take the next validation image."),
        Binding("p", "sample(-1)", "image before", show=False, tooltip="Take the image before."),
        Binding("up,k", "layer(-1)", "layer above", show=False, tooltip="Choose the layer above."),
        Binding("down,j", "layer(1)", "layer below", show=False, tooltip="Choose the layer below."),
        Binding("home,g", "layer(-100000)", "first layer", show=False, tooltip="Choose the first layer."),
        Binding("end,G", "layer(100000)", "last layer", show=False, tooltip="Choose the last layer."),
        Binding("pagedown", "maps(1)", "further maps", show=False, tooltip="Show further feature maps of the layer."),
        Binding("pageup", "maps(-1)", "maps before", show=False, tooltip="Show the feature maps before."),
        Binding("l", "logarithmic", "log scale", show=False, tooltip="Draw the loss on a logarithmic scale, or not."),
        Binding("m", "smoothing", "smoothing", show=False, tooltip="Smooth the curves more, or not at all."),
    ]

    HEADER = "full"

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self._pane = 0
        self._map = 0
        self._smoothing = 0
        self._curves: tuple[float, ...] = ()  # what was drawn of them
        self._steps = np.arange(1, 1025, dtype=np.float32)

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        terminal = self.terminal
        with Horizontal(id="sparks"):
            yield Sparkline(terminal, "loss", id="loss_spark")
            yield Sparkline(terminal, "accuracy", percent, role="second", id="accuracy_spark")
        yield Heading(terminal, *PANES, id="tabs")
        with Container(id="panes"):
            with Vertical(id="left"):
                yield LayerTable(terminal, id="layers")
                with Horizontal(id="charts"):
                    yield Chart(terminal, "loss", smoothing=SMOOTHINGS[0], id="loss")
                    yield Chart(terminal, "accuracy", percent=True, smoothing=SMOOTHINGS[0], id="accuracy")
            with Vertical(id="right"):
                with Vertical(id="sample"):
                    yield Heading(terminal, "image", id="sample_heading")
                    with Horizontal(id="sample_body"):
                        yield Picture(terminal, id="picture")
                        yield Bars(terminal, id="bars")
                with Vertical(id="maps"):
                    yield Heading(terminal, "maps", id="maps_heading")
                    yield Maps(terminal, id="feature_maps")
                    yield Vector(terminal, id="feature_vector")

    @property
    def footer(self) -> Sequence[str]:
        """See `View`."""
        return ("pane(1)",)

    # -- what is in sight

    @property
    def all_panes(self) -> bool:
        """Whether all panes are in sight, and not one at a time."""
        return self.has_class("-all")

    @property
    def pane(self) -> str:
        """The pane that is in sight where there is room for one."""
        return PANES[self._pane]

    def in_sight(self, pane: str) -> bool:
        """Whether a pane can be seen."""
        return not self.too_small and (self.all_panes or self.pane == pane)

    def lay_out(self, width: int, height: int) -> None:
        """All panes where there is room for them."""
        self.set_class(width >= 110 and height >= 32, "-all")
        self.set_class(width >= 160, "-vast")
        for pane in PANES:
            self.set_class(pane == self.pane, f"-{pane}")
        self.query_one("#tabs", Heading).show(chosen=self._pane)  # the activations add their own
        self._curves = ()

    def questions(self) -> Iterable[Question[Any]]:
        """The stats of the layers, and the activations of the chosen one."""
        if self.in_sight("layers"):
            yield AskLayerStats()
        if self.in_sight("maps") or self.in_sight("sample"):
            yield AskActivations(self.selection.layer, self.selection.image)

    # -- what is drawn

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """See `View`."""
        if self.in_sight("layers"):
            self._draw_layers()
        self._draw_curves()
        refusal, seen = self.snapshot.refusal(AskActivations), self.snapshot.answer(AskActivations)
        if refusal and self.in_sight("maps"):
            self.query_one("#maps_heading", Heading).show((displayable(refusal, self.terminal), "warn"))
            self.query_one("#feature_maps", Maps).show(None)
        if seen is not None and seen is not drawn.answer(AskActivations):
            self._draw_activations(seen, overview)

    def _draw_layers(self) -> None:
        if self.snapshot.overview is not None:
            layers = self.query_one("#layers", LayerTable)
            layers.show(
                self.snapshot.overview,
                self.snapshot.answer(AskLayerStats),
                self.selection.layer,
                self.snapshot.progress.diverged,
            )
            room = self.query_one("#left").size.height - CHART_ROWS
            layers.styles.height = max(5, min(layers.rows_wanted(), room)) if self.all_panes else "1fr"

    def _draw_curves(self) -> None:
        """Draw the curves of the moment that the status line's numbers are of, with the same numbers at their ends."""
        snapshot = self.query_one("#status", Status).read
        loss, accuracy = snapshot.progress.train_loss, snapshot.progress.train_accuracy
        now = (len(snapshot.losses), len(snapshot.epochs), *np.nan_to_num([loss, accuracy], nan=-1.0).tolist())
        if now == self._curves:
            return
        self._curves = now
        if not self.all_panes:
            self.query_one("#loss_spark", Sparkline).show(smoothed(snapshot.losses, SMOOTHINGS[0]), loss)
            self.query_one("#accuracy_spark", Sparkline).show(smoothed(snapshot.accuracies, SMOOTHINGS[0]), accuracy)
        if not self.in_sight("charts"):
            return
        while len(self._steps) < len(snapshot.losses):
            self._steps = np.arange(1, 2 * len(self._steps) + 1, dtype=np.float32)
        steps = self._steps[: len(snapshot.losses)] * snapshot.stride
        epochs = snapshot.epochs
        ends = epochs.column("step").astype(np.float32)
        for name, y, number, validation in (
            ("loss", snapshot.losses, loss, epochs.column("val_loss")),
            ("accuracy", snapshot.accuracies, accuracy, epochs.column("val_accuracy")),
        ):
            points = Series("validation", ends, validation.astype(np.float32), kind="points", role="second")
            self.query_one(f"#{name}", Chart).show([Series("training", steps, y, number=number), points], marks=ends)

    def _draw_activations(self, seen: Activations, overview: Overview) -> None:
        names = [displayable(name, self.terminal) for name in overview.class_names]
        glyphs = self.terminal.glyphs
        says: tuple[str, Role]
        if np.isfinite(seen.probabilities).all():
            said = int(np.argmax(seen.probabilities))
            right = said == seen.label
            mark, share = glyphs.check if right else glyphs.wrong, percent(float(seen.probabilities[said]))
            says = (f"{mark} says {names[said]} {share}", "good" if right else "bad")
        else:  # a network whose numbers are not finite names no class
            right, says = False, (f"{glyphs.wrong} says nothing: NaN", "bad")
        truth: tuple[str, Role] = (f", it is {names[seen.label]}" if not right else "", "text")
        number = f"{seen.sample + 1:,}/{seen.samples:,}  "
        if self.pane == "maps" and not self.all_panes:
            self.query_one("#tabs", Heading).show((f"image {number}", "dim"), says, truth, chosen=self._pane)
        if self.in_sight("sample"):
            self.query_one("#sample_heading", Heading).show((number, "dim"), says, truth)
            picture = self.query_one("#picture", Picture)
            high, wide = seen.image.shape[:2]
            columns, rows = Picture.size_for(high, wide, self.terminal)
            room_width, room_height = self._picture_room(max(map(len, names)))
            scale = min(1.0, room_width / columns, room_height / rows)
            picture.styles.width, picture.styles.height = max(1, int(columns * scale)), max(1, int(rows * scale))
            picture.show(seen.image)
            self.query_one("#bars", Bars).show(seen.probabilities, names, seen.label)
        if self.in_sight("maps") and seen.layer < len(overview.layers):
            row = overview.layers[seen.layer]
            text = f"  {row.text}" if row.text != row.name else ""
            self.query_one("#maps_heading", Heading).show(
                (f"{shape(row.shape)}{displayable(text, self.terminal)}", "dim"),
                titles=[displayable(row.name, self.terminal)],
            )
            last = seen.layer == len(overview.layers) - 1  # its values are the classes
            maps, vector = self.query_one("#feature_maps", Maps), self.query_one("#feature_vector", Vector)
            maps.display = seen.maps.ndim == 3
            vector.display = not maps.display
            if maps.display:
                maps.show(seen.maps, chosen=min(self._map, len(seen.maps) - 1), median=True)
            else:
                vector.show(seen.maps, names=names if last else ())

    def _picture_room(self, name: int) -> tuple[int, int]:
        """Columns and rows for the image beside the bars, which need more of them where names are long."""
        body = self.query_one("#sample_body").size
        return max(8, body.width - (18 if name <= SHORT_NAME else 26)), max(4, body.height)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Panes are gone through only where there is one at a time."""
        return not self.all_panes if action == "pane" else True

    def action_pane(self, by: int) -> None:
        """Go to another pane."""
        self._pane = (self._pane + by) % len(PANES)
        self.rearrange(*self.size)

    @on(Heading.Chosen)
    def _on_tab(self, message: Heading.Chosen) -> None:
        self.action_pane(message.index - self._pane)

    def action_layer(self, by: int) -> None:
        """Choose another layer; it stays at the ends."""
        if self.snapshot.overview is not None:
            self._choose(self.selection.layer + by)

    @on(LayerTable.Chosen)
    def _on_chosen(self, message: LayerTable.Chosen) -> None:
        self._choose(message.layer)

    def _choose(self, layer: int) -> None:
        rows = len(self.snapshot.overview.layers) if self.snapshot.overview else 1
        self.selection.layer = max(0, min(layer, rows - 1))
        self.ask()
        self._draw_layers()

    def action_sample(self, by: int) -> None:
        """Take another validation image."""
        self.selection.image = PinnedImage(self.selection.image.number + by)
        self.ask()

    def action_maps(self, by: int) -> None:
        """Go to further feature maps."""
        maps = self.query_one("#feature_maps", Maps)
        self._map = max(0, self._map + by * maps.page)
        self._draw(Snapshot())

    def action_logarithmic(self) -> None:
        """Draw the loss on a logarithmic scale, or not."""
        chart = self.query_one("#loss", Chart)
        chart.logarithmic = not chart.logarithmic
        self.notice(f"loss on a {'logarithmic' if chart.logarithmic else 'linear'} scale")

    def action_smoothing(self) -> None:
        """Smooth the curves more, or not at all."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHINGS)
        weight = SMOOTHINGS[self._smoothing]
        for chart in self.query(Chart):
            chart.smoothing = weight
        self.notice(f"curves smoothed over about {round(1 / (1 - weight))} steps" if weight else "curves not smoothed")
