"""What may be written next: layers, blocks, settings, options, words, constants and labels that are seen there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tuicnn.language.reference import Entry, default_text, entries, find_entry, placeholder
from tuicnn.language.syntax.tree import Definition
from tuicnn.vocabulary import MISSING, Argument, ObjectOf

from .contexts import Context, Expected, context_at
from .document import Document
from .mentions import Place
from .subjects import Sort, Symbol

__all__ = ["Completion", "Completions", "complete"]

#: files that are offered to `include:`
_MOST_FILES = 200


@dataclass(frozen=True)
class Completion:
    """Something that may be written: its name in a list, what is told beside it, and the text.

    `template` is what else may be written in place of the text, with fields to fill: texts and fields in turn, as in
    ("conv ", "8", " ", "3x3", ""). It is empty where the text has none.
    """

    label: str
    sort: Sort
    detail: str
    text: str
    template: tuple[str, ...] = ()
    #: a sentence more, or the word of the reference that has a page
    help: str = ""
    entry: Entry | None = None
    #: whether it is to stand before the words of the language
    first: bool = False


@dataclass(frozen=True)
class Completions:
    """What may be written in place of the beginning of a word, which stands at `line` from `start` to `end`."""

    line: int
    start: int
    end: int
    items: tuple[Completion, ...]


def complete(document: Document, place: Place) -> Completions:
    """What may be written at a place."""
    context = context_at(document.lines, place)
    line, column = place
    items = _Completer(document, place, context).items()
    return Completions(line, column - len(context.begun), column, tuple(items))


class _Completer:
    """Goes from what may stand at a place to the words that may."""

    def __init__(self, document: Document, place: Place, context: Context) -> None:
        self.document = document
        self.place = place
        self.context = context

    def items(self) -> Iterator[Completion]:
        context, mentions = self.context, self.document.mentions
        match context.expected:
            case Expected.STATEMENT:
                for entry in _family("setting"):
                    yield Completion(entry.title, Sort.SETTING, entry.help, f"{entry.title} ", entry=entry)
                yield _keyword("def", "a block", "name", " = ", "", "")
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
                yield from self.values()
            case Expected.CALL if context.word in mentions.blocks:
                yield from self.parameters(mentions.blocks[context.word])
            case Expected.CALL:
                yield from self.arguments(self.entry("init") or self.entry("layer"))
            case Expected.ARGUMENT:
                yield from self.argument()
            case Expected.VALUE:
                yield from self.value()

    # --- words of the language --------------------------------------------------------------------------------------

    def entry(self, family: str) -> Entry | None:
        """The entry of the context's word in a family."""
        return find_entry(family, self.context.word)

    def steps(self) -> Iterator[Completion]:
        for symbol in self.document.mentions.blocks.values():
            yield _block(symbol)
        for entry in _family("layer"):
            yield Completion(entry.name, Sort.LAYER, entry.brief, entry.name, _layer_template(entry), entry=entry)

    def argument(self) -> Iterator[Completion]:
        context, blocks = self.context, self.document.mentions.blocks
        if context.setting == "include":
            return
        setting = find_entry("setting", context.setting)
        chosen_from = "layer" if context.setting == "default" else context.setting
        if context.setting and not context.word and not (setting is not None and setting.arguments):
            for entry in _family(chosen_from):
                yield Completion(entry.name, Sort.CHOICE, entry.brief, entry.name, entry=entry)
        elif context.setting:
            # a default gives no value by its place
            placed = not (context.word and context.setting == "default")
            yield from self.arguments(self.entry(chosen_from) or setting, placed=placed)
        elif context.word in blocks:
            yield from self.parameters(blocks[context.word])
        else:
            yield from self.arguments(self.entry("layer"))
            yield _keyword("as", "name what comes out", "label", "")

    def arguments(self, entry: Entry | None, *, placed: bool = True) -> Iterator[Completion]:
        """The options that are not given yet, and what may stand at the next place."""
        if entry is None:
            return
        places = [a for a in entry.arguments if a.positional and a.name not in self.context.given]
        if placed and self.context.placed < len(places):
            yield from _words(places[self.context.placed])
            yield from self.values()
        for argument in entry.arguments:
            if not argument.positional and argument.name not in self.context.given:
                default = default_text(argument)
                detail = f"{argument.kind.says}{f' (default {default})' if default not in ('needed', '-') else ''}"
                name = f"{argument.name}="
                yield Completion(name, Sort.OPTION, detail, name, help=argument.help)

    def value(self) -> Iterator[Completion]:
        candidates = [find_entry("setting", self.context.setting)]
        candidates += [self.entry(family) for family in (self.context.setting, "layer", "init")]
        entry = next((e for e in candidates if e is not None and e.arguments), None)
        argument = next((a for a in entry.arguments if a.name == self.context.option), None) if entry else None
        if argument is not None:
            yield from _words(argument)
        yield from self.values()

    # --- what the text defines --------------------------------------------------------------------------------------

    def parameters(self, symbol: Symbol) -> Iterator[Completion]:
        if isinstance(symbol.made_by, Definition):
            for parameter in symbol.made_by.parameters[self.context.placed :]:
                name = parameter.name.text
                if name not in self.context.given:
                    detail = f"parameter of {symbol.name.text}"
                    yield Completion(f"{name}=", Sort.OPTION, detail, f"{name}=")
        yield from self.values()

    def values(self) -> Iterator[Completion]:
        """The constants and parameters that are seen here."""
        for symbol in self.document.mentions.values_at(self.place).values():
            name = symbol.name.text
            value = self.document.reading.constants.get(name) if symbol.sort is Sort.CONSTANT else None
            detail = f"{symbol.sort}{f' = {value}' if isinstance(value, int | float) else ''}"
            yield Completion(name, symbol.sort, detail, name, first=True)

    def labels(self, mark: str) -> Iterator[Completion]:
        for name in self.document.mentions.labels_at(self.place):
            yield Completion(f"{mark}{name}", Sort.LABEL, "label", f"{mark}{name}", first=True)

    def files(self) -> Iterator[Completion]:
        """The `.net` files beside this one, for `include:`."""
        path = self.document.path
        if path is None:
            return
        folder, slash, _ = self.context.begun.rpartition("/")
        try:
            beside = (path.parent / folder).iterdir()
            names = sorted(p.name for p in beside if p.suffix == ".net" and p != path)[:_MOST_FILES]
        except (OSError, ValueError):
            return
        for name in names:
            yield Completion(f"{folder}{slash}{name}", Sort.FILE, "", f"{folder}{slash}{name}")


