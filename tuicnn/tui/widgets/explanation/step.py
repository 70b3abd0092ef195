"""The next step of a weight: before and after, the batch's gradient by its images, and what the optimizer keeps."""

from __future__ import annotations

from tuicnn.numbers import counted
from tuicnn.specimen.explanation import Explanation, total
from tuicnn.tui.microscope import Sight
from tuicnn.tui.widgets.explanation.block import Block, Line, Pen, Target, blank, stacked
from tuicnn.tui.widgets.explanation.figures import figure, precise, sign_role
from tuicnn.tui.widgets.explanation.table import table

__all__ = ["step"]

_BROAD = 100  # columns from which on the parts are named
_OTHERS = 20  # columns that are kept for what the others come to


def step(pen: Pen, sight: Sight, chosen: int, width: int, height: int) -> Block:
    """The move, each number that its formula names, and the terms of its sum."""
    block = Block()
    block.add(_move(Line(pen), sight.explanation))
    names = max((len(_name(other)) for other in sight.beside), default=0)
    for other in sight.beside:
        line = Line(pen).text(f"  {_name(other):<{names}}  ").text(f"{figure(other.value):>9}", sign_role(other.value))
        _made_of(line.text(" = ", "dim"), other, width)
        block.add(line, Target("open", other.address))
    parts = table(pen, sight, chosen, width, max(3, height - block.height - 1))
    return stacked(block, blank(), parts)


def _move(line: Line, explanation: Explanation) -> Line:
    """`0.4402 -> 0.4391`, and by how much."""
    before, *others = explanation.parts
    moved = total(part.contribution for part in others) + (before.contribution - before.value)
    line.text("  ").text(precise(before.value)).text(f" {line.pen.terminal.glyphs.arrow} ", "dim")
    line.text(precise(explanation.value), "strong").text("   moved by ", "dim")
    return line.text(figure(moved), sign_role(moved))


def _name(other: Explanation) -> str:
    return f"{other.address.state} after it" if other.address.state else "the batch's gradient"


def _made_of(line: Line, other: Explanation, width: int) -> None:
    """The largest parts as far as there is room, and what the others come to."""
    largest, _ = other.largest(len(other.parts))
    for place, part in enumerate(largest):
        text = f"{part.label.removeprefix('training ')} {figure(part.contribution)}"
        if part.factor != 1 and other.address.state:
            what = f" ({part.label})" if width >= _BROAD else ""
            text = f"{figure(part.factor)} {line.pen.terminal.glyphs.times} {figure(part.value)}{what}"
        rest = len(largest) - place
        if line.width + len(text) + (_OTHERS if rest > 1 else 0) > width:
            left = total(other.contribution for other in largest[place:])
            line.text(f"{counted(rest, 'other')} ", "dim").text(figure(left), sign_role(left))
            return
        between = " + " if other.address.state and rest > 1 else "   " if rest > 1 else ""
        line.text(text, "text", Target("open", part.address) if part.address is not None else None)
        line.text(between, "dim")
