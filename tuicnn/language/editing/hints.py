"""The output shape of each line as a hint, and the layers that a place in the text becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tuicnn.language.diagnostics import Note, Span
from tuicnn.language.plan import Node
from tuicnn.layers.shapes import shape_text

from .document import Document

__all__ = ["Layers", "LineHint", "layers_at", "layers_in", "layers_of_lines", "line_hints"]

K = TypeVar("K")

#: shapes that a line of a block is said to give, one for each use of the block
_MOST_SHAPES = 2


@dataclass(frozen=True)
class LineHint:
    """A note to show at a place, behind what a line says and before its comment; `details` for a closer look."""

    line: int
    column: int
    text: str
    details: str


@dataclass(frozen=True)
class Layers:
    """The layers that a stretch of the text becomes, for one way in which the network comes through it."""

    nodes: tuple[Node, ...]
    #: the place in the text of each
    spans: tuple[Span, ...]

    @property
    def shape(self) -> str:
        """What comes out of the last."""
        return shape_text(self.nodes[-1].shape)

    @property
    def parameters(self) -> int:
        """Weights of all of them."""
        return sum(node.parameters for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiply-adds of all of them, for one image."""
        return sum(node.macs for node in self.nodes)

    @property
    def end(self) -> Span:
        """The place that ends last."""
        return max(self.spans, key=lambda span: (span.end_line, span.end_column))

    def counts(self, *, always: bool = False) -> list[str]:
        """`40 weights`, `28,224 multiply-adds an image`; counts of nothing only if `always`."""
        weights = f"{self.parameters:,} weight{'' if self.parameters == 1 else 's'}"
        macs = f"{self.macs:,} multiply-add{'' if self.macs == 1 else 's'} an image"
        return [text for count, text in ((self.parameters, weights), (self.macs, macs)) if count or always]


def _places(node: Node) -> Iterator[tuple[Span, tuple[Note, ...]]]:
    """Where a layer stands: in its own place, and in each use of a block that it came through, with the uses above."""
    yield node.span, node.via
    for i, note in enumerate(node.via):
        if note.span is not None:
            yield note.span, node.via[i + 1 :]


def _ways(document: Document, key: Callable[[Span], K | None]) -> dict[K, list[Layers]]:
    """The layers whose place in this text has a key, by key; once for each way through the blocks."""
    found: dict[K, dict[tuple[Span | None, ...], list[tuple[Node, Span]]]] = {}
    for node in document.reading.nodes:
        for span, via in _places(node):
            if document.is_own(span) and (at := key(span)) is not None:
                found.setdefault(at, {}).setdefault(tuple(note.span for note in via), []).append((node, span))
    return {at: [Layers(*zip(*placed, strict=True)) for placed in ways.values()] for at, ways in found.items()}


def layers_of_lines(document: Document) -> dict[int, list[Layers]]:
    """For each line of the text that ends a layer, by number, the layers on it."""
    return _ways(document, lambda span: span.end_line)


def layers_at(document: Document, span: Span) -> list[Layers]:
    """The layers that a step in the text becomes."""
    return _ways(document, lambda own: _begins(own, span) or None).get(True, [])


def layers_in(document: Document, span: Span) -> list[Layers]:
    """The layers that all of a place in the text becomes."""

    def inside(own: Span) -> bool | None:
        end = (own.end_line, own.end_column)
        return _begins(own, span) or (span <= own and end <= (span.end_line, span.end_column)) or None

    return _ways(document, inside).get(True, [])


def _begins(own: Span, span: Span) -> bool:
    return (own.line, own.column) == (span.line, span.column)


def line_hints(document: Document) -> list[LineHint]:
    """The hints for the lines of the text, in their order."""
    hints = []
    for _, ways in sorted(layers_of_lines(document).items()):
        shapes = list(dict.fromkeys(way.shape for way in ways))
        text = ", ".join(shapes[:_MOST_SHAPES]) + (", …" if len(shapes) > _MOST_SHAPES else "")
        if len(ways) == 1 and ways[0].parameters:
            text += f" · {ways[0].counts()[0]}"
        end = max((way.end for way in ways), key=lambda span: span.end_column)
        details = "\n".join(f"{way.shape}: {', '.join(way.counts(always=True))}" for way in ways)
        hints.append(LineHint(end.end_line, _behind_label(document, end), f"→ {text}", details))
    return hints


def _behind_label(document: Document, end: Span) -> int:
    """The column behind a line's last step: behind its brackets and its label, before a comment."""
    line = document.lines[end.end_line - 1]
    code = line[end.end_column - 1 :].partition("#")[0].rstrip()
    return end.end_column + (len(code) if not code.lstrip().startswith(("->", "→", "|")) else 0)
