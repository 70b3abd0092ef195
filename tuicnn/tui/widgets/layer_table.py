"""The network as a table: one line a layer, with its name, what it is, what it costs and how it does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.strip import Strip

from tuicnn.display.blocks import bar, sparks
from tuicnn.display.health import dead_role, gradient_role, remark, update_role
from tuicnn.display.layer_list import Item, LayerList
from tuicnn.display.outline import Line, outline
from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import count, counted, percent, shape, significant
from tuicnn.observing.layer_stats import LayerStats
from tuicnn.training.divergence import Divergence
from tuicnn.training.events import LayerRow, Overview
from tuicnn.tui.widgets.layer_columns import (
    ACTIVATION,
    BAR,
    BLOCK,
    COLUMNS,
    COURSE,
    DEAD,
    GRADIENT,
    OUTPUT,
    PARAMETERS,
    TIME,
    UPDATE,
    Cell,
    Column,
    Layout,
)
from tuicnn.tui.widgets.lines import LineWidget

__all__ = ["LayerTable"]


NAME_GAP = 1
LEAST_LAYERS = 8  # in sight before there is room for what is no layer
REMARK_FROM = 9  # lines from which on there is one for a sentence about the chosen layer


class LayerTable(LineWidget):
    """The layers under a head, with a cursor, above a line of totals. It scrolls so that the cursor is in sight."""

    class Chosen(Message):
        """A layer was clicked, or, where it is `opened`, clicked twice."""

        def __init__(self, layer: int, *, opened: bool = False) -> None:
            super().__init__()
            self.layer, self.opened = layer, opened

    def __init__(self, terminal: TerminalProfile, *, id: str | None = None) -> None:
        super().__init__(terminal, id=id)
        self._rows: tuple[LayerRow, ...] = ()
        self._names: list[str] = []
        self._longest_name = self._longest_shape = 0
        self._weights = 0  # of all layers
        self._lines: list[Line] = []
        self._showed = (-1, "")  # the cursor, and the layer that diverged
        self._macs = 0
        self._threads = 1
        self._list = LayerList()
        self._items: list[Item] = []
        self._longest: dict[int, int] = {}  # by the width of the line: the cells of the longest text
        self._stats: LayerStats | None = None
        self._cursor = 0
        self._diverged = -1  # the layer that diverged
        self._top = 0
        self._shown: Sequence[Item] = ()  # those in sight

    def show(
        self, overview: Overview, stats: LayerStats | None, cursor: int, diverged: Divergence | None = None
    ) -> None:
        """Show the layers with their live stats, the cursor on one, and a mark on the one that diverged."""
        layer = diverged.layer if diverged is not None else ""
        known = overview.layers is self._rows and stats is self._stats
        if known and self._showed == (cursor, layer):
            return  # twice a second
        self._showed = cursor, layer
        self._diverged = next((i for i, row in enumerate(overview.layers) if row.name == layer), -1)
        self._stats, self._cursor = stats, cursor
        if overview.layers is not self._rows:
            if overview.layers != self._rows:
                self._list.take(overview.layers)
            self._rows, self._macs, self._threads = overview.layers, overview.macs, overview.threads
            self._names = [displayable(row.name, self.terminal) for row in self._rows]
            self._longest_name = max(map(len, [*self._names, "name"]))
            self._longest_shape = max((len(shape(row.shape)) for row in self._rows), default=0)
            self._weights = sum(row.parameters for row in self._rows)
            self._lines = outline(self._rows, self.terminal)
            self._items = self._list.items()
            self._longest.clear()
        self.repaint()

    # -- which lines there are

    @property
    def has_blocks(self) -> bool:
        """Whether anything can be folded."""
        return self._list.has_blocks

    @property
    def by_time(self) -> bool:
        """Whether the slowest layers come first."""
        return self._list.by_time

    @property
    def query_text(self) -> str:
        """What is searched for; "" for nothing."""
        return self._list.query

    @property
    def on_folded(self) -> bool:
        """Whether the cursor is on a folded block."""
        return bool(self._items) and self._items[self._place].folded

    def fold(self, layer: int) -> None:
        """Fold the block of a layer, or unfold it."""
        self._list.fold(layer)
        self._arrange()

    def fold_all(self) -> None:
        """Fold all blocks, or unfold them."""
        self._list.fold_all()
        self._arrange()

    def sort(self, *, by_time: bool) -> None:
        """The slowest layers first, as they are at this moment, or the network's own order."""
        self._list.by_time = by_time
        self._arrange()

    def search(self, query: str) -> int | None:
        """Only layers that have a text in name, layer or block; the first of them, None where there is none."""
        self._list.query = query
        self._arrange()
        return self._items[self._place].first if self._items else None

    def moved(self, lines: int) -> int:
        """The layer so many lines below the cursor."""
        if not self._items:
            return self._cursor
        return self._items[max(0, min(self._place + lines, len(self._items) - 1))].first

    def rows_wanted(self) -> int:
        """How many lines it takes to show everything."""
        return len(self._items) + 3 + len(self._other_times())

    def _arrange(self) -> None:
        self._items = self._list.items(self._stats.milliseconds if self._stats is not None else None)
        self._longest.clear()
        self.repaint()

    @property
    def _place(self) -> int:
        """The line of the cursor among the items."""
        at = self._cursor
        return next((i for i, item in enumerate(self._items) if item.first <= at < item.stop), 0)

    # -- the mouse

    def on_click(self, event: Click) -> None:
        """A click on a layer chooses it; one on the mark of a block folds or unfolds that."""
        if not 0 < event.y <= len(self._shown):
            return
        item = self._shown[event.y - 1]
        mark = len(self._before("", " "))  # the pointer before it is as wide as the blank behind it
        if self.has_blocks and event.x == mark and (item.folded or item.begins):
            self.fold(item.first)
        else:
            self.post_message(self.Chosen(item.first, opened=event.chain == 2))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        self.post_message(self.Chosen(self.moved(2)))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        self.post_message(self.Chosen(self.moved(-2)))

    # -- the lines

    def paint(self, width: int, height: int) -> list[Strip]:
        """The head, as many layers as fit, the totals, and a sentence about the chosen layer."""
        if not self._rows or height < 3:
            return []
        foot = 2 if height >= REMARK_FROM else 1
        besides, layers = self._other_times(), len(self._items)
        left = height - 1 - foot - len(besides)
        if left < min(layers, LEAST_LAYERS):
            besides = []
        elif left < layers:  # which are worth more than the parts of what is no layer
            besides = [(", ".join(name.split()[0] for name, _ in besides), math.fsum(t for _, t in besides if t == t))]
        room = height - 1 - foot - len(besides)
        place = self._place
        self._top = _scrolled(self._top, place, layers, room)
        self._shown = self._items[self._top : self._top + room]
        layout, dim, dash = self._fit(width), self.style("dim"), self.terminal.glyphs.dash
        longest = max((self._milliseconds(item) for item in self._items), default=math.nan)
        return [
            layout.line(self._head(width), {c: (self._head_of(c), None) for c in COLUMNS}, dim, self.terminal),
            *(self._layer(item, layout, longest) for item in self._shown),
            *([self._nothing(width)] if not self._shown else []),
            *(layout.line(f"  {text}", {TIME: (_time(ms, dash), None)}, dim, self.terminal) for text, ms in besides),
            self._total(layout),
            *([self._remark(width)] if foot > 1 else []),
        ]

    def _head(self, width: int) -> str:
        first, shown, every = self._top + 1, len(self._shown), len(self._items)
        more = "" if shown == every else f" {first}-{first + shown - 1}/{every}"
        query = displayable(self._list.query, self.terminal)
        what = f'"{query}"' if query else "by time" if self.by_time else "layer"
        name = f"name{more}" if len(f"name{more}") <= self._name_room(width) else "name"
        return f"  {self._before('#', ' ')}{self._name_cell(name, width)}{what}{more if name == 'name' else ''}"

    def _head_of(self, column: Column) -> str:
        return column.head.format(delta=self.terminal.glyphs.delta)

    def _nothing(self, width: int) -> Strip:
        return self.line([("  no layer has that; esc shows all", "warn")], width)

    def _remark(self, width: int) -> Strip:
        if self._cursor >= len(self._rows):
            return Strip.blank(width, self.base)
        item = self._items[self._place] if self._items else Item(self._cursor, self._cursor + 1)
        text, role = remark(self._rows[self._cursor], self._stats, self._cursor)
        if item.folded:
            first, last = self._rows[item.first].name, self._rows[item.last].name
            text, role = f"{item.block} has the layers from {first} to {last}; enter shows them.", "dim"
        return self.line([(f"  {truncated(displayable(text, self.terminal), width - 2, self.terminal)}", role)], width)

    def _other_times(self) -> list[tuple[str, float]]:
        """What a step does that is no layer, with its milliseconds, NaN where they are not known."""
        stats = self._stats
        found = (stats.optimizer, stats.waiting, stats.rest) if stats is not None else (math.nan,) * 3
        named = zip(("optimizer", "waiting", "rest of the step"), found, strict=True)
        return [(name, time) for name, time in named if name != "waiting" or self._threads > 1]

    def _fit(self, width: int) -> Layout:
        least = {c: c.least for c in COLUMNS if c is not BLOCK or self.has_blocks}
        least[OUTPUT] = max(OUTPUT.least, self._longest_shape)
        least[PARAMETERS] = max(PARAMETERS.least, len(count(self._weights)))
        if width not in self._longest:
            self._longest = {width: max((len(self._text(item, width)) for item in self._items), default=0)}
        return Layout.of(width, least, len(self._prefix("", width)), self._longest[width])

    def _cells(self, item: Item, layout: Layout, longest: float) -> dict[Column, Cell]:
        stats, glyphs, at = self._stats, self.terminal.glyphs, item.last
        dash = glyphs.dash
        cells: dict[Column, Cell] = {c: (dash if c not in (BLOCK, BAR, COURSE) else "", None) for c in COLUMNS}
        weights = sum(row.parameters for row in self._rows[item.first : item.stop])
        cells[OUTPUT] = (shape(self._rows[at].shape), None)
        cells[PARAMETERS] = (count(weights) if weights else "", None)
        if not item.folded:
            cells[BLOCK] = (displayable(self._rows[at].block, self.terminal), "dim")
        if stats is not None and at < len(stats.milliseconds):
            took = self._milliseconds(item)
            gradient, dead, update = (float(column[at]) for column in (stats.gradient, stats.dead, stats.update))
            cells[TIME] = (_time(took, dash), None)
            cells[BAR] = (bar(took / longest if longest > 0 else 0.0, layout.columns.get(BAR, 0), glyphs), "dim")
            cells[ACTIVATION] = (significant(float(stats.activation[at]), dash), None)
            cells[GRADIENT] = (significant(gradient, dash), gradient_role(gradient))
            with np.errstate(divide="ignore", invalid="ignore"):
                course = np.log10(stats.gradients[:, at].astype(np.float64))
            wide = layout.columns.get(COURSE, 0) if len(course) > 1 else 0  # one moment is no course
            cells[COURSE] = (sparks(course, wide, glyphs), "faint")
            # empty where no unit can be dead or nothing is moved: a dash would stand for what is not known yet
            cells[DEAD] = (percent(dead, 0), dead_role(dead)) if math.isfinite(dead) and not item.folded else ("", None)
            known = not math.isnan(update) and not item.folded
            cells[UPDATE] = (significant(update, dash), update_role(update)) if known else ("", None)
        return cells

    def _milliseconds(self, item: Item) -> float:
        return float(self._stats.milliseconds[item.first : item.stop].sum()) if self._stats is not None else math.nan

    def _before(self, number: str, mark: str) -> str:
        """The number of a layer, and the mark of its block where there are blocks."""
        return f"{number:>{len(str(len(self._rows)))}} " + (f"{mark} " if self.has_blocks else "")

    def _name_cell(self, name: str, width: int) -> str:
        """A name with the blanks up to the layer's text: whole, unless it would take more than half of the line."""
        room = self._name_room(width)
        return truncated(name, room, self.terminal).ljust(room + NAME_GAP)

    def _name_room(self, width: int) -> int:
        return min(self._longest_name, width // 2)

    def _prefix(self, name: str, width: int) -> str:
        return f"  {self._before('', '')}{self._name_cell(name, width)}"

    def _text(self, item: Item, width: int) -> str:
        glyphs, index = self.terminal.glyphs, item.first
        here = item.first <= self._cursor < item.stop
        pointer = glyphs.wrong if item.first <= self._diverged < item.stop else glyphs.pointer if here else " "
        if item.folded:
            what = f"{displayable(item.block, self.terminal)}  {counted(item.stop - item.first, 'layer')}"
            return f"{pointer} {self._before(str(index + 1), '+')}{what}"
        line, inner = self._lines[index], bool(item.block) and not self._list.query
        mark = "-" if item.begins else glyphs.vertical if inner else " "
        before = self._before(str(index + 1), mark) + self._name_cell(self._names[index], width)
        return f"{pointer} {before}{line.marks}{line.text}" + (f" {line.source}" if line.source else "")

    def _layer(self, item: Item, layout: Layout, longest: float) -> Strip:
        here = item.first <= self._cursor < item.stop
        style = self._cursor_style if here else self.base
        if item.first <= self._diverged < item.stop:
            style += self.terminal.style("bad")
        return layout.line(self._text(item, layout.width), self._cells(item, layout, longest), style, self.terminal)

    @property
    def _cursor_style(self) -> Style:
        """The pointer alone tells the row; where there are few colours reverse video tells it better."""
        if self.terminal.colours in ("none", "16"):
            return self.base + Style(reverse=True)
        return self.style("accent") + Style(bold=True)

    def _total(self, layout: Layout) -> Strip:
        cells: dict[Column, Cell] = {PARAMETERS: (count(self._weights), None)}
        if self._stats is not None:
            cells[TIME] = (_time(self._stats.step, self.terminal.glyphs.dash), None)
        texts = [f"  {count(self._macs)} multiply-adds{image}" for image in (" an image", "")]
        text = next((text for text in texts if len(text) <= layout.text), "  total")
        return layout.line(text, cells, self.style("dim"), self.terminal)


def _scrolled(top: int, cursor: int, rows: int, room: int) -> int:
    """The first row in sight: moved by no more than it takes to have the cursor and its neighbours in sight."""
    margin = 1 if room > 4 else 0
    top = min(top, cursor - margin)
    top = max(top, cursor + margin + 1 - room)
    return max(0, min(top, rows - room))


def _time(number: float, dash: str) -> str:
    return dash if not math.isfinite(number) else f"{number:.2f}" if number < 99.995 else f"{number:,.0f}"
