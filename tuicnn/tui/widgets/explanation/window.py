"""A number that is computed from a window: window x kernel = products -> sum, or the window and what is taken of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tuicnn.display.terminal import Role
from tuicnn.kernels.arrays import Array
from tuicnn.numbers import aligned, counted
from tuicnn.specimen.explanation import Explanation, Part, Patch, total
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target, beside, blank, said, stacked
from tuicnn.tui.widgets.explanation.figures import figure, sign_role

__all__ = ["Arithmetic", "arithmetic", "channel_in_sight"]

Grid = list[list[int | None]]


class _Column(NamedTuple):
    """One grid of figures: its title, the figure of each part, its colour, and what a click on it means.

    `padding` has the figures of the positions that lie in the padding, (kh, kw) or one for all; None for none.
    """

    title: str
    value: Callable[[Part], float]
    role: Callable[[float], Role]
    target: Callable[[int, Part], Target]
    padding: Array | float | None = None


def channel_in_sight(explanation: Explanation, chosen: int) -> int:
    """The input channel of the chosen part; of a bias, the channel that weighs most."""
    patch = explanation.patch
    assert patch is not None
    address = explanation.parts[chosen].address if chosen >= 0 else None
    if address is not None and explanation.pixels.get(address.index) == chosen:
        return address.index[0]
    sums = explanation.channel_sums
    return max(sums, key=lambda channel: abs(sums[channel]), default=patch.channels[0])


def grid_of(explanation: Explanation, channel: int) -> Grid:
    """The parts of one channel by their place in the window; None in the padding."""
    patch = explanation.patch
    assert patch is not None
    return [[explanation.pixels.get((channel, p, q)) for q in patch.columns] for p in patch.rows]


class Arithmetic(NamedTuple):
    """The figures of a window: rows of grids, the last of which may leave room at its right, and lines below."""

    grids: Block
    last: Block
    below: Block

    @property
    def height(self) -> int:
        """How many lines it has."""
        return self.grids.height + self.last.height + self.below.height


def arithmetic(pen: Pen, sight: Sight, chosen: int, width: int, height: int) -> Arithmetic:
    """The window's figures as largely as they fit; then the chosen product, and what all of them come to."""
    explanation = sight.explanation
    assert explanation.patch is not None
    channel = channel_in_sight(explanation, chosen)
    grid = grid_of(explanation, channel)
    below = _below(pen, sight, chosen, channel, width)
    titles = _long(explanation.patch, channel), _short(explanation.patch, channel)
    for ways in zip(*(_arrangements(pen, sight, grid, chosen, title) for title in titles), strict=True):
        for first, last in ways:
            made = Arithmetic(first, last, below)
            if max(first.width, last.width) <= width and made.height <= height:
                return made
    return Arithmetic(Block(), Block(), below)


def _long(patch: Patch, channel: int) -> str:
    rows, columns = _from_to(patch.rows), _from_to(patch.columns)
    return f"{patch.input}[{channel}], rows {rows}, columns {columns}"


def _short(patch: Patch, channel: int) -> str:
    return f"{patch.input}[{channel},{_from_to(patch.rows)},{_from_to(patch.columns)}]"


def _from_to(places: tuple[int, ...]) -> str:
    if len(places) == 1:
        return f"{places[0]}"
    step = places[1] - places[0]
    return f"{places[0]}{' to ' if places[0] < 0 else '-'}{places[-1]}{f' by {step}' if step > 1 else ''}"


def _arrangements(pen: Pen, sight: Sight, grid: Grid, chosen: int, title: str) -> Sequence[tuple[Block, Block]]:
    """The grids in all ways to put them in two rows, the widest first; then the products around the chosen one."""
    explanation = sight.explanation
    first = next((explanation.parts[place] for row in grid for place in row if place is not None), None)
    zero = 0.0 if explanation.combine == "sum" else None  # what lies in the padding of a maximum never wins
    window = _Column(title, lambda part: part.value, lambda _: "text", _open, zero)
    if first is None or first.factor_address is None:
        bare = window._replace(title="")
        return [(Block(), _grid(pen, explanation, grid, chosen, column)) for column in (window, bare)]
    kernel = first.factor_address
    name = f"{kernel.target}[{','.join(map(str, kernel.index[:-2]))}]"
    array = sight.arrays.get(kernel.at())
    # of a transposed convolution, the weights do not lie as the positions that they meet
    met = next((i, j) for i, row in enumerate(grid) for j, place in enumerate(row) if place is not None)
    whole = array[kernel.index[:-2]] if array is not None and met == kernel.index[-2:] else None
    if whole is not None and whole.shape != (len(grid), len(grid[0])):
        whole = None
    weights = _Column(name, lambda part: part.factor, lambda _: "text", _factor, whole)
    products = _Column("products", lambda part: part.contribution, sign_role, _choose, zero)
    values, factors, results = (_grid(pen, explanation, grid, chosen, each) for each in (window, weights, products))
    middle = 1 + (len(grid) - 1) // 2
    times, equals = _sign(pen, pen.terminal.glyphs.times, middle), _sign(pen, "=", middle)
    near = _grid(pen, explanation, _around(grid, chosen), chosen, products._replace(title="products around it"))
    return [
        (Block(), beside(pen, [values, times, factors, equals, results], 1)),
        (beside(pen, [values, times, factors], 1), beside(pen, [equals, results], 1)),
        (Block(), results),
        (Block(), near),
    ]


