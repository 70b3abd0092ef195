"""The dialog to draw a digit in: what is drawn, what the network sees of it, and what it says, with each stroke."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen
from textual.timer import Timer

from tuicnn.data.handwriting import handwritten
from tuicnn.display.prediction import answer
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.observing.activations import AskActivations
from tuicnn.observing.image import PinnedImage
from tuicnn.training.events import Overview
from tuicnn.tui.messages import Watched
from tuicnn.tui.widgets.bars import Bars
from tuicnn.tui.widgets.boxes import Column, Row
from tuicnn.tui.widgets.drawing import Drawing
from tuicnn.tui.widgets.heading import Heading
from tuicnn.tui.widgets.keys import KeyLine
from tuicnn.tui.widgets.picture import Picture
from tuicnn.worker.watcher import Watcher

__all__ = ["DrawScreen", "why_not_drawn"]

_LEAST_SIDE = 28  # pixels of an image that handwriting is made for
_PERIOD = 0.05  # seconds from a change to what the network sees of it


def why_not_drawn(overview: Overview) -> str:
    """Why no digit can be drawn for a network, as a sentence; "" where one can."""
    channels, height, width = overview.input
    if channels != 1:
        return f"This network looks at images of {channels} channels: a drawing has one, black and white."
    if height != width or height < _LEAST_SIDE:
        return f"This network looks at {height}x{width} pixels: a drawing is made for squares of 28x28 or more."
    if any(len(name) != 1 for name in overview.class_names):
        some = ", ".join(overview.class_names[:3])
        return f"This network tells apart {some}: a drawing is made for handwritten digits and letters."
    return ""


class DrawScreen(ModalScreen[NDArray[np.uint8] | Literal["open"] | None], inherit_bindings=False):
    """Dismissed with the image (H, W, 1) that is to be pinned; with "open" for a file instead; with None for neither.

    The network that answers is the one of this moment, while it trains on.
    """

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    DrawScreen {
        background: ansi_default; overflow: hidden;
        #draw_body { layout: horizontal; height: 1fr; overflow: hidden; padding: 0 1; }
        #drawing { height: 1fr; }
        #draw_seen { width: 1fr; height: 1fr; padding-left: 2; overflow: hidden; }
        #draw_picture { margin-bottom: 1; }
        #draw_bars { height: 1fr; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "press", "pen", tooltip="Put the pen down, or lift it."),
        Binding("left", "move(-1, 0)", "left", show=False, tooltip="Move the pen to the left."),
        Binding("right", "move(1, 0)", "right", show=False, tooltip="Move the pen to the right."),
        Binding("up", "move(0, -1)", "up", show=False, tooltip="Move the pen up."),
        Binding("down", "move(0, 1)", "down", show=False, tooltip="Move the pen down."),
        Binding("home", "move(-1, -1)", "up left", show=False, tooltip="Move the pen up and to the left."),
        Binding("pageup", "move(1, -1)", "up right", show=False, tooltip="Move the pen up and to the right."),
        Binding("end", "move(-1, 1)", "down left", show=False, tooltip="Move the pen down and to the left."),
        Binding("pagedown", "move(1, 1)", "down right", show=False, tooltip="Move the pen down and to the right."),
        Binding("enter", "pin", "look at it", tooltip="Look at the drawing in all views."),
        Binding("u,backspace", "undo", "undo", tooltip="Take the last stroke away."),
        Binding("c,delete", "clear", "clear", tooltip="Take all strokes away."),
        Binding("o", "open", "open a file", tooltip="Look at an image file instead."),
        Binding("escape,q", "close", "close", tooltip="Back to the view."),
    ]

    def __init__(self, terminal: TerminalProfile, watcher: Watcher, overview: Overview) -> None:
        super().__init__()
        self.terminal, self.watcher, self._overview = terminal, watcher, overview
        self._image = handwritten([], overview.input[1])
        self._due: Timer | None = None
        self._names = [displayable(name, terminal) for name in overview.class_names]

    def compose(self) -> ComposeResult:
        yield Heading(self.terminal, "Draw", id="draw_heading")
        with Row(id="draw_body"):
            yield Drawing(self.terminal, id="drawing")
            with Column(id="draw_seen"):
                yield Heading(self.terminal, "what the network sees", id="seen_heading")
                yield Picture(self.terminal, id="draw_picture")
                yield Bars(self.terminal, id="draw_bars")
        yield KeyLine(self.terminal, id="keys")

    def on_resize(self, event: Resize) -> None:
        """Give the drawing a square, and the image whole pixels or a whole part of them."""
        columns, rows = event.size.width - 2, event.size.height - 2
        across = 2 + 2 * (rows - 2)  # of a square in its frame
        side = len(self._image)
        wide, tall = Picture.size_for(side, side, self.terminal)
        drawing = max(4, min(across, columns - 2 - min(wide, 28)))
        self.query_one("#drawing").styles.width = drawing
        room = max(1, columns - drawing - 2)
        part = next(n for n in range(1, wide + 1) if wide <= n * room and tall <= n * max(3, rows - 5))
        picture = self.query_one("#draw_picture")
        picture.styles.width, picture.styles.height = max(1, wide // part), max(1, tall // part)
        self._show()

    def on_unmount(self) -> None:
        """Ask no more."""
        self.watcher.subscribe(self)

    @on(Drawing.Changed)
    def _on_changed(self) -> None:
        if self._due is None:
            self._due = self.set_timer(_PERIOD, self._look)

    def _look(self) -> None:
        """Make the image of the strokes, and ask what the network says of it."""
        self._due = None
        self._image = handwritten(self.query_one(Drawing).strokes, self._overview.input[1])
        last = len(self._overview.layers) - 1
        if self.query_one(Drawing).strokes:
            self.watcher.subscribe(self, AskActivations(last, PinnedImage.of(self._image)))
        else:
            self.watcher.subscribe(self)
        self._show()

    @on(Watched)
    def _on_watched(self) -> None:
        self._show()

    def _show(self) -> None:
        self.query_one("#draw_picture", Picture).show(self._image)
        drawing, bars = self.query_one(Drawing), self.query_one("#draw_bars", Bars)
        snapshot = self.watcher.snapshot
        seen, refusal = snapshot.answer(AskActivations), snapshot.refusal(AskActivations)
        heading = self.query_one("#draw_heading", Heading)
        if not drawing.strokes:
            heading.show(("with the mouse, or with arrows and space", "dim"))
            bars.show(np.zeros(0, np.float32), (), -1)
        elif refusal:
            heading.show((displayable(refusal, self.terminal), "warn"))
        elif seen is not None and seen.sample < 0:
            says = answer(seen, self._names, self.terminal)
            if seen.rebuilt.size:
                self.query_one("#draw_picture", Picture).show(seen.picture)
            heading.show(*says, (f"  {self.terminal.glyphs.dot} step {seen.step:,}", "dim"))
            bars.show(seen.probabilities, self._names, -1)

    # -- keys

    def action_move(self, right: int, down: int) -> None:
        """Move the pen."""
        self.query_one(Drawing).move(right, down)

    def action_press(self) -> None:
        """Put the pen down, or lift it."""
        self.query_one(Drawing).press()

    def action_undo(self) -> None:
        """Take the last stroke away."""
        self.query_one(Drawing).undo()

    def action_clear(self) -> None:
        """Take all strokes away."""
        self.query_one(Drawing).clear()

    def action_pin(self) -> None:
        """Look at the drawing in all views; at none, where nothing is drawn."""
        strokes = self.query_one(Drawing).strokes
        self.dismiss(handwritten(strokes, self._overview.input[1]) if strokes else None)

    def action_open(self) -> None:
        """Open a file instead."""
        self.dismiss("open")

    def action_close(self) -> None:
        """Back to the view, which looks at what it did."""
        self.dismiss(None)
