"""One image on its way through the network: what it is taken for, and what the chosen layer makes of it."""

from __future__ import annotations

from textual.app import ComposeResult

from tuicnn.display.prediction import answer
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.numbers import shape
from tuicnn.observing.activations import Activations
from tuicnn.training.events import Overview
from tuicnn.tui.gallery import Gallery
from tuicnn.tui.widgets.bars import Bars
from tuicnn.tui.widgets.boxes import Box, Column
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.maps import Maps
from tuicnn.tui.widgets.picture import Picture
from tuicnn.tui.widgets.vector import Vector

__all__ = ["Glimpse"]


class Glimpse(Box):
    """The image with its probabilities, and beside it the maps of a layer."""

    DEFAULT_CSS = """
    Glimpse {
        layout: horizontal;
        overflow: hidden;
        #sample { width: 34; height: 1fr; margin-right: 2; overflow: hidden; }
        #sample_body { height: 1fr; overflow: hidden; }
        #picture { width: 28; height: 14; }
        #bars { width: 1fr; height: 1fr; }
        #maps { width: 1fr; height: 1fr; overflow: hidden; }
        #feature_maps, #feature_vector { height: 1fr; }
        #feature_vector { display: none; }
    }
    """

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.terminal = terminal

    def compose(self) -> ComposeResult:
        """The image, its bars, and the maps."""
        with Column(id="sample"):
            yield Heading(self.terminal, "image", id="sample_heading")
            with Column(id="sample_body"):
                yield Picture(self.terminal, id="picture")
                yield Bars(self.terminal, id="bars")
        with Column(id="maps"):
            yield Heading(self.terminal, "maps", id="maps_heading")
            yield Maps(self.terminal, id="feature_maps")
            yield Vector(self.terminal, id="feature_vector")

    def refuse(self, why: str) -> None:
        """Say why there is nothing to be seen."""
        self.query_one("#maps_heading", Heading).show((displayable(why, self.terminal), "warn"))
        self.query_one("#feature_maps", Maps).show(None)

    def show(self, seen: Activations, overview: Overview) -> None:
        """Show what was seen."""
        names = [displayable(name, self.terminal) for name in overview.class_names]
        self._show_image(seen, names)
        if seen.layer < len(overview.layers):
            row = overview.layers[seen.layer]
            text = f"  {row.text}" if row.text != row.name else ""
            self.query_one("#maps_heading", Heading).show(
                (f"{shape(row.shape)}{displayable(text, self.terminal)}", "dim"),
                titles=[displayable(row.name, self.terminal)],
            )
            last = seen.layer == len(overview.layers) - 1  # its values are the classes
            maps, vector = self.query_one("#feature_maps", Maps), self.query_one("#feature_vector", Vector)
            gallery = Gallery.of_maps(row, seen)
            maps.display, vector.display = not gallery.flat, gallery.flat
            if gallery.flat:
                vector.show(gallery.pictures, names=names if last else ())
            else:
                maps.show(gallery.pictures, median=True)

    def _show_image(self, seen: Activations, names: list[str]) -> None:
        heading = self.query_one("#sample_heading", Heading)
        # counted from 0, as in the commands, in addresses and in the other views
        which, total = (f"image {seen.sample:,}", f" of {seen.samples:,}") if seen.sample >= 0 else ("your image", "")
        for name, share in ((which + total, True), (which, True), (which, False)):
            says = answer(seen, names, self.terminal, share=share)
            if len(f" {name}  ") + sum(len(text) for text, _ in says) <= heading.size.width:
                break
        heading.show(*says, titles=[name])
        picture, room = self.query_one("#picture", Picture), self.query_one("#sample_body").size
        high, wide = seen.picture.shape[:2]
        columns, rows = Picture.size_for(high, wide, self.terminal)
        scale = min(1.0, max(8, room.width) / columns, max(4, room.height - 3) / rows)
        picture.styles.width, picture.styles.height = max(1, int(columns * scale)), max(1, int(rows * scale))
        picture.show(seen.picture)
        self.query_one("#bars", Bars).show(seen.probabilities, names, seen.label)
