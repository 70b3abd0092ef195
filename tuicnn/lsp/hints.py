"""The shape that each line gives, beside it; and what is known of the layers that a place in the text becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lsprotocol import types

from tuicnn.language import Node
from tuicnn.language.diagnostics import Note, Span
from tuicnn.layers.shapes import shape_text

from .analysis import Analysis

__all__ = ["Line", "inlay_hints", "layers_at", "layers_in", "lines_of", "plural"]

#: shapes that a line of a block is said to give, one for each use of the block
_MOST_SHAPES = 2


@dataclass
class Line:
    """A line's last layer and the sum of all its layers, for one way that the network comes through it."""

    end: Span
    nodes: list[Node] = field(default_factory=list)

    @property
    def shape(self) -> str:
        """What comes out at the line's end."""
        return shape_text(self.nodes[-1].shape)

    @property
    def parameters(self) -> int:
        """Weights of all layers on the line."""
        return sum(node.parameters for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of all layers on the line, for one image."""
        return sum(node.macs for node in self.nodes)


def _places(node: Node) -> Iterator[tuple[Span, tuple[Note, ...]]]:
    """Where a layer stands: in its own place, and in each use of a block that it came through, with the uses above."""
    yield node.span, node.via
    for i, note in enumerate(node.via):
        if note.span is not None:
            yield note.span, node.via[i + 1 :]


def lines_of(analysis: Analysis) -> dict[int, list[Line]]:
    """For each line of the text, by number, what it gives: once for each way through the blocks."""
    found: dict[int, dict[tuple[Span | None, ...], Line]] = {}
    for node in analysis.reading.nodes:
        for span, via in _places(node):
            if not analysis.is_own(span):
                continue
            ways = found.setdefault(span.end_line, {})
            way = tuple(note.span for note in via)
            line = ways.setdefault(way, Line(span))
            line.nodes.append(node)
            if span.end_column >= line.end.end_column:
                line.end = span
    return {number: list(ways.values()) for number, ways in found.items()}


def layers_at(analysis: Analysis, span: Span) -> list[list[Node]]:
    """The layers that a step in the text becomes, once for each way through the blocks."""
    found: dict[tuple[Span | None, ...], list[Node]] = {}
    for node in analysis.reading.nodes:
        for own, via in _places(node):
            if (own.line, own.column) == (span.line, span.column) and analysis.is_own(own):
                found.setdefault(tuple(note.span for note in via), []).append(node)
    return list(found.values())


def layers_in(analysis: Analysis, span: Span) -> list[list[Node]]:
    """The layers that all of a place in the text becomes, once for each way through the blocks."""
    found: dict[tuple[Span | None, ...], list[Node]] = {}
    for node in analysis.reading.nodes:
        for own, via in _places(node):
            inside = span <= own and (own.end_line, own.end_column) <= (span.end_line, span.end_column)
            if analysis.is_own(own) and (inside or (own.line, own.column) == (span.line, span.column)):
                found.setdefault(tuple(note.span for note in via), []).append(node)
    return list(found.values())


def plural(count: int, what: str) -> str:
    """`1 weight`, `1,568 weights`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def inlay_hints(analysis: Analysis, wanted: types.Range) -> list[types.InlayHint]:
    """The hints for the lines of a range."""
    hints = []
    for number, ways in sorted(lines_of(analysis).items()):
        if not wanted.start.line <= number - 1 <= wanted.end.line:
            continue
        shapes = list(dict.fromkeys(line.shape for line in ways))
        label = ", ".join(shapes[:_MOST_SHAPES]) + (", …" if len(shapes) > _MOST_SHAPES else "")
        if len(ways) == 1 and ways[0].parameters:
            label += f" · {plural(ways[0].parameters, 'weight')}"
        end = max((line.end for line in ways), key=lambda span: span.end_column)
        hints.append(
            types.InlayHint(
                position=analysis.page.position(end.end_line, _behind_label(analysis, end)),
                label=f"→ {label}",
                padding_left=True,
                tooltip=types.MarkupContent(types.MarkupKind.PlainText, "\n".join(_told(line) for line in ways)),
            )
        )
    return hints


def _behind_label(analysis: Analysis, end: Span) -> int:
    """The column behind a line's last step: behind its brackets and its label, before a comment."""
    line = analysis.page.lines[end.end_line - 1]
    code = line[end.end_column - 1 :].partition("#")[0].rstrip()
    return end.end_column + (len(code) if not code.lstrip().startswith(("->", "→", "|")) else 0)


def _told(line: Line) -> str:
    return f"{line.shape}: {plural(line.parameters, 'weight')}, {plural(line.macs, 'multiply-add')} an image"
