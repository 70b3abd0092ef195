"""The Maps view: what has a layer learnt? The image, what the layer makes of it or its kernels, the probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any, ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from tuicnn.display.prediction import answer
from tuicnn.display.text import displayable, truncated
from tuicnn.observing.activations import Activations, AskActivations
from tuicnn.observing.kernels import AskKernels
from tuicnn.observing.question import Question
from tuicnn.training.events import Overview
from tuicnn.tui.answers import Answers
from tuicnn.tui.context import ViewContext
from tuicnn.tui.gallery import Gallery
from tuicnn.tui.screens.help import Word
from tuicnn.tui.screens.own_image import OwnImage
from tuicnn.tui.widgets.bars import Bars
from tuicnn.tui.widgets.boxes import Column, Row
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.layer_strip import LayerStrip
from tuicnn.tui.widgets.lines import Part
from tuicnn.tui.widgets.maps import Maps
from tuicnn.tui.widgets.one_map import OneMap
from tuicnn.tui.widgets.picture import Picture
from tuicnn.tui.widgets.sentence import Sentence
from tuicnn.tui.widgets.vector import Vector
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["MapsScreen"]

SHOWN = ("feature_maps", "feature_vector", "one_map", "maps_why")  # the widgets that stand in each other's place
BARS = 20  # cells that bars take at least, with names of one character
LONGEST = 24  # cells of a layer's name
PAUSE = 0.5  # seconds from one drawing to the next while training goes on, in a terminal of so many cells
USUAL_CELLS = 120 * 40  # … and longer in larger ones, of which each takes more bytes


class MapsScreen(OwnImage, inherit_bindings=False):
    """All channels as small pictures, or `z` one in full; `v` the kernels instead."""

    CSS_PATH = "maps.tcss"

    WORDS = (
        Word("8x28x28", "shape of the layer's output: channels x height x width, or values", "dim"),
        Word("8 below its median", "the scale: it ends where one value in a hundred is larger", "dim"),
        Word(
            "median as zero", "the value that half of a map is below is drawn as the ground: a bias would flood the map"
        ),
        Word("1,4", "over a kernel: the unit, and the channel that it looks at with this kernel", "dim"),
        Word("{g.truth}", "the true class", "strong"),
        Word("{g.pointer}", "the class that the network says; the chosen map"),
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,j", "layer(1)", "next layer", tooltip="Go to the next layer."),
        Binding("shift+tab,k", "layer(-1)", "layer before", show=False, tooltip="Go to the layer before."),
        Binding("home,g", "layer(-100000)", "first layer", show=False, tooltip="Go to the first layer."),
        Binding("end,G", "layer(100000)", "last layer", show=False, tooltip="Go to the last layer."),
        Binding("left", "move(0, -1)", "left", show=False, tooltip="Choose the map, or the pixel, to the left."),
        Binding("right", "move(0, 1)", "right", show=False, tooltip="Choose the map, or the pixel, to the right."),
        Binding("up", "move(-1, 0)", "up", show=False, tooltip="Choose the map, or the pixel, above."),
        Binding("down", "move(1, 0)", "down", show=False, tooltip="Choose the map, or the pixel, below."),
        Binding("pagedown", "page(1)", "further maps", show=False, tooltip="Show further maps; in full, the next one."),
        Binding(
            "pageup", "page(-1)", "maps before", show=False, tooltip="Show the maps before; in full, the last one."
        ),
        Binding("enter", "open", "open", tooltip="Show the chosen map in full, or how the chosen number came about."),
        Binding("z", "zoom", "one map", show=False, tooltip="Show one map in full, or all of them."),
        Binding("escape", "back", "all maps", tooltip="Back to all maps."),
        Binding("v", "kernels", "kernels", tooltip="Show the layer's kernels in the place of its maps, or the maps."),
        Binding("t", "median", "median as zero", show=False, tooltip="Take each map's median as zero, or zero itself."),
        Binding("n", "sample(1)", "next image", tooltip="Take the next validation image."),
        Binding("p", "sample(-1)", "image before", show=False, tooltip="Take the image before."),
        Binding("d", "draw", "draw", tooltip="Draw a digit, and see what the network makes of it."),
        Binding("o", "open_image", "open an image", show=False, tooltip="Look at an image out of a file."),
        Binding("[", "epoch(-1)", "epoch before", show=False, tooltip="Look with the weights after the epoch before."),
        Binding("]", "epoch(1)", "next epoch", show=False, tooltip="Look with the weights after the next epoch."),
    ]

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self._answers = Answers(context.watcher)
        self._chosen = {False: 0, True: 0}  # the map, and the kernel
        self._cursor = (0, 0)
        self._kernels = self._zoomed = False
        self._median = True
        self._begun = False  # whether anything was drawn yet
        self._drawn_answers: tuple[object, ...] = (None, None)
        self._later: Timer | None = None
        self._drawn_at = 0.0

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        terminal = self.terminal
        yield LayerStrip(terminal, id="layer_strip")
        yield Heading(terminal, "image", id="image_line")
        with Row(id="maps_body"):
            with Column(id="maps_left"):
                yield Picture(terminal, id="picture")
                yield Bars(terminal, id="bars")
            with Column(id="maps_right"):
                yield Heading(terminal, "maps", id="maps_heading")
                yield Maps(terminal, id="feature_maps")
                yield Vector(terminal, id="feature_vector")
                yield OneMap(terminal, id="one_map")
                yield Sentence(terminal, id="maps_why")

    # -- what is asked

    def questions(self) -> Iterable[Question[Any]]:
        """The activations of the chosen layer, and its kernels where these are looked at."""
        if self.too_small:
            return
        yield AskActivations(self.selection.layer, self.selection.image)
        if self._kernels:
            yield AskKernels(self.selection.layer, self._chosen[True])

    def ask(self) -> None:
        """Subscribe to the questions, or where a past epoch is looked at ask what is not known of it yet."""
        epoch = self.selection.epoch
        if epoch is None:
            super().ask()
            return
        self.watcher.subscribe(self)
        if missing := self._answers.missing(epoch, list(self.questions())):
            self.run_worker(self._ask_past(epoch, missing), group="past", exclusive=True)

    async def _ask_past(self, epoch: int, questions: Sequence[Question[Any]]) -> None:
        await self._answers.ask(epoch, questions)
        self._draw(Snapshot())

    @property
    def seen(self) -> Activations | None:
        """The image and what a layer makes of it, as far as it is known."""
        return self._answers.answer(AskActivations, self.selection.epoch, self.snapshot)

    @property
    def gallery(self) -> Gallery | None:
        """The pictures of the chosen layer, as far as they are known."""
        overview, epoch, layer = self.snapshot.overview, self.selection.epoch, self.selection.layer
        if overview is None or layer >= len(overview.layers):
            return None
        row = overview.layers[layer]
        if self._kernels:
            kernels = self._answers.answer(AskKernels, epoch, self.snapshot)
            return Gallery.of_kernels(row, kernels) if kernels is not None and kernels.layer == layer else None
        seen = self.seen
        return Gallery.of_maps(row, seen) if seen is not None and seen.layer == layer else None

    # -- what is drawn

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """See `View`."""
        layer = self.selection.layer = max(0, min(self.selection.layer, len(overview.layers) - 1))
        self.query_one("#layer_strip", LayerStrip).show([row.name for row in overview.layers], layer)
        if drawn.overview is not None and not self._is_due():  # else a person chose something, or the size is new
            return
        self._drawn_answers, self._drawn_at = self._answered, monotonic()
        if self.seen is not None:
            self._draw_image(self.seen, overview)
        gallery, why = self.gallery, self._why()
        if why:
            self._draw_heading(overview.layers[layer].text)
            self.query_one("#maps_why", Sentence).show(why)
        elif gallery is None:
            return  # what was chosen before stays until the answer is there
        shown = "maps_why" if gallery is None or why else self._draw_gallery(gallery, overview)
        for name in SHOWN:
            self.query_one(f"#{name}").display = name == shown
        self._begun = self._begun or not why

    @property
    def _answered(self) -> tuple[object, ...]:
        return tuple(self.snapshot.answers.get(kind) for kind in (AskActivations, AskKernels))

    def _is_due(self) -> bool:
        """Whether there is something new to be drawn now; what comes too soon is drawn later."""
        if all(new is old for new, old in zip(self._answered, self._drawn_answers, strict=True)):
            return False
        left = self._drawn_at + PAUSE * max(1.0, self.size.area / USUAL_CELLS) - monotonic()
        if left > 0 and self._later is None:
            self._later = self.set_timer(left, self._draw_later)
        return left <= 0

    def _draw_later(self) -> None:
        self._later = None
        self._draw(Snapshot())

    def _why(self) -> str:
        """Why there is nothing to be seen; "" where there is, or will be at once."""
        kind: type[Question[Any]] = AskKernels if self._kernels else AskActivations
        if refusal := self._answers.refusal(kind, self.selection.epoch, self.snapshot):
            return refusal
        gallery, seen = self.gallery, self.seen
        if gallery is None or seen is None:
            return "" if self._begun else "Waiting for the first answer of the run."
        if not self._kernels and np.isnan(gallery.pictures).all() and np.isfinite(seen.probabilities).all():
            return f"{gallery.row.name} is not computed, for no other layer reads it."
        return ""

    def _draw_image(self, seen: Activations, overview: Overview) -> None:
        names = [displayable(name, self.terminal) for name in overview.class_names]
        names += [str(i) for i in range(len(names), len(seen.probabilities))]
        which = f"{seen.sample:,} of {seen.samples:,}" if seen.sample >= 0 else "of your own"
        says = answer(seen, names, self.terminal)
        epoch, dot = self.selection.epoch, self.terminal.glyphs.dot
        when: Part = (f"after epoch {epoch}, [ ] others", "warn") if epoch else (f"step {seen.step:,}", "dim")
        self.query_one("#image_line", Heading).show((f"{which}  ", "dim"), *says, (f"  {dot} ", "dim"), when)
        self._place_image(seen.picture.shape[0], seen.picture.shape[1], names if len(seen.probabilities) else ())
        self.query_one("#picture", Picture).show(seen.picture)
        self.query_one("#bars", Bars).show(seen.probabilities, names, seen.label)

    def _place_image(self, height: int, width: int, names: Sequence[str]) -> None:
        """Give the image whole pixels, or a whole part of them, and the bars the rest of the column."""
        columns, rows = self.size.width, self.query_one("#maps_body").size.height
        bars = BARS + min(max(map(len, names), default=1) - 1, 6)
        most = bars if columns < 100 else 34 if columns < 160 else columns * 3 // 10
        high = max(3, rows - 1 - min(len(names), 10))
        wide, tall = Picture.size_for(height, width, self.terminal)
        times = min(most // wide, high // tall)
        part = next(n for n in range(1, max(wide, tall) + 1) if wide <= n * most and tall <= n * high)
        across, down = (wide * times, tall * times) if times else (max(1, wide // part), max(1, tall // part))
        picture = self.query_one("#picture", Picture)
        picture.styles.width, picture.styles.height = across, down
        self.query_one("#maps_left").styles.width = 2 + max(bars, most if columns >= 160 else across)

    def _draw_heading(self, about: str, *, median: bool = False) -> None:
        assert self.snapshot.overview is not None
        row = self.snapshot.overview.layers[self.selection.layer]
        title = truncated(displayable(row.name, self.terminal), LONGEST, self.terminal)
        said = "  median as zero" if median else ""
        heading = self.query_one("#maps_heading", Heading)
        heading.show((displayable(about, self.terminal), "dim"), (said, "accent"), titles=[title])

    def _draw_gallery(self, gallery: Gallery, overview: Overview) -> str:
        """Draw what is looked at; returns the widget that it is drawn in."""
        number, self._cursor = gallery.inside(self._chosen[self._kernels], self._cursor)
        self._chosen[self._kernels] = number
        pictures, chosen = gallery.pictures, max(0, min(number - gallery.first, len(gallery.pictures) - 1))
        median = self._median and not self._kernels and not gallery.flat and bool((pictures < 0).any())
        text = f"  {gallery.row.text}" if gallery.row.text != gallery.row.name else ""
        self._draw_heading(gallery.size + text, median=median)
        if gallery.flat:
            last = self.selection.layer == len(overview.layers) - 1  # its values are the classes
            names = overview.class_names if last else ()
            self.query_one("#feature_vector", Vector).show(pictures, chosen=chosen, names=names)
            return "feature_vector"
        if self._zoomed:
            address = gallery.address(gallery.first + chosen, self._cursor)
            self.query_one("#one_map", OneMap).show(pictures[chosen], self._cursor, address, median=median)
            return "one_map"
        what = "kernels" if self._kernels else "channels"
        maps = self.query_one("#feature_maps", Maps)
        maps.show(pictures, chosen=chosen, median=median, labels=gallery.labels, what=what, group=gallery.group)
        return "feature_maps"

    # -- keys

    @property
    def footer(self) -> Sequence[str]:
        """See `View`."""
        return (*(("back",) if self._zoomed else ()), "layer(1)", "open", "kernels", "draw")

    @property
    def said(self) -> dict[str, str]:
        """What an action does now."""
        opens = "explain" if self._zoomed or (self.gallery is not None and self.gallery.flat) else "one map"
        return {"open": opens, "kernels": "maps" if self._kernels else "kernels"}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Go back to all maps where one is in full; else escape goes up from the view."""
        return self._zoomed if action == "back" else True

    def _changed(self) -> None:
        """Ask and draw what was chosen."""
        if self.gallery is not None:
            chosen, self._cursor = self.gallery.inside(self._chosen[self._kernels], self._cursor)
            self._chosen[self._kernels] = chosen
        self.ask()
        self.refresh_bindings()
        self._draw(Snapshot())

    def action_layer(self, by: int) -> None:
        """Go to another layer; it stays at the ends."""
        self._choose_layer(self.selection.layer + by)

    @on(LayerStrip.Chosen)
    def _on_layer(self, message: LayerStrip.Chosen) -> None:
        self._choose_layer(message.layer)

    def _choose_layer(self, layer: int) -> None:
        rows = len(self.snapshot.overview.layers) if self.snapshot.overview else 1
        self.selection.layer = max(0, min(layer, rows - 1))
        self._changed()

    @on(Maps.Chosen)
    def _on_map(self, message: Maps.Chosen) -> None:
        number = message.index + (self.gallery.first if self.gallery is not None else 0)
        again = self._chosen[self._kernels] == number
        self._chosen[self._kernels] = number
        if again:
            self.action_open()
        else:
            self._changed()

    @on(OneMap.Moved)
    def _on_pixel(self, message: OneMap.Moved) -> None:
        again = self._cursor == (message.row, message.column)
        self._cursor = (message.row, message.column)
        if again:
            self.action_open()
        else:
            self._changed()

    def action_move(self, down: int, right: int) -> None:
        """Choose another map, or in full another pixel."""
        if self._zoomed and self.gallery is not None and not self.gallery.flat:
            self._cursor = (self._cursor[0] + down, self._cursor[1] + right)
        else:
            self._chosen[self._kernels] += right + down * self._arrangement.across
        self._changed()

    def action_page(self, by: int) -> None:
        """Go to other maps: a page of them, or in full to the next."""
        self._chosen[self._kernels] += by * (1 if self._zoomed else self._arrangement.page)
        self._changed()

    @property
    def _arrangement(self) -> Maps | Vector:
        if self.gallery is not None and self.gallery.flat:
            return self.query_one("#feature_vector", Vector)
        return self.query_one("#feature_maps", Maps)

    def action_open(self) -> None:
        """Show the chosen map in full; of the chosen pixel or value, how it came about."""
        gallery = self.gallery
        if gallery is not None and (self._zoomed or gallery.flat):
            self.selection.address = gallery.address(self._chosen[self._kernels], self._cursor)
            self.go_down("explain")
        elif gallery is not None:
            self.action_zoom()

    def action_zoom(self) -> None:
        """Show one map in full, or all of them."""
        self._zoomed = not self._zoomed
        self._changed()

    def action_back(self) -> None:
        """Show all maps again."""
        self.action_zoom()

    def action_kernels(self) -> None:
        """Show the layer's kernels, or its maps."""
        self._kernels = not self._kernels
        self._changed()

    def action_median(self) -> None:
        """Take each map's median as zero, or zero itself."""
        self._median = not self._median
        self.notice("the median of each map is taken as zero" if self._median else "zero is zero in each map")
        self._changed()

    def action_sample(self, by: int) -> None:
        """Take another validation image."""
        self.selection.walk(by)
        self._changed()

    def action_epoch(self, by: int) -> None:
        """Look with the weights after another epoch, of those that were kept; the newest come after the last."""
        kept = self.folder.snapshots.epochs() if self.folder is not None else []
        now = self.selection.epoch
        earlier, later = [e for e in kept if now is None or e < now], [e for e in kept if now is not None and e > now]
        if by < 0 and not earlier:
            self.notice("no weights of an earlier epoch were kept" if kept else "no epoch has ended yet")
            return
        self.selection.epoch = earlier[-1] if by < 0 else later[0] if later else None
        self._changed()
