"""What the language says of a text, in the types of the protocol."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from tuicnn.language import editing
from tuicnn.language.editing import Completion, OutlineItem, Place, Sort
from tuicnn.language.reference import describe, find_entry

from .analysis import Analysis
from .positions import uri_of

__all__ = [
    "complete", "definition", "documented", "highlights", "hover", "inlay_hints", "outline", "prepare_rename",
    "references", "rename",
]  # fmt: skip

_COMPLETION_KINDS = {
    Sort.SETTING: types.CompletionItemKind.Module,
    Sort.LAYER: types.CompletionItemKind.Function,
    Sort.CHOICE: types.CompletionItemKind.Value,
    Sort.OPTION: types.CompletionItemKind.Property,
    Sort.WORD: types.CompletionItemKind.EnumMember,
    Sort.KEYWORD: types.CompletionItemKind.Keyword,
    Sort.BLOCK: types.CompletionItemKind.Class,
    Sort.CONSTANT: types.CompletionItemKind.Constant,
    Sort.PARAMETER: types.CompletionItemKind.Variable,
    Sort.LABEL: types.CompletionItemKind.Reference,
    Sort.FILE: types.CompletionItemKind.File,
}
_SYMBOL_KINDS = {
    Sort.SETTING: types.SymbolKind.Property,
    Sort.CONSTANT: types.SymbolKind.Constant,
    Sort.BLOCK: types.SymbolKind.Class,
    Sort.LABEL: types.SymbolKind.Variable,
}


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hover(analysis: Analysis, place: Place) -> types.Hover | None:
    """What is said of the word at a place."""
    said = editing.hover(analysis.document, place)
    return types.Hover(_markdown(said.markdown), analysis.page.range(said.span)) if said is not None else None


def complete(analysis: Analysis, place: Place, *, snippets: bool) -> list[types.CompletionItem]:
    """What may be written at a place. With `snippets`, what must be given is put in as fields to go through."""
    found = editing.complete(analysis.document, place)
    position = analysis.page.position
    range = types.Range(position(found.line, found.start), position(found.line, found.end))
    return [_item(completion, range, snippets) for completion in found.items]


def _item(completion: Completion, range: types.Range, snippets: bool) -> types.CompletionItem:
    as_snippet = bool(completion.template) and snippets
    formats = types.InsertTextFormat
    entry = completion.entry
    return types.CompletionItem(
        label=completion.label,
        detail=completion.detail or None,
        kind=_COMPLETION_KINDS[completion.sort],
        documentation=completion.help or None,
        data=[entry.family, entry.name] if entry is not None else None,
        sort_text=f"{'0' if completion.first else '1'}{completion.label}",
        filter_text=completion.label,
        insert_text_format=formats.Snippet if as_snippet else formats.PlainText,
        text_edit=types.TextEdit(range, _snippet(completion.template) if as_snippet else completion.text),
    )


def _snippet(template: tuple[str, ...]) -> str:
    """A template as the protocol writes it: `conv ${1:8} ${2:3x3}`, `residual { $1 }`."""
    fields = [f"${{{i}:{text}}}" if text else f"${i}" for i, text in enumerate(template[1::2], 1)]
    return "".join(text + field for text, field in zip(template[::2], [*fields, ""], strict=True))


def documented(item: types.CompletionItem) -> types.CompletionItem:
    """An item with the whole help of its word, which the client asks for when the item is chosen."""
    found = find_entry(*item.data) if isinstance(item.data, list | tuple) and len(item.data) == 2 else None
    if found is not None:
        item.documentation = _markdown(describe(found))
    return item


def inlay_hints(analysis: Analysis, wanted: types.Range) -> list[types.InlayHint]:
    """The hints for the lines of a range."""
    return [
        types.InlayHint(
            position=analysis.page.position(hint.line, hint.column),
            label=hint.text,
            padding_left=True,
            tooltip=types.MarkupContent(types.MarkupKind.PlainText, hint.details),
        )
        for hint in editing.line_hints(analysis.document)
        if wanted.start.line <= hint.line - 1 <= wanted.end.line
    ]


def definition(analysis: Analysis, place: Place) -> types.Location | None:
    """Where the name at a place is defined; for an `include:`, its file."""
    found = editing.definition(analysis.document, place)
    if isinstance(found, Path):
        start = types.Position(0, 0)
        return types.Location(uri_of(found), types.Range(start, start))
    return analysis.location(found) if found is not None else None


def references(analysis: Analysis, place: Place, *, with_definition: bool = True) -> list[types.Location]:
    """Every use in this text of the name at a place."""
    defined = editing.definition(analysis.document, place)
    found = editing.references(analysis.document, place)
    return [analysis.location(span) for span in found if with_definition or span != defined]


def highlights(analysis: Analysis, place: Place) -> list[types.DocumentHighlight]:
    """The places in this text of the name at a place, for marking them while the cursor is there."""
    return [types.DocumentHighlight(location.range) for location in references(analysis, place)]


def outline(analysis: Analysis) -> list[types.DocumentSymbol]:
    """What the text defines."""
    return [_symbol(analysis, item) for item in editing.outline(analysis.document)]


def _symbol(analysis: Analysis, item: OutlineItem) -> types.DocumentSymbol:
    whole, name = analysis.page.range(item.span), analysis.page.range(item.name_span)
    inside = [_symbol(analysis, child) for child in item.children]
    return types.DocumentSymbol(item.name, _SYMBOL_KINDS[item.sort], whole, name, children=inside or None)


def prepare_rename(analysis: Analysis, place: Place) -> types.Range | None:
    """The name at a place that can be changed."""
    span = editing.renamed_at(analysis.document, place)
    return analysis.page.range(span) if span is not None else None


def rename(analysis: Analysis, place: Place, name: str, open_texts: list[Analysis]) -> types.WorkspaceEdit | None:
    """The edits that give the name at a place another one, in this text and the others that are open.

    Raises `RenameError` where the text would not mean the same afterwards.
    """
    texts = {each.document.name: each for each in [*open_texts, analysis]}
    spans = editing.rename(analysis.document, place, name, [each.document for each in texts.values()])
    changes: dict[str, list[types.TextEdit]] = {}
    for span in spans:
        location = texts[span.source.name].location(span)
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, name))
    return types.WorkspaceEdit(changes=changes) if spans else None