def _open(place: int, part: Part) -> Target:
    assert part.address is not None
    return Target("open", part.address)


def _factor(place: int, part: Part) -> Target:
    return Target("open", part.factor_address) if part.factor_address is not None else Target("choose", place)


def _choose(place: int, part: Part) -> Target:
    return Target("choose", place)


def _sign(pen: Pen, text: str, middle: int) -> Block:
    return stacked(blank(middle), said(pen, (text, "dim")))


def _around(grid: Grid, chosen: int) -> Grid:
    """5x5 positions at most, around the chosen one."""
    row, column = next(((i, j) for i, row in enumerate(grid) for j, at in enumerate(row) if at == chosen), (0, 0))
    top, left = max(0, min(row - 2, len(grid) - 5)), max(0, min(column - 2, len(grid[0]) - 5))
    return [row[left : left + 5] for row in grid[top : top + 5]]


def _grid(pen: Pen, explanation: Explanation, grid: Grid, chosen: int, column: _Column) -> Block:
    """The figures of one column, the chosen part in brackets; those of the padding are dim."""
    parts = explanation.parts
    outside = np.broadcast_to(np.nan if column.padding is None else column.padding, (len(grid), len(grid[0])))
    values = [
        float(outside[i, j]) if place is None else column.value(parts[place])
        for i, row in enumerate(grid)
        for j, place in enumerate(row)
    ]
    texts = iter(aligned(values, "NaN"))
    places = [place for row in grid for place in row if place is not None]
    winner = max(places, key=lambda at: parts[at].value, default=None) if explanation.combine == "max" else None
    block = said(pen, (column.title, "dim")) if column.title else Block()
    for row in grid:
        line = Line(pen)
        for place in row:
            text = next(texts)
            if place is None:
                known = column.padding is not None
                line.text(f" {text if known else pen.terminal.glyphs.dash.rjust(len(text))} ", "faint")
                continue
            role = "strong" if place == winner else column.role(column.value(parts[place]))
            line.text(f"[{text}]" if place == chosen else f" {text} ", role, column.target(place, parts[place]))
        block.add(line)
    return block


def _below(pen: Pen, sight: Sight, chosen: int, channel: int, width: int) -> Block:
    """The chosen part in a line, and the sum or what else is taken of the window."""
    block, explanation = Block(), sight.explanation
    if chosen >= 0:
        block.add(equation(pen, explanation.parts[chosen], width))
    last = Line(pen)
    block.add(_winner(last, explanation) if explanation.combine == "max" else _sum(last, explanation, channel))
    if sight.gradient is not None:
        share = "goes to the winner alone" if explanation.combine == "max" else "is spread evenly over the window"
        back = Target("open", replace(explanation.address, kind="gradient"))
        line = Line(pen).text("  on the way back, the gradient ", "dim")
        block.add(line.text(figure(sight.gradient), sign_role(sight.gradient), back).text(f" {share}", "dim"))
    return block


def equation(pen: Pen, part: Part, width: int) -> Line:
    """A part as one reads it: `value x factor = contribution`, with its addresses and label where there is room."""
    glyphs = pen.terminal.glyphs

    def line(named: bool, labelled: bool) -> Line:
        made = Line(pen).text(f"{glyphs.pointer} ", "accent")
        if part.address is not None:
            made.text(part.address.brief, "strong", Target("open", part.address)).text(" ")
        elif part.label:
            made.text(f"{part.label} ", "strong")
        made.text(figure(part.value))
        if part.factor_address is not None or part.factor != 1:
            made.text(f" {glyphs.times} ", "dim")
            if named and part.factor_address is not None:
                made.text(part.factor_address.brief, "text", Target("open", part.factor_address)).text(" ")
            made.text(figure(part.factor)).text(" = ", "dim")
            made.text(figure(part.contribution), sign_role(part.contribution))
        return made.text(f"   {part.label}", "dim") if labelled and part.label and part.address is not None else made

    made = [line(True, True), line(True, False), line(False, False)]
    return next((one for one in made if one.width <= width), made[-1])


def _sum(line: Line, explanation: Explanation, channel: int) -> Line:
    """What the channel in sight, the other channels, the bias and the padding add up to."""
    sums = dict(explanation.channel_sums)
    own = sums.pop(channel, 0.0)
    line.text("  sum of these ", "dim").text(figure(own), sign_role(own))
    if sums:
        others = total(sums.values())
        line.text(f" + {counted(len(sums), 'other channel')} ", "dim").text(figure(others), sign_role(others))
    for place, part in enumerate(explanation.parts):
        if part.address is None:
            line.text(f" + {part.label}", "dim")
        elif part.address.array:
            line.text(f" + {part.label} ", "dim", Target("choose", place))
            line.text(figure(part.contribution), sign_role(part.contribution), Target("open", part.address))
    return line.text(" = ", "dim").text(figure(explanation.value), "strong")


def _winner(line: Line, explanation: Explanation) -> Line:
    winner = max(explanation.parts, key=lambda part: part.value)
    assert winner.address is not None
    line.text("  the winner is ", "dim").text(winner.address.brief, "text", Target("open", winner.address))
    return line.text(f" = {figure(winner.value)}", "strong")
