"""Texts with a mark where the cursor is."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from tuicnn.lsp.analysis import Analysis, analyse
from tuicnn.lsp.completion import complete
from tuicnn.lsp.hover import hover
from tuicnn.lsp.positions import Place

__all__ = ["CURSOR", "completed", "edited", "hovered", "marked"]

CURSOR = "‸"


def marked(text: str, path: Path | None = None) -> tuple[Analysis, Place]:
    """The analysis of a text without its mark, and the mark's place."""
    before, mark, after = text.partition(CURSOR)
    assert mark
    lines = before.split("\n")
    uri = path.as_uri() if path is not None else "untitled:my"
    return analyse(uri, before + after, PositionCodec()), (len(lines), len(lines[-1]) + 1)


def completed(text: str, path: Path | None = None, *, snippets: bool = False) -> dict[str, types.CompletionItem]:
    """What is offered at the mark, by label."""
    analysis, place = marked(text, path)
    return {item.label: item for item in complete(analysis, place, snippets=snippets)}


def hovered(text: str) -> str:
    """What is said of the word at the mark, or ""."""
    found = hover(*marked(text))
    assert found is None or isinstance(found.contents, types.MarkupContent)
    return found.contents.value if found is not None and isinstance(found.contents, types.MarkupContent) else ""


def edited(text: str, edits: list[types.TextEdit]) -> str:
    """A text of the basic plane after edits."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        start, end = edit.range.start, edit.range.end
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = line[: start.character] + edit.new_text + line[end.character :]
    return "\n".join(lines)
