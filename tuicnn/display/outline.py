"""A network with branches as indented lines, with the sources of layers that do not read the layer above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.training.events import LayerRow

__all__ = ["Line", "outline"]

DEEPEST = 6


@dataclass(frozen=True)
class Line:
    """One layer: the marks before its text (`| `, `+ `), its text, and what it joins (`(conv3, relu1)`)."""

    marks: str
    text: str
    source: str = ""


def outline(rows: Sequence[LayerRow], terminal: TerminalProfile) -> list[Line]:
    """The lines of a network.

    A layer stands deeper by one for each join that it is a branch of: for each layer with several inputs, all layers
    after the last one that every path to it passes (its immediate dominator in the graph).
    """
    depth = [0] * len(rows)
    forks: set[int] = set()
    above: list[int] = []  # each row's immediate dominator
    for index, row in enumerate(rows):
        fork = _common(row.inputs, above)
        above.append(fork)
        if len(row.inputs) > 1:
            forks.add(fork)
            for inner in range(fork + 1, index):
                depth[inner] += 1
    glyphs = terminal.glyphs
    through, begins = glyphs.vertical + " ", glyphs.tee_right + " "
    lines = []
    for index, row in enumerate(rows):
        level = min(depth[index], DEEPEST)
        first = level > 0 and row.inputs[0] in forks
        marks = through * (level - 1) + (begins if first else through) if level else ""
        source = ""
        if len(row.inputs) > 1 or row.inputs != (index - 1,):
            names = ", ".join(_name(rows, i) for i in row.inputs)
            source = f"({names})" if len(row.inputs) > 1 else f"(of {names})" if not first else ""
        lines.append(Line(marks, displayable(row.text, terminal), displayable(source, terminal)))
    return lines


def _name(rows: Sequence[LayerRow], index: int) -> str:
    return rows[index].name if index >= 0 else "image"


def _common(inputs: Sequence[int], above: Sequence[int]) -> int:
    """The last row that every path to the inputs passes: the lowest common ancestor in the dominator tree."""
    found = inputs[0]
    for other in inputs[1:]:
        while found != other:
            if found > other:
                found = above[found]
            else:
                other = above[other]
    return found
