"""The Explain view's only pane: where one came from, the number, what happens there in words, formula and figures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, wrapped
from tuicnn.tui.microscope import Sight, Stop
from tuicnn.tui.widgets.explanation import gallery, given, window
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target, beside, blank, said, stacked
from tuicnn.tui.widgets.explanation.channels import channels
from tuicnn.tui.widgets.explanation.curve import curve
from tuicnn.tui.widgets.explanation.figures import precise
from tuicnn.tui.widgets.explanation.picture import Plane
from tuicnn.tui.widgets.explanation.planes import planes
from tuicnn.tui.widgets.explanation.step import step
from tuicnn.tui.widgets.explanation.table import table
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["ExplanationPane", "Scene"]

_FEW = 6  # parts that leave room for pictures below them
_BROAD = 100  # columns from which on pictures stand beside a long list
_PICTURE = 7  # lines that a picture needs to be one
_TALL = 26  # lines from which on there are blank ones between the paragraphs, and the formula is shown


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the pane shows."""

    trail: tuple[Stop, ...] = ()
    sight: Sight | None = None
    chosen: int = -1
    #: when this is, and of which image
    moment: str = ""
    #: in the place of an explanation: what is computed or amiss
    note: str = ""
    #: the number before the last step, and which step that was
    before: float | None = None
    step: int = 0
    #: of a pixel of the image: as it is stored, 0 to 255
    stored: int | None = None
    #: the image that is looked at, as it is stored, uint8 (H, W, C)
    image: NDArray[np.uint8] | None = None


class ExplanationPane(LineWidget):
    """Draws a scene; a click on a part, an address or a pixel is posted."""

    class Clicked(Message):
        """Something was clicked."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._scene, self._block = Scene(), Block()

    def show(self, scene: Scene) -> None:
        """Show another scene."""
        self._scene = scene
        self.repaint()

    @property
    def rows(self) -> int:
        """How many lines there are to page by."""
        return max(1, self.content_size.height - 8)

    def on_click(self, event: Click) -> None:
        """Post what was clicked."""
        target = self._block.at(event.x, event.y)
        if target is not None:
            self.post_message(self.Clicked(target))

    def paint(self, width: int, height: int) -> list[Strip]:
        """The lines."""
        pen = Pen(self.terminal, self.style, self.base)
        self._block = self._drawn(pen, width, height)
        return [fitted(line, width, self.base) for line in self._block.lines[:height]]

    def _drawn(self, pen: Pen, width: int, height: int) -> Block:
        scene = self._scene
        head = Block()
        if scene.trail:
            head.add(self._trail(pen, width))
        if scene.sight is None:
            note = displayable(scene.note, self.terminal)
            return stacked(head, said(pen, *((line, "dim") for line in wrapped(note, width, 3, self.terminal))))
        roomy = height >= _TALL
        head.add(self._number(pen, scene.sight, width))
        explanation = scene.sight.explanation
        head = stacked(
            head, said(pen, *((line, "text") for line in wrapped(explanation.words, width, 2, self.terminal)))
        )
        if roomy or (explanation.patch is None and explanation.parts):
            lines = wrapped(explanation.formula, width, 3 if roomy else 2, self.terminal)
            head = stacked(head, said(pen, *((line, "dim") for line in lines)))
        if roomy:
            head = stacked(head, blank())
        return stacked(head, self._body(pen, scene.sight, width, height - head.height))

    def _trail(self, pen: Pen, width: int) -> Line:
        """Where one came from, the open number last; what does not fit is left out at the beginning."""
        names = [stop.address.brief for stop in self._scene.trail]
        first = 0
        more = f"{self.terminal.glyphs.ellipsis} < "
        while first < len(names) - 1 and len(" < ".join(names[first:])) + (len(more) if first else 0) > width:
            first += 1
        line = Line(pen).text(more if first else "", "dim")
        for place in range(first, len(names)):
            up = len(names) - 1 - place
            line.text(names[place], "dim" if up else "strong", Target("up", up) if up else None)
            line.text(" < " if up else "", "dim")
        return line

    def _number(self, pen: Pen, sight: Sight, width: int) -> Line:
        """The number, what the engine got and what it was before the last step, and the moment at the right."""
        explanation, scene = sight.explanation, self._scene
        line = Line(pen).text(explanation.address.brief, "accent").text(" = ", "dim")
        line.text(precise(explanation.value), "strong")
        if name := sight.named(explanation.address):
            line.text(f"   {displayable(name, self.terminal)}")
        moment = displayable(scene.moment, self.terminal)
        if scene.stored is not None:
            line.text(f"   stored as {scene.stored} of 255", "dim")
        elif scene.before is not None:
            line.text(f"   before step {scene.step:,} it was ", "dim").text(precise(scene.before))
        elif explanation.engine is not None and explanation.parts:
            engine = f"   engine {precise(explanation.engine)}"
            if line.width + len(engine) + len(moment) + 2 <= width or not moment:
                line.text(engine, "dim")
        if line.width + len(moment) + 2 <= width:
            line.text(" " * (width - line.width - len(moment))).text(moment, "dim")
        return line

    def _body(self, pen: Pen, sight: Sight, width: int, height: int) -> Block:
        """The arithmetic and the pictures, as the explanation asks for."""
        explanation, chosen = sight.explanation, self._scene.chosen
        shown, gap = planes(sight, chosen, self._scene.image), blank(1 if height >= _TALL - 6 else 0)
        if explanation.address.kind == "step":
            return step(pen, sight, chosen, width, height)
        if explanation.patch is not None:
            return self._window(pen, sight, shown, width, height)
        if not explanation.parts:
            made = given.neighbours(pen, sight, width, max(2, height // 2))
            return stacked(made, gap, gallery.row(pen, shown, width, height - made.height - gap.height))
        if width >= _BROAD and (len(explanation.parts) > _FEW or len(shown) == 1):
            pictures = gallery.column(pen, shown, max(34, width // 3), height)
            room = width - pictures.width - 3
            made = table(pen, sight, chosen, room, min(height, len(explanation.parts) + 2))
            return beside(pen, [replace(made, width=room), pictures])
        made = table(pen, sight, chosen, width, min(height, len(explanation.parts) + 2))
        rest = height - made.height - gap.height
        plot = curve(pen, explanation, width // 3, rest) if width >= _BROAD else Block()
        pictures = gallery.row(pen, shown, width - (plot.width + 3 if plot.height else 0), rest)
        return stacked(made, gap, beside(pen, [pictures, plot]))

    def _window(self, pen: Pen, sight: Sight, shown: list[Plane], width: int, height: int) -> Block:
        """Pictures below the figures; where there is no room for that, one of them at their right."""
        chosen = self._scene.chosen
        grids, last, below = made = window.arithmetic(pen, sight, chosen, width, height)
        gap = blank(1 if height - made.height > _PICTURE else 0)
        rest = height - made.height - gap.height
        if rest < _PICTURE and shown:
            small = gallery.one(pen, shown[0], width - last.width - 3, last.height + max(0, rest))
            return stacked(grids, beside(pen, [last, small]), below)
        bars = channels(pen, sight, chosen, width // 3, rest) if width >= _BROAD else Block()
        pictures = gallery.row(pen, shown, width - bars.width - (3 if bars.height else 0), rest)
        return stacked(grids, last, below, gap, beside(pen, [pictures, bars]))
