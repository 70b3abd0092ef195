"""Where a name is defined and used, and what a text defines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuicnn.language.checks.blocks import steps_in
from tuicnn.language.diagnostics import Span
from tuicnn.language.syntax.tree import Chain, Constant, Definition, Setting

from .document import Document
from .mentions import Place
from .subjects import Included, Sort, Symbol

__all__ = ["OutlineItem", "definition", "outline", "references"]


@dataclass(frozen=True)
class OutlineItem:
    """Something that a text defines: the whole of it, where its name stands in it, and the labels in a block."""

    name: str
    sort: Sort
    span: Span
    name_span: Span
    children: tuple[OutlineItem, ...] = ()


def definition(document: Document, place: Place) -> Span | Path | None:
    """Where the name at a place is defined; for an `include:`, its file; None where no name or no file is."""
    mention = document.mentions.at(place)
    if mention is None:
        return None
    if isinstance(mention.subject, Symbol):
        return mention.subject.name.span
    if isinstance(mention.subject, Included) and document.path is not None:
        try:
            target = (document.path.parent / mention.subject.path).resolve()
            return target if target.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None
    return None


def references(document: Document, place: Place) -> list[Span]:
    """Every place in this text where the name at a place stands, its definition with them."""
    symbol = document.mentions.symbol_at(place)
    return [m.span for m in document.mentions.of(symbol)] if symbol is not None else []


def outline(document: Document) -> list[OutlineItem]:
    """Settings, constants, blocks with their labels, and the labels of the network."""
    found: list[OutlineItem] = []
    for statement in document.reading.tree.statements:
        if isinstance(statement, Chain):
            found += _labels(statement)
            continue
        name, inside = statement.name.text, []
        if not name:
            continue
        if isinstance(statement, Setting):
            sort, shown = Sort.SETTING, f"{name}:"
        elif isinstance(statement, Constant):
            sort, shown = Sort.CONSTANT, name
        else:
            sort, shown = Sort.BLOCK, _signature(statement)
            inside = _labels(statement.chain)
        found.append(OutlineItem(shown, sort, statement.span, statement.name.span, tuple(inside)))
    return found


def _signature(block: Definition) -> str:
    names = ", ".join(p.name.text for p in block.parameters)
    return f"{block.name.text}({names})" if names else block.name.text


def _labels(chain: Chain | None) -> list[OutlineItem]:
    labelled = ((step.label, step.span) for step in steps_in(chain))
    return [OutlineItem(name.text, Sort.LABEL, span, name.span) for name, span in labelled if name is not None]