def _family(family: str) -> Iterator[Entry]:
    return (entry for entry in entries() if entry.family == family)


def _keyword(word: str, detail: str, *template: str) -> Completion:
    return Completion(word, Sort.KEYWORD, detail, word, (f"{word} ", *template))


def _words(argument: Argument) -> Iterator[Completion]:
    """The bare words that an argument takes."""
    for name in argument.kind.words:
        entry = find_entry("init", name) if isinstance(argument.kind, ObjectOf) else None
        needed = [a.name for a in entry.arguments if a.default is MISSING] if entry is not None else []
        template = _call_template(name, needed)
        detail = entry.help if entry is not None else f"{argument.name}: {argument.help}"
        yield Completion(name, Sort.WORD, detail, name, template, entry=entry)


def _block(symbol: Symbol) -> Completion:
    made, name = symbol.made_by, symbol.name.text
    assert isinstance(made, Definition)
    names = [p.name.text for p in made.parameters]
    needed = [p.name.text for p in made.parameters if p.default is None]
    template = (f"{name} ", needed[0], "") if len(needed) == 1 else _call_template(name, needed)
    detail = f"block ({', '.join(names)})" if names else "block"
    return Completion(name, Sort.BLOCK, detail, name, template, first=True)


def _call_template(name: str, needed: list[str]) -> tuple[str, ...]:
    """A call with fields for what must be given: ("normal(", "std", ")"); empty where nothing must."""
    if not needed:
        return ()
    between = [piece for argument in needed for piece in (", ", argument)]
    return (f"{name}(", *between[1:], ")")


def _layer_template(entry: Entry) -> tuple[str, ...]:
    """A layer with fields for what must be given, filled with what its example gives; empty where nothing must."""
    _, brace, inside = entry.brief.partition("{")
    if brace:
        return (f"{entry.name} {{ ", "", " | ", "", " }") if "|" in inside else (f"{entry.name} {{ ", "", " }")
    needed = [a for a in entry.arguments if a.positional and a.default is MISSING]
    shown = re.sub(rf"^{re.escape(entry.name)}\s*", "", entry.example).split()
    values = [value for value in shown if "=" not in value]
    values += [placeholder(entry, a) for a in needed[len(values) :]]
    between = [piece for value in values[: len(needed)] for piece in (" ", value)]
    return (f"{entry.name}{between[0]}", *between[1:], "") if between else ()
