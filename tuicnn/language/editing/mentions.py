"""What each word of a tree refers to, by the same rules of scope as the checker.

Constants and blocks are seen everywhere, parameters in their block. A label is seen in the chain that makes it and
in what stands in it; one made in what is repeated only there, and a block's own labels only in the block.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from dataclasses import dataclass

from tuicnn.language.checking import Reading
from tuicnn.language.diagnostics import Span
from tuicnn.language.names import all_words, first_word
from tuicnn.language.reference import Entry, find_entry
from tuicnn.language.syntax import tree

from .subjects import Included, Mention, Option, Sort, Subject, Symbol, Word

__all__ = ["Mentions", "Place", "find_mentions"]

#: line and column, from 1, in characters
Place = tuple[int, int]
#: names that are seen somewhere, those of the innermost scope first
Names = ChainMap[str, Symbol]
_FAR: Place = (2**31, 1)


@dataclass(frozen=True)
class _Scope:
    """A stretch of text with names of its own: the whole, a block, a repeated step."""

    start: Place
    end: Place
    values: Names
    labels: Names


class Mentions:
    """All mentions of a text, the names that it and the files it includes define, and where it cannot be read."""

    def __init__(self) -> None:
        self.all: list[Mention] = []
        self.blocks: dict[str, Symbol] = {}
        self.scopes = [_Scope((0, 0), _FAR, Names(), Names())]
        self.unreadable: list[Span] = []

    def at(self, place: Place) -> Mention | None:
        """The narrowest mention at a place or right before it; of two that meet there, the one that begins."""

        def contains(span: Span) -> bool:
            return (span.line, span.column) <= place <= (span.end_line, span.end_column)

        def order(mention: Mention) -> tuple[bool, int, int, bool]:
            span = mention.span
            width = (span.end_line - span.line, span.end_column - span.column)
            return (span.end_line, span.end_column) == place, *width, not isinstance(mention.subject, Symbol)

        return min((m for m in self.all if contains(m.span)), key=order, default=None)

    def symbol_at(self, place: Place) -> Symbol | None:
        """The name of the text at a place."""
        mention = self.at(place)
        return mention.subject if mention is not None and isinstance(mention.subject, Symbol) else None

    def of(self, symbol: Symbol) -> list[Mention]:
        """Every mention of a name, its definition with them."""
        return [m for m in self.all if isinstance(m.subject, Symbol) and m.subject.is_same(symbol)]

    def _scope_at(self, place: Place) -> _Scope:
        return max((scope for scope in self.scopes if scope.start <= place <= scope.end), key=lambda scope: scope.start)

    def values_at(self, place: Place) -> dict[str, Symbol]:
        """The constants and parameters that are seen at a place."""
        return dict(self._scope_at(place).values)

    def labels_at(self, place: Place) -> dict[str, Symbol]:
        """The labels that are seen at a place and made before it."""
        seen = self._scope_at(place).labels.items()
        return {name: s for name, s in seen if (s.name.span.end_line, s.name.span.end_column) <= place}


def find_mentions(reading: Reading) -> Mentions:
    """The mentions of a text that was checked."""
    walk = _Walker(reading)
    statements = reading.tree.statements
    for i, statement in enumerate(statements):
        following = statements[i + 1].span if i + 1 < len(statements) else None
        # in a block one may still be writing behind its last word
        walk.end = (following.line, following.column - 1) if following is not None else _FAR
        walk.statement(statement)
    walk.recalls()
    return walk.out


class _Walker:
    def __init__(self, reading: Reading) -> None:
        self.out = Mentions()
        self.text = self.out.scopes[0]
        self.program = reading.program
        self.words = all_words()
        self.recalled: list[tuple[tree.Name, Names]] = []
        self.end = _FAR
        self.parameters: dict[str, dict[str, Symbol]] = {}
        # a definition that cannot be read has perhaps no name
        for name, block in self.program.blocks.items():
            if name:
                self.out.blocks[name] = Symbol(Sort.BLOCK, block.name, block)
            own = self.parameters.setdefault(name, {})
            for parameter in block.parameters:
                own.setdefault(parameter.name.text, Symbol(Sort.PARAMETER, parameter.name, parameter, block))
        for name, constant in self.program.constants.items():
            self.text.values[name] = Symbol(Sort.CONSTANT, constant.name, constant)

    def note(self, span: Span, subject: Subject | None) -> None:
        if subject is not None:
            self.out.all.append(Mention(span, subject))

    # --- statements -------------------------------------------------------------------------------------------------

    def statement(self, statement: tree.Statement) -> None:
        if isinstance(statement, tree.Chain):
            self.chain(statement, self.text)
        elif isinstance(statement, tree.Setting):
            self.setting(statement)
        elif isinstance(statement, tree.Constant):
            self.note(statement.name.span, self.text.values.get(statement.name.text))
            self.value(statement.value, self.text.values, self.words)
            if statement.value is None:
                self.out.unreadable.append(statement.span)
        else:
            self.definition(statement)

    def definition(self, block: tree.Definition) -> None:
        symbol = self.out.blocks.get(block.name.text)
        self.note(block.name.span, symbol)
        if block.chain is None:
            self.out.unreadable.append(block.span)
        own = {p.name.text: Symbol(Sort.PARAMETER, p.name, p) for p in block.parameters}  # of a second definition
        if symbol is not None and symbol.made_by is block:
            own = self.parameters[block.name.text]
        values = self.text.values.new_child(own)
        for parameter in block.parameters:
            self.note(parameter.name.span, own[parameter.name.text])
            self.value(parameter.default, values, self.words)
        scope = _Scope((block.span.line, block.span.column), self.end, values, Names())
        self.out.scopes.append(scope)
        if block.chain is not None:
            self.chain(block.chain, scope)

    def setting(self, setting: tree.Setting) -> None:
        name = setting.name.text
        entry = self.word("setting", setting.name)
        given = setting.arguments
        if not setting.readable:
            self.out.unreadable.append(setting.span)
        elif name == "include":
            for argument in given:
                if isinstance(argument.value, tree.Literal) and isinstance(argument.value.value, str):
                    self.note(argument.span, Included(argument.value.value))
        elif entry is not None and entry.arguments:
            self.arguments(entry, given, self.text.values)
        else:
            word, rest = first_word(setting)
            chosen = self.word("layer" if name == "default" else name, word) if word is not None else None
            if chosen is not None:
                self.arguments(chosen, rest, self.text.values)

    # --- steps ------------------------------------------------------------------------------------------------------

    def chain(self, chain: tree.Chain, scope: _Scope) -> None:
        for step in chain.steps:
            self.step(step, scope)

    def step(self, step: tree.Step, scope: _Scope) -> None:
        for repeat in step.repeats:
            self.value(repeat, scope.values, ())
        unit, inner = step.unit, scope
        if step.repeats:
            start, end = (unit.span.line, unit.span.column), (unit.span.end_line, unit.span.end_column)
            inner = _Scope(start, end, scope.values, scope.labels.new_child())
            self.out.scopes.append(inner)
        if isinstance(unit, tree.Group):
            self.chain(unit.chain, inner)
        elif isinstance(unit, tree.Recall):
            self.recalled.append((unit.name, inner.labels))
        elif isinstance(unit, tree.Unreadable):
            self.out.unreadable.append(unit.span)
        else:
            self.use(unit, inner)
        if step.label is not None:
            own = scope.labels.maps[0]
            self.note(step.label.span, own.setdefault(step.label.text, Symbol(Sort.LABEL, step.label, step)))

    def recalls(self) -> None:
        """Tell what each `@label` names, now that all labels are known."""
        for name, labels in self.recalled:
            self.note(name.span, labels.get(name.text))

    def use(self, use: tree.Use, scope: _Scope) -> None:
        name = use.name.text
        if name in self.out.blocks:
            self.note(use.name.span, self.out.blocks[name])
            for argument in use.arguments:
                if argument.name is not None:
                    self.note(argument.name.span, self.parameters[name].get(argument.name.text))
                self.value(argument.value, scope.values, self.words)
        else:
            self.arguments(self.word("layer", use.name), use.arguments, scope.values)
        for chain in use.branches.chains if use.branches is not None else ():
            self.chain(chain, scope)

    # --- values -----------------------------------------------------------------------------------------------------

    def word(self, family: str, name: tree.Name) -> Entry | None:
        """Note a word of the language, if it is one."""
        entry = find_entry(family, name.text)
        if entry is not None:
            self.note(name.span, Word(entry))
        return entry

    def arguments(self, entry: Entry | None, given: tuple[tree.Argument, ...], names: Names) -> None:
        """The arguments of a word of the language, each with the argument that it gives."""
        own = {a.name: a for a in entry.arguments} if entry is not None else {}
        free = [a for a in own.values() if a.positional]
        for argument in given:
            meant = own.get(argument.name.text) if argument.name is not None else next(iter(free), None)
            if meant in free:
                free.remove(meant)
            if meant is None or entry is None:
                self.value(argument.value, names, ())
                continue
            self.note(argument.span, Option(entry, meant))
            self.value(argument.value, names, meant.kind.words)

    def value(self, value: tree.Value | None, names: Names, accepted: Iterable[str]) -> None:
        """The names in a value. `accepted` are the words that, written bare, are no names of constants here."""
        if isinstance(value, tree.Name):
            if value.text not in accepted and value.text not in ("true", "false"):
                self.note(value.span, names.get(value.text))
        elif isinstance(value, tree.Negative):
            self.value(value.value, names, ())
        elif isinstance(value, tree.Arithmetic):
            self.value(value.first, names, ())
            for _, operand in value.rest:
                self.value(operand, names, ())
        elif isinstance(value, tree.Items):
            for item in value.items:
                self.value(item, names, accepted)
        elif isinstance(value, tree.CallValue):
            self.arguments(self.word("init", value.name), value.arguments, names)
