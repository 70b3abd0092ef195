"""Blocks of cells that are put beside and under each other, and what a click on a place of them means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.specimen.address import Address

__all__ = ["Area", "Block", "Line", "Pen", "Target", "beside", "blank", "said", "stacked"]


class Target(NamedTuple):
    """What a click does: open an address, go to it in the place of the open one, choose a part, or come up."""

    does: Literal["open", "go", "choose", "up"]
    what: Address | int


class Area(NamedTuple):
    """A rectangle of cells and what a click at (x, y) within it means."""

    left: int
    top: int
    width: int
    height: int
    find: Callable[[int, int], Target | None]


@dataclass(frozen=True)
class Pen:
    """What a block is drawn with: the terminal, and its styles on the widget's ground."""

    terminal: TerminalProfile
    style: Callable[[Role], Style]
    base: Style


class Line:
    """A line in the making."""

    def __init__(self, pen: Pen) -> None:
        self.pen, self.cells, self.width = pen, list[Segment](), 0
        self.targets: list[tuple[int, int, Target]] = []

    def text(self, text: str, role: Role = "text", target: Target | None = None) -> Line:
        """Add a text, which may be clicked."""
        if text:
            if target is not None:
                self.targets.append((self.width, len(text), target))
            self.cells.append(Segment(text, self.pen.style(role)))
            self.width += len(text)
        return self

    def drawn(self, cells: Iterable[Segment]) -> Line:
        """Add cells that are drawn already."""
        for cell in cells:
            self.cells.append(cell)
            self.width += cell.cell_length
        return self


@dataclass
class Block:
    """Lines of cells, none wider than `width`."""

    width: int = 0
    lines: list[list[Segment]] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)

    @property
    def height(self) -> int:
        """How many lines it has."""
        return len(self.lines)

    def add(self, line: Line, target: Target | None = None) -> None:
        """Add a line; where a click meets none of its own targets, it means `target`."""
        for x, width, own in line.targets:
            self._clickable(x, width, own)
        if target is not None:
            self._clickable(0, line.width, target)
        self.lines.append(line.cells)
        self.width = max(self.width, line.width)

    def _clickable(self, x: int, width: int, target: Target) -> None:
        self.areas.append(Area(x, self.height, width, 1, lambda _x, _y: target))

    def at(self, x: int, y: int) -> Target | None:
        """What a click at a place means."""
        for area in self.areas:
            if 0 <= x - area.left < area.width and 0 <= y - area.top < area.height:
                return area.find(x - area.left, y - area.top)
        return None


def blank(lines: int = 1) -> Block:
    """Empty lines."""
    return Block(0, [[] for _ in range(lines)])


def said(pen: Pen, *lines: tuple[str, Role]) -> Block:
    """Texts, each a line."""
    block = Block()
    for text, role in lines:
        block.add(Line(pen).text(text, role))
    return block


def stacked(*blocks: Block) -> Block:
    """Blocks one under the other."""
    whole = Block()
    for block in blocks:
        whole.areas += [area._replace(top=area.top + whole.height) for area in block.areas]
        whole.lines += block.lines
        whole.width = max(whole.width, block.width)
    return whole


def beside(pen: Pen, blocks: Iterable[Block], gap: int = 3) -> Block:
    """Blocks beside each other, their first lines at one height."""
    shown: Sequence[Block] = [block for block in blocks if block.height]
    lines: list[list[Segment]] = [[] for _ in range(max((block.height for block in shown), default=0))]
    whole, taken = Block(0, lines), [0] * len(lines)
    for number, block in enumerate(shown):
        left = whole.width + (gap if number else 0)
        for y, cells in enumerate(block.lines):
            if cells:
                lines[y] += [Segment(" " * (left - taken[y]), pen.base), *cells]
                taken[y] = left + sum(cell.cell_length for cell in cells)
        whole.areas += [area._replace(left=area.left + left) for area in block.areas]
        whole.width = left + block.width
    return whole
