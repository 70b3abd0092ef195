"""The network as a table: one line a layer, with its name, what it is, what it costs and how it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.outline import Line, outline
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import count, percent, shape, significant
from tuicnn.observing.layer_stats import LayerStats
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import LayerRow, Overview
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["LayerTable"]


@dataclass(frozen=True)
class Column:
    """A right-aligned column: its head, its width at least, the gap before it, and how much it matters (0 most)."""

    head: str
    least: int
    gap: int
    rank: int


OUTPUT = Column("output", 6, 2, 0)
PARAMETERS = Column("weights", 7, 2, 1)
TIME = Column("ms", 5, 2, 2)
ACTIVATION = Column("out", 6, 1, 3)
GRADIENT = Column("grad", 6, 1, 4)
DEAD = Column("dead", 4, 1, 5)
COLUMNS = (OUTPUT, PARAMETERS, TIME, ACTIVATION, GRADIENT, DEAD)


LEAST_TEXT = 10  # of a layer as it is written, beside its name
NAME_GAP = 1
LEAST_LAYERS = 6  # in sight before there is room for what is no layer
LONGEST_TEXT = 32  # of short layers, so that the totals have room


@dataclass(frozen=True)
class Layout:
    """The columns that fit with their widths, and the cells of the text before them and of the line."""

    columns: Mapping[Column, int]
    text: int
    width: int


class LayerTable(LineWidget):
    """The layers under a head, with a cursor, above a line of totals. It scrolls so that the cursor is in sight."""

    class Chosen(Message):
        """A layer was clicked."""

        def __init__(self, layer: int) -> None:
            super().__init__()
            self.layer = layer

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._rows: tuple[LayerRow, ...] = ()
        self._names: list[str] = []
        self._lines: list[Line] = []
        self._macs = 0
        self._stats: LayerStats | None = None
        self._cursor = 0
        self._diverged = -1  # the layer that diverged
        self._top = self._shown = 0

    def show(
        self, overview: Overview, stats: LayerStats | None, cursor: int, diverged: Divergence | None = None
    ) -> None:
        """Show the layers with their live stats, the cursor on one, and a mark on the one that diverged."""
        layer = diverged.layer if diverged is not None else ""
        self._diverged = next((i for i, row in enumerate(overview.layers) if row.name == layer), -1)
        if overview.layers is not self._rows:
            self._rows, self._macs = overview.layers, overview.macs
            self._names = [displayable(row.name, self.terminal) for row in self._rows]
            self._lines = outline(self._rows, self.terminal)
        self._stats, self._cursor = stats, cursor
        self.repaint()

    def rows_wanted(self) -> int:
        """How many lines it takes to show all layers, and what else a step does."""
        return len(self._rows) + 2 + len(self._other_times())

    def paint(self, width: int, height: int) -> list[Strip]:
        """The head, as many layers as fit, and the totals."""
        if not self._rows or height < 3:
            return []
        besides = self._other_times()
        if height - 2 - len(besides) < min(len(self._rows), LEAST_LAYERS):
            besides = []
        room = height - 2 - len(besides)
        self._top = _scrolled(self._top, self._cursor, len(self._rows), room)
        shown = range(self._top, min(self._top + room, len(self._rows)))
        self._shown = len(shown)
        more = "" if len(shown) == len(self._rows) else f" {self._top + 1}-{shown[-1] + 1} of {len(self._rows)}"
        layout, dim, dash = self._fit(width), self.style("dim"), self.terminal.glyphs.dash
        head = f"  {self._name_cell('name', width)}layer{more}"
        return [
            self._line(layout, head, {column: column.head for column in COLUMNS}, dim),
            *(self._layer(index, layout) for index in shown),
            *(self._line(layout, f"  {text}", {TIME: _milliseconds(time, dash)}, dim) for text, time in besides),
            self._total(layout),
        ]

    def on_click(self, event: Click) -> None:
        """A click on a layer chooses it."""
        index = self._top + event.y - 1
        if 0 < event.y <= self._shown:
            self.post_message(self.Chosen(index))

    def _other_times(self) -> list[tuple[str, float]]:
        """What a step does that is no layer, with its milliseconds, as far as it is known."""
        stats = self._stats
        if stats is None:
            return []
        parts = [("optimizer", stats.optimizer), ("waiting", stats.waiting), ("rest of the step", stats.rest)]
        return [(text, milliseconds) for text, milliseconds in parts if math.isfinite(milliseconds)]

    def _fit(self, width: int) -> Layout:
        widths = {c: c.least for c in COLUMNS}
        widths[OUTPUT] = max(OUTPUT.least, *(len(shape(row.shape)) for row in self._rows))
        widths[PARAMETERS] = max(PARAMETERS.least, len(count(sum(row.parameters for row in self._rows))))
        for last in sorted(COLUMNS, key=lambda c: -c.rank):
            if width - sum(widths[c] + c.gap for c in widths) >= 2 + len(self._name_cell("", width)) + LEAST_TEXT:
                break
            del widths[last]
        # No wider than the layers need: numbers far from their layer are hard to read.
        longest = max(len(self._text(index, width)) for index in range(len(self._rows)))
        left = width - sum(widths[c] + c.gap for c in widths)
        return Layout(widths, max(0, min(left, max(longest + 2, LONGEST_TEXT))), width)

    def _cells(self, index: int) -> dict[Column, str]:
        row, stats, dash = self._rows[index], self._stats, self.terminal.glyphs.dash
        cells = dict.fromkeys(COLUMNS, dash)
        cells |= {OUTPUT: shape(row.shape), PARAMETERS: count(row.parameters) if row.parameters else ""}
        if stats is not None and index < len(stats.milliseconds):
            cells[TIME] = _milliseconds(float(stats.milliseconds[index]), dash)
            cells[ACTIVATION] = significant(float(stats.activation[index]), dash)
            cells[GRADIENT] = significant(float(stats.gradient[index]), dash)
            cells[DEAD] = _dead(float(stats.dead[index]))
        return cells

    def _name_cell(self, name: str, width: int) -> str:
        """A name with the blanks up to the layer's text: whole, unless it would take more than half of the line."""
        room = min(max(map(len, [*self._names, "name"])), width // 2)
        return truncated(name, room, self.terminal).ljust(room + NAME_GAP)

    def _text(self, index: int, width: int) -> str:
        line = self._lines[index]
        glyphs = self.terminal.glyphs
        pointer = glyphs.wrong if index == self._diverged else glyphs.pointer if index == self._cursor else " "
        name = self._name_cell(self._names[index], width)
        return f"{pointer} {name}{line.marks}{line.text}" + (f" {line.source}" if line.source else "")

    def _layer(self, index: int, layout: Layout) -> Strip:
        style = self._cursor_style if index == self._cursor else self.base
        if index == self._diverged:
            style += self.terminal.style("bad")
        return self._line(layout, self._text(index, layout.width), self._cells(index), style)

    @property
    def _cursor_style(self) -> Style:
        """The pointer alone tells the row; where there are few colours reverse video tells it better."""
        if self.terminal.colours in ("none", "16"):
            return self.base + Style(reverse=True)
        return self.style("accent") + Style(bold=True)

    def _total(self, layout: Layout) -> Strip:
        cells = {PARAMETERS: count(sum(row.parameters for row in self._rows))}
        if self._stats is not None:
            cells[TIME] = _milliseconds(self._stats.step, self.terminal.glyphs.dash)
        texts = [f"  {count(self._macs)} multiply-adds{image}" for image in (" an image", "")]
        text = next((text for text in texts if len(text) <= layout.text), "  total")
        return self._line(layout, text, cells, self.style("dim"))

    def _line(self, layout: Layout, text: str, cells: Mapping[Column, str], style: Style) -> Strip:
        """One line as one segment: little to compare and little to send."""
        columns = layout.columns.items()
        numbers = "".join(" " * c.gap + cells.get(c, "").rjust(wide)[:wide] for c, wide in columns)
        line = truncated(text, layout.text, self.terminal).ljust(layout.text) + numbers
        return fitted([Segment(line.ljust(layout.width)[: layout.width], style)], layout.width, style)


def _scrolled(top: int, cursor: int, rows: int, room: int) -> int:
    """The first row in sight: moved by no more than it takes to have the cursor and its neighbours in sight."""
    margin = 1 if room > 4 else 0
    top = min(top, cursor - margin)
    top = max(top, cursor + margin + 1 - room)
    return max(0, min(top, rows - room))


def _milliseconds(number: float, dash: str) -> str:
    return dash if not math.isfinite(number) else f"{number:.2f}" if number < 99.995 else f"{number:,.0f}"


def _dead(share: float) -> str:
    """Empty where no unit can be dead: a dash would stand for something that is not known yet."""
    return "" if not math.isfinite(share) else percent(share, 0)
