"""The Mistakes view: what does it get wrong? Classes taken for others, and the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import ScreenResume

from tuicnn.errors import UserError
from tuicnn.numbers import counted
from tuicnn.observing.image import PinnedImage
from tuicnn.training.events import Overview
from tuicnn.tui.context import ViewContext
from tuicnn.tui.mistakes import Mistakes, Pair
from tuicnn.tui.picture_store import PictureStore
from tuicnn.tui.reconstructions import Reconstructions
from tuicnn.tui.screens.mistakes_layout import arranged
from tuicnn.tui.screens.view import View
from tuicnn.tui.widgets.boxes import Row
from tuicnn.tui.widgets.confusion_matrix import ConfusionMatrix
from tuicnn.tui.widgets.gallery import Gallery
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.listing import Listing
from tuicnn.tui.widgets.sentence import Sentence
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["MistakesScreen"]

TABLES = ("confusion", "confusions", "classes")
IMAGES = "images"


class MistakesScreen(View, inherit_bindings=False):
    """Of the validation at an epoch's end: the confusion matrix or its largest numbers, and the images behind one.

    The tables follow the run from epoch to epoch, but while images are gone through they stand still.
    """

    CSS_PATH = "mistakes.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", tooltip="The images of what is chosen; then the chosen image in Maps."),
        Binding("x", "explain", "explain", tooltip="Explain how the network came to say this of the image."),
        Binding("n", "walk(1)", "next mistake", tooltip="Go to the next of these images; it is pinned in all views."),
        Binding("p", "walk(-1)", "mistake before", show=False, tooltip="Go to the image before."),
        Binding("tab", "pane(1)", "next table", tooltip="Go to the next table, or to the images."),
        Binding("shift+tab", "pane(-1)", "table before", show=False, tooltip="Go to the table before."),
        Binding("left,h", "move(0, -1)", "left", show=False, tooltip="Choose what is to the left."),
        Binding("right,l", "move(0, 1)", "right", show=False, tooltip="Choose what is to the right."),
        Binding("up,k", "move(-1, 0)", "up", show=False, tooltip="Choose what is above."),
        Binding("down,j", "move(1, 0)", "down", show=False, tooltip="Choose what is below."),
        Binding("pagedown", "page(1)", "further images", show=False, tooltip="Show further images."),
        Binding("pageup", "page(-1)", "images before", show=False, tooltip="Show the images before."),
        Binding("e", "which", "best epoch", tooltip="Show the best epoch, or the last one."),
        Binding("escape", "back", "tables", tooltip="Back from the images to the tables."),
    ]

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self._best = False  # the best epoch is looked at, not the last
        self._mistakes: Mistakes | None = None
        self._one = True  # the last epoch is the best
        self._problem = ""  # why they cannot be read
        self._read: tuple[object, ...] = ()  # what was known of the run when they were read
        self._panes: list[str] = []  # what the arrows may move in
        self._pane = self._before = ""  # where they do, and where escape goes from the images
        self._pictures = PictureStore(self.watcher, self._in_sight)

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        terminal = self.terminal
        yield Heading(terminal, "Mistakes", id="mistakes_heading")
        with Row(id="mistakes_top"):
            yield ConfusionMatrix(terminal, id="confusion")
            yield Listing(terminal, ("it is", "said", "times"), 1, id="confusions")
            yield Listing(terminal, ("class", "images", "right"), 2, id="classes")
        yield Heading(terminal, "", id="images_heading")
        yield Gallery(terminal, id="gallery")
        yield Sentence(terminal, id="mistakes_why")

    def lay_out(self, width: int, height: int) -> None:
        """See `View`."""
        mistakes = self._mistakes
        self.set_class(mistakes is None, "-nothing")
        if mistakes is None:
            return
        self.set_class(height < 30, "-tight")
        tables, rows, matrix, both = arranged(mistakes, width, height)
        self._panes = [*tables, IMAGES]
        if self._pane not in self._panes:  # the commonest confusions are gone through with the fewest keys
            self._pane = self._before = "confusions" if "confusions" in tables else tables[0]
        pictures = both or self._pane == IMAGES
        for name in TABLES:
            self.query_one(f"#{name}").display = name in tables
        for name in ("images_heading", "gallery"):
            self.query_one(f"#{name}").display = pictures
        top = self.query_one("#mistakes_top")
        top.display, top.styles.height = both or not pictures, rows if both else "1fr"
        self.query_one("#confusion").styles.width = matrix
        if self.snapshot.overview is not None:
            high, wide = self.snapshot.overview.input[1:]
            shape = high, wide * (2 if mistakes.predictions.of_images else 1)
            self.query_one("#gallery", Gallery).lay_out(shape, max(map(len, mistakes.names)))

    def on_screen_resume(self, _: ScreenResume) -> None:
        """Go to the image that was pinned meanwhile, where it is one of these."""
        if self._mistakes is not None and self._pane == IMAGES:
            self._mistakes.go_to_number(self.selection.image.number)

    # -- what is read

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """See `View`."""
        progress = self.snapshot.progress
        now = (progress.epoch, progress.state.final, self._best, overview.complete)
        if now != self._read and (self._pane != IMAGES or self._mistakes is None):
            self._read = now
            self._take(overview)
            self.rearrange(*self.size)  # which draws
            return
        if drawn.overview is None or self._mistakes is None:
            self._show()
        self._show_heading()

    def _take(self, overview: Overview) -> None:
        """Read what was said at the end of the epoch that is looked at; what was chosen stays so."""
        self._problem = ""
        last = best = None
        try:
            if self.folder is not None:
                last, best = self.folder.predictions.last(), self.folder.predictions.best()
        except UserError as error:
            self._problem = str(error)
        if last is None or best is None:
            return
        self._one = last.epoch == best.epoch
        found = best if self._best else last
        kind = Reconstructions if found.of_images else Mistakes
        before, self._mistakes = self._mistakes, kind(found, overview.class_names, self.terminal)
        if found.of_images and (before is None or before.predictions.epoch != found.epoch):
            self._pictures.forget()
        if before is not None and (before.wrong or found.of_images) and before.predictions.classes == found.classes:
            self._mistakes.choose(before.pair)

    def _fetch(self) -> None:
        """Ask for the pictures in sight that are not there yet."""
        if self._pictures.missing and self.snapshot.begun:
            self.run_worker(self._ask_pictures(), group="pictures")

    def _in_sight(self) -> Sequence[int]:
        """The numbers of the images in sight."""
        if self._mistakes is None or self.too_small or not self.query_one("#gallery").display:
            return ()
        return self._mistakes.numbers(self._page)

    async def _ask_pictures(self) -> None:
        assert self._mistakes is not None
        try:
            await self._pictures.fetch(self._mistakes.predictions.epoch, self._show_pictures)
        except UserError as error:
            self.notice(str(error))

    @property
    def _page(self) -> NDArray[np.int64]:
        """The places in the predictions of the images in sight."""
        assert self._mistakes is not None
        page = self.query_one("#gallery", Gallery).page
        first = self._mistakes.place // page * page
        return self._mistakes.places[first : first + page]

    # -- what is drawn

    def _show(self) -> None:
        mistakes, pane = self._mistakes, self._pane
        if mistakes is None:
            self.query_one("#mistakes_why", Sentence).show(self._problem or self._why_nothing())
            return
        if self.query_one("#confusion").display:
            matrix, counts = self.query_one("#confusion", ConfusionMatrix), mistakes.predictions.confusion()
            matrix.show(counts, mistakes.names, mistakes.accuracy, mistakes.pair, focused=pane == "confusion")
        confusions, classes = self.query_one("#confusions", Listing), self.query_one("#classes", Listing)
        none = "Not one image is wrong."
        confusions.show(mistakes.pair_rows, mistakes.row, focused=pane == "confusions", empty=none)
        classes.show(mistakes.class_rows, mistakes.class_row, focused=pane == "classes", head=mistakes.class_head)
        self._show_pictures()
        self._fetch()

    def _show_heading(self) -> None:
        if self._mistakes is None:
            return
        found = self._mistakes.predictions
        some = f" (of {found.images:,})" if len(found) < found.images else ""
        newer = self._pane == IMAGES and not self._best and self.snapshot.progress.epoch > found.epoch
        which = "last and best" if self._one else "best" if self._best else "last"
        aside = self._problem or ("a newer one is there: esc" if newer else "")
        self.query_one("#mistakes_heading", Heading).show(
            ("" if newer else f"{which}  ", "dim"),
            *self._mistakes.judged(f"of {len(found):,}{some} {found.split} images"),
            (f"  {aside}" if aside else "", "warn"),
            titles=[f"epoch {found.epoch:,}"],
        )

    def _show_pictures(self) -> None:
        mistakes, gallery = self._mistakes, self.query_one("#gallery", Gallery)
        if mistakes is None or not gallery.display:
            return
        focused, found = self._pane == IMAGES, mistakes.predictions
        tiles = [mistakes.tile(place, self._pictures.get(int(found.numbers[place]))) for place in self._page.tolist()]
        gallery.show(tiles, mistakes.place % gallery.page if focused else -1)
        heading, count = self.query_one("#images_heading", Heading), len(mistakes.places)
        if not (focused and count):
            heading.show((counted(count, "image"), "dim"), titles=[mistakes.title])
            return
        heading.show(
            (f"{mistakes.place + 1:,} of {count:,}  ", "dim"),
            (f"image {mistakes.number:,}{': ' if found.of_images else ' is said to be '}", "text"),
            (mistakes.chosen_text, "accent"),
            titles=[mistakes.title],
        )

    def _why_nothing(self) -> str:
        progress, overview = self.snapshot.progress, self.snapshot.overview
        if progress.state.final or self.snapshot.gone:
            return "The run ended before its first epoch did: what the network gets wrong is found at an epoch's end."
        step = ""
        if overview is not None and overview.complete and progress.step < overview.steps_per_epoch:
            step = f" The first one ends after step {overview.steps_per_epoch:,}; this is step {progress.step:,}."
        if overview is not None and overview.target == "image":
            return f"After the first epoch the images that the network rebuilds worst are here.{step}"
        return (
            "After the first epoch the images that the network gets wrong are here: which classes it takes for which "
            f"others, and the images themselves.{step}"
        )

    # -- keys

    @property
    def footer(self) -> Sequence[str]:
        """See `View`."""
        tables = ("open", "walk(1)", "pane(1)", "which")
        return ("open", "explain", "walk(1)", "back") if self._pane == IMAGES else tables

    @property
    def said(self) -> dict[str, str]:
        """What an action does now."""
        return {
            "open": "maps" if self._pane == IMAGES else "images",
            "which": "last epoch" if self._best else "best epoch",
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened where there is nothing; images are opened in the views that there are."""
        if action == "back":
            return self._pane == IMAGES
        if action in ("explain", "open") and (action == "explain" or self._pane == IMAGES):
            mode = "explain" if action == "explain" else "maps"
            return self._pane == IMAGES and any(tab.mode == mode for tab in self._tabs)
        if action == "which":
            return self._mistakes is not None and not self._one
        return self._mistakes is not None if action in ("open", "walk", "pane", "move", "page") else True

    def _changed(self) -> None:
        """Show what is chosen; an image is pinned, with the weights that were validated where these are past ones."""
        mistakes = self._mistakes
        if mistakes is not None and self._pane == IMAGES and len(mistakes.places):
            epoch = mistakes.predictions.epoch
            self.selection.image = PinnedImage(mistakes.number)
            self.selection.images = mistakes.numbers(mistakes.places)
            self.selection.epoch = epoch if self._best and epoch < self.snapshot.progress.epoch else None
        self._show()
        self._show_heading()
        self.refresh_bindings()

    def _go_to(self, pane: str) -> None:
        mistakes = self._mistakes
        if pane == IMAGES and (mistakes is None or not len(mistakes.places)):
            self.notice("there are no such images")
            return
        if pane == IMAGES and self._pane != IMAGES:
            self._before = self._pane
        self._pane = pane
        self.rearrange(*self.size)
        self._changed()

    def action_open(self) -> None:
        """From a cell or a row to its images; from an image to its maps."""
        if self._pane == IMAGES:
            self.go_down("maps")
        else:
            self._go_to(IMAGES)

    def action_explain(self) -> None:
        """Explain what was said of the chosen image."""
        self.selection.address = ""
        self.go_down("explain")

    def action_back(self) -> None:
        """From the images to where they were opened."""
        self._go_to(self._before)

    def action_pane(self, by: int) -> None:
        """Go to another table, or to the images where there are some."""
        mistakes = self._mistakes
        panes = [pane for pane in self._panes if pane != IMAGES or (mistakes is not None and len(mistakes.places))]
        self._go_to(panes[(panes.index(self._pane) + by) % len(panes)])

    def action_walk(self, by: int) -> None:
        """Go to another of these images."""
        mistakes = self._mistakes
        if self._pane != IMAGES or mistakes is None:
            self._go_to(IMAGES)
        else:
            mistakes.go((mistakes.place + by) % len(mistakes.places))
            self._changed()

    def action_page(self, by: int) -> None:
        """Go to other images, a page further."""
        if self._mistakes is not None:
            page = self.query_one("#gallery", Gallery).page
            self._mistakes.go((self._mistakes.place // page + by) * page)
            self._changed()

    def action_move(self, down: int, right: int) -> None:
        """Choose another cell, row or image."""
        mistakes = self._mistakes
        assert mistakes is not None
        if self._pane == IMAGES:
            mistakes.go(mistakes.place + right + down * self.query_one("#gallery", Gallery).across)
        elif self._pane == "confusion":
            mistakes.choose_cell(down, right)
        elif self._pane == "confusions":
            mistakes.choose_row(mistakes.row + down)
        else:
            mistakes.choose_class(mistakes.class_row + down)
        self._changed()

    def action_which(self) -> None:
        """Look at the best epoch, or at the last one."""
        self._best = not self._best
        if self._pane == IMAGES:
            self._pane = self._before
        self._draw(Snapshot())
        self.refresh_bindings()

    @on(Gallery.Resized)
    def _on_gallery(self, _: Gallery.Resized) -> None:
        """Other images are in sight."""
        self._show_pictures()
        self._fetch()

    # -- clicks; a second one on what is chosen opens it

    @on(ConfusionMatrix.Chosen)
    def _on_cell(self, message: ConfusionMatrix.Chosen) -> None:
        self._clicked("confusion", (message.label, message.said))

    @on(Listing.Chosen)
    def _on_row(self, message: Listing.Chosen) -> None:
        assert self._mistakes is not None
        name, row = message.listing.id or "", message.row
        self._clicked(name, (self._mistakes.weakest[row], None) if name == "classes" else self._mistakes.pairs[row])

    def _clicked(self, pane: str, pair: Pair) -> None:
        mistakes = self._mistakes
        assert mistakes is not None
        again = self._pane == pane and mistakes.pair == pair
        self._pane = self._before = pane
        mistakes.choose(pair)
        self._changed()
        if again:
            self.action_open()

    @on(Gallery.Chosen)
    def _on_image(self, message: Gallery.Chosen) -> None:
        mistakes, page = self._mistakes, self.query_one("#gallery", Gallery).page
        assert mistakes is not None
        place = mistakes.place // page * page + message.place
        again = self._pane == IMAGES and place == mistakes.place
        mistakes.go(place)
        if again and self.check_action("open", ()):
            self.action_open()
        elif self._pane == IMAGES:
            self._changed()
        else:
            self._go_to(IMAGES)
