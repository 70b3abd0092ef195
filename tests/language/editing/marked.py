"""Texts with a mark where the cursor is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tuicnn.language import Span
from tuicnn.language.editing import Completion, Document, Place, complete, hover, read_document

__all__ = ["CURSOR", "completed", "hovered", "marked", "replaced"]

CURSOR = "‸"


def marked(text: str, path: Path | None = None) -> tuple[Document, Place]:
    """A text without its mark, and the mark's place."""
    before, mark, after = text.partition(CURSOR)
    assert mark
    lines = before.split("\n")
    return read_document(before + after, path), (len(lines), len(lines[-1]) + 1)


def completed(text: str, path: Path | None = None) -> dict[str, Completion]:
    """What is offered at the mark, by label."""
    return {item.label: item for item in complete(*marked(text, path)).items}


def hovered(text: str) -> str:
    """What is said of the word at the mark, or ""."""
    found = hover(*marked(text))
    return found.markdown if found is not None else ""


def replaced(text: str, spans: Iterable[Span], name: str) -> str:
    """A text with another name in some places."""
    lines = text.split("\n")
    for span in sorted(spans, reverse=True):
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + name + line[span.end_column - 1 :]
    return "\n".join(lines)
