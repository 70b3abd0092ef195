"""Where a name is defined and used, and what a text defines."""

from __future__ import annotations

from lsprotocol import types
from pygls import uris

from tuicnn.language.diagnostics import Span
from tuicnn.language.syntax.tree import Chain, Constant, Definition, Group, Setting, Step, Use

from .analysis import Analysis, path_of
from .positions import Place
from .subjects import Included, Symbol

__all__ = ["definition", "highlights", "outline", "references"]


def definition(analysis: Analysis, place: Place) -> types.Location | None:
    """Where the name at a place is defined; for an `include:`, its file."""
    mention = analysis.mentions.at(place)
    if mention is None:
        return None
    if isinstance(mention.subject, Symbol):
        return analysis.location(mention.subject.name.span)
    path = path_of(analysis.uri)
    if isinstance(mention.subject, Included) and path is not None:
        try:
            target = (path.parent / mention.subject.path).resolve()
            uri = uris.from_fs_path(str(target)) if target.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None
        start = types.Position(0, 0)
        return types.Location(uri, types.Range(start, start)) if uri else None
    return None


def references(analysis: Analysis, place: Place, *, with_definition: bool) -> list[types.Location]:
    """Every use in this text of the name at a place."""
    mention = analysis.mentions.at(place)
    if mention is None or not isinstance(mention.subject, Symbol):
        return []
    symbol = mention.subject
    found = [m for m in analysis.mentions.of(symbol) if with_definition or m.span != symbol.name.span]
    return [analysis.location(m.span) for m in found]


def highlights(analysis: Analysis, place: Place) -> list[types.DocumentHighlight]:
    """The places in this text of the name at a place, for marking them while the cursor is there."""
    return [types.DocumentHighlight(location.range) for location in references(analysis, place, with_definition=True)]


def outline(analysis: Analysis) -> list[types.DocumentSymbol]:
    """Settings, constants, blocks with their labels, and the labels of the network."""
    found: list[types.DocumentSymbol] = []
    inside: list[types.DocumentSymbol]
    for statement in analysis.reading.tree.statements:
        if isinstance(statement, Chain):
            found += _labels(analysis, statement)
            continue
        name, span = statement.name, statement.span
        if not name.text:
            continue
        if isinstance(statement, Setting):
            kind, shown, inside = types.SymbolKind.Property, f"{name.text}:", []
        elif isinstance(statement, Constant):
            kind, shown, inside = types.SymbolKind.Constant, name.text, []
        else:
            kind, shown = types.SymbolKind.Class, _signature(statement)
            inside = _labels(analysis, statement.chain) if statement.chain is not None else []
        found.append(_symbol(analysis, shown, kind, span, name.span, inside))
    return found


def _signature(block: Definition) -> str:
    names = ", ".join(p.name.text for p in block.parameters)
    return f"{block.name.text}({names})" if names else block.name.text


def _labels(analysis: Analysis, chain: Chain) -> list[types.DocumentSymbol]:
    out: list[types.DocumentSymbol] = []
    left: list[Step] = list(reversed(chain.steps))
    while left:
        step = left.pop()
        if isinstance(step.unit, Group):
            left += reversed(step.unit.chain.steps)
        elif isinstance(step.unit, Use) and step.unit.branches is not None:
            for branch in reversed(step.unit.branches.chains):
                left += reversed(branch.steps)
        if step.label is not None:
            out.append(_symbol(analysis, step.label.text, types.SymbolKind.Variable, step.span, step.label.span, []))
    return out


def _symbol(
    analysis: Analysis,
    name: str,
    kind: types.SymbolKind,
    span: Span,
    named: Span,
    children: list[types.DocumentSymbol],
) -> types.DocumentSymbol:
    page = analysis.page
    return types.DocumentSymbol(name, kind, page.range(span), page.range(named), children=children or None)
