"""What may be written next: layers, blocks, settings, options, words, constants and labels that are seen there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types

from tuicnn.language.reference import Entry, default_text, describe, entries, placeholder
from tuicnn.language.syntax.tree import Definition
from tuicnn.vocabulary import MISSING, Argument, ListOf

from .analysis import Analysis, path_of
from .contexts import Context, Expected, context_at
from .positions import Place
from .subjects import Sort, Symbol

__all__ = ["complete", "documented"]

_KINDS = {
    Sort.BLOCK: types.CompletionItemKind.Class,
    Sort.CONSTANT: types.CompletionItemKind.Constant,
    Sort.PARAMETER: types.CompletionItemKind.Variable,
    Sort.LABEL: types.CompletionItemKind.Reference,
}
Item = types.CompletionItem


def complete(analysis: Analysis, place: Place, *, snippets: bool) -> list[Item]:
    """The items for a place. With `snippets`, what must be given is put in as fields to go through."""
    context = context_at(analysis.page, place)
    return list(_Completion(analysis, place, context, snippets).items())


def documented(item: Item) -> Item:
    """An item with the whole help of its word, which the client asks for when the item is chosen."""
    if isinstance(item.data, list | tuple):
        found = next((e for e in entries() if [e.family, e.name] == list(item.data)), None)
        if found is not None:
            item.documentation = types.MarkupContent(types.MarkupKind.Markdown, describe(found))
    return item


class _Completion:
    def __init__(self, analysis: Analysis, place: Place, context: Context, snippets: bool) -> None:
        self.analysis = analysis
        self.place = place
        self.context = context
        self.snippets = snippets
        line, column = place
        start = analysis.page.position(line, column - len(context.begun))
        self.range = types.Range(start, analysis.page.position(line, column))

    def items(self) -> Iterator[Item]:
        context, mentions = self.context, self.analysis.mentions
        match context.expected:
            case Expected.STATEMENT:
                yield from self.settings()
                yield self.item("def", "a block", types.CompletionItemKind.Keyword, snippet="def ${1:name} = $0")
                yield from self.steps()
            case Expected.STEP:
                yield from self.steps()
                if context.branch:
                    yield from self.labels("@")
            case Expected.LABEL:
                yield from self.labels("")
            case Expected.FILE:
                yield from self.files()
            case Expected.COMPUTED:
                yield from self.symbols(mentions.values_at(self.place).values())
            case Expected.CALL if context.word in mentions.blocks:
                yield from self.parameters(mentions.blocks[context.word])
            case Expected.CALL:
                yield from self.arguments(self.entry("init") or self.entry("layer"))
            case Expected.ARGUMENT:
                yield from self.argument()
            case Expected.VALUE:
                yield from self.value()

    # --- of words ---------------------------------------------------------------------------------------------------

    def entry(self, family: str) -> Entry | None:
        """The entry of the context's word in a family."""
        return next((e for e in entries() if e.family == family and e.name == self.context.word), None)

    def settings(self) -> Iterator[Item]:
        for entry in entries():
            if entry.family == "setting":
                kind = types.CompletionItemKind.Module
                yield self.item(f"{entry.name}:", entry.help, kind, text=f"{entry.name}: ", entry=entry)

    def steps(self) -> Iterator[Item]:
        for symbol in self.analysis.mentions.blocks.values():
            yield self.block(symbol)
        for entry in entries():
            if entry.family == "layer":
                kind = types.CompletionItemKind.Function
                yield self.item(entry.name, entry.brief, kind, snippet=_layer_snippet(entry), entry=entry)

    def argument(self) -> Iterator[Item]:
        context, blocks = self.context, self.analysis.mentions.blocks
        if context.setting == "include":
            return
        if context.setting and not context.word:
            entry = next((e for e in entries() if e.family == "setting" and e.name == context.setting), None)
            if entry is not None and entry.arguments:
                yield from self.arguments(entry)
            else:
                yield from self.choices("layer" if context.setting == "default" else context.setting)
        elif context.setting:
            family = "layer" if context.setting == "default" else context.setting
            yield from self.arguments(self.entry(family) or self.setting(), placed=context.setting != "default")
        elif context.word in blocks:
            yield from self.parameters(blocks[context.word])
        else:
            yield from self.arguments(self.entry("layer"))
            yield self.item("as", "name what comes out", types.CompletionItemKind.Keyword, snippet="as ${1:label}")

    def setting(self) -> Entry | None:
        return next((e for e in entries() if e.family == "setting" and e.name == self.context.setting), None)

    def choices(self, family: str) -> Iterator[Item]:
        for entry in entries():
            if entry.family == family:
                yield self.item(entry.name, entry.brief, types.CompletionItemKind.Value, entry=entry)

    def arguments(self, entry: Entry | None, *, placed: bool = True) -> Iterator[Item]:
        """The options that are not given yet, and what may stand at the next place."""
        if entry is None:
            return
        places = [a for a in entry.arguments if a.positional and a.name not in self.context.given]
        if placed and self.context.placed < len(places):
            yield from self.words(places[self.context.placed])
            yield from self.symbols(self.analysis.mentions.values_at(self.place).values())
        for argument in entry.arguments:
            if not argument.positional and argument.name not in self.context.given:
                default = default_text(argument)
                detail = f"{argument.kind.says}{f' (default {default})' if default not in ('needed', '-') else ''}"
                name = f"{argument.name}="
                yield self.item(name, detail, types.CompletionItemKind.Property, text=name, help=argument.help)

    def value(self) -> Iterator[Item]:
        context, mentions = self.context, self.analysis.mentions
        entry = self.setting() if context.setting else None
        for family in [context.setting, "layer", "init"]:
            entry = entry if entry is not None and entry.arguments else self.entry(family)
        argument = next((a for a in entry.arguments if a.name == context.option), None) if entry is not None else None
        if argument is not None:
            yield from self.words(argument)
        yield from self.symbols(mentions.values_at(self.place).values())

    def words(self, argument: Argument) -> Iterator[Item]:
        """The bare words that an argument takes."""
        kind = argument.kind.item if isinstance(argument.kind, ListOf) else argument.kind
        inits = {e.name: e for e in entries() if e.family == "init"} if getattr(kind, "vocabulary", "") else {}
        for name in kind.words:
            entry = inits.get(name)
            snippet = _call_snippet(entry) if entry is not None else ""
            detail = entry.help if entry is not None else f"{argument.name}: {argument.help}"
            yield self.item(name, detail, types.CompletionItemKind.EnumMember, snippet=snippet, entry=entry)

    # --- of what the text defines -----------------------------------------------------------------------------------

    def block(self, symbol: Symbol) -> Item:
        made = symbol.made_by
        assert isinstance(made, Definition)
        names = [p.name.text for p in made.parameters]
        needed = [p.name.text for p in made.parameters if p.default is None]
        inner = ", ".join(f"${{{i}:{name}}}" for i, name in enumerate(needed, 1))
        snippet = f"{symbol.name.text}({inner})" if len(needed) > 1 else f"{symbol.name.text} {inner}".rstrip()
        detail = f"block ({', '.join(names)})" if names else "block"
        return self.item(symbol.name.text, detail, _KINDS[Sort.BLOCK], snippet=snippet, first=True)

    def parameters(self, symbol: Symbol) -> Iterator[Item]:
        made = symbol.made_by
        if isinstance(made, Definition):
            for parameter in made.parameters[self.context.placed :]:
                name = parameter.name.text
                if name not in self.context.given:
                    kind = types.CompletionItemKind.Property
                    yield self.item(f"{name}=", f"parameter of {symbol.name.text}", kind, text=f"{name}=")
        yield from self.symbols(self.analysis.mentions.values_at(self.place).values())

    def symbols(self, found: Iterable[Symbol]) -> Iterator[Item]:
        for symbol in found:
            value = self.analysis.reading.constants.get(symbol.name.text) if symbol.sort is Sort.CONSTANT else None
            detail = f"constant{f' = {value}' if isinstance(value, int | float) else ''}"
            yield self.item(
                symbol.name.text,
                detail if symbol.sort is Sort.CONSTANT else str(symbol.sort),
                _KINDS[symbol.sort],
                first=True,
            )

    def labels(self, mark: str) -> Iterator[Item]:
        for name in self.analysis.mentions.labels_at(self.place):
            yield self.item(f"{mark}{name}", "label", _KINDS[Sort.LABEL], first=True)

    def files(self) -> Iterator[Item]:
        """The `.net` files beside this one, for `include:`."""
        path = path_of(self.analysis.uri)
        if path is None:
            return
        folder = path.parent / self.context.begun.rpartition("/")[0]
        head = self.context.begun.rpartition("/")[0]
        try:
            names = sorted(p.name for p in folder.iterdir() if p.suffix == ".net" and p != path)[:200]
        except (OSError, ValueError):
            return
        for name in names:
            yield self.item(f"{head}/{name}" if head else name, "", types.CompletionItemKind.File)

    # --- the item ---------------------------------------------------------------------------------------------------

    def item(
        self,
        label: str,
        detail: str,
        kind: types.CompletionItemKind,
        *,
        text: str = "",
        snippet: str = "",
        entry: Entry | None = None,
        help: str = "",
        first: bool = False,
    ) -> Item:
        as_snippet = bool(snippet) and self.snippets
        return Item(
            label=label,
            detail=detail or None,
            kind=kind,
            documentation=help or None,
            data=[entry.family, entry.name] if entry is not None else None,
            sort_text=f"{'0' if first else '1'}{label}",
            filter_text=label,
            insert_text_format=types.InsertTextFormat.Snippet if as_snippet else types.InsertTextFormat.PlainText,
            text_edit=types.TextEdit(self.range, snippet if as_snippet else text or label),
        )


def _layer_snippet(entry: Entry) -> str:
    """A layer with fields for what must be given, filled with what its example gives: `conv ${1:8} ${2:3x3}`."""
    braces = entry.brief.partition("{")
    if braces[1]:
        return f"{entry.name} {{ $1 | $2 }}" if "|" in braces[2] else f"{entry.name} {{ $1 }}"
    needed = [a for a in entry.arguments if a.positional and a.default is MISSING]
    shown = re.sub(rf"^{re.escape(entry.name)}\s*", "", entry.example).split()
    values = [value for value in shown if "=" not in value]
    values += [placeholder(entry, a) for a in needed[len(values) :]]
    return " ".join([entry.name, *(f"${{{i}:{value}}}" for i, value in enumerate(values[: len(needed)], 1))])


def _call_snippet(entry: Entry) -> str:
    """An initialiser with fields for what must be given: `normal(${1:std})`."""
    needed = [a.name for a in entry.arguments if a.default is MISSING]
    inner = ", ".join(f"${{{i}:{name}}}" for i, name in enumerate(needed, 1))
    return f"{entry.name}({inner})" if needed else entry.name
