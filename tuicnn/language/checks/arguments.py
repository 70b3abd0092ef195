"""Assigns the arguments of a layer or a setting, each checked by its kind and reported at its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuicnn.language.checks.misplaced import Misplaced, accepts, missing_arrow, read_bare_word, read_surplus
from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.diagnostics import Code, Note, Span, lines_of
from tuicnn.language.elsewhere import ACTIVATION_OPTIONS, NEEDLESS_OPTIONS, OPPOSITES, PAIRS, SETTINGS, SWITCHED_OFF
from tuicnn.language.excerpts import bare_text, excerpt, plain_step
from tuicnn.language.fixes import Fix, after, remove, respell, start, write
from tuicnn.language.names import option_owner, setting_names
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, is_other_name, option_meant
from tuicnn.language.syntax.tree import Argument, Items, Literal, Name
from tuicnn.language.value_fixes import example_value, nearest_accepted
from tuicnn.vocabulary import Kind, ListOf, Size, SizeKind, Text, UnsuitableError, info, show, words

__all__ = ["Taken", "extra_fields", "look", "signature", "take", "take_options"]


@dataclass(frozen=True)
class Taken:
    """What became of a use: the object (None where an argument was wrong) and its text, constants put in."""

    made: Any
    text: str
    #: the arguments that were given, for problems that are found later
    given: Mapping[str, Argument]


def signature(cls: type) -> str:
    """What a word takes, as in `conv F KxK [stride pad]`."""
    usage, named = info(cls).usage, words.arguments(cls)
    if usage == info(cls).name:
        usage = " ".join([usage, *(a.name.upper() for a in named if a.positional)])
    options = " ".join(a.name for a in named if not a.positional)
    return usage + (f" [{options}]" if options else "")


def take(
    cls: type,
    name: Name,
    given: tuple[Argument, ...],
    scope: Scope,
    report: Report,
    defaults: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Taken:
    """Make an object of a registered class from arguments as written. `extra` are fields that are no arguments."""
    taking = _Taking(cls, name, given, scope, report)
    taking.arguments()
    made = None
    if taking.good and taking.complete({**(defaults or {}), **taking.values}):
        try:
            made = cls(**{**(defaults or {}), **taking.values, **(extra or {})})
        except UnsuitableError as wrong:
            report.error(Code.RANGE, f"{info(cls).name} {wrong}", name.span, help=wrong.help or "")
    return Taken(made, " ".join([info(cls).name, *taking.shown]), taking.first)


def look(cls: type, name: Name, given: tuple[Argument, ...], scope: Scope, report: Report) -> None:
    """Report what is wrong with the arguments that are there, of a use that is no use of the class yet."""
    _Taking(cls, name, given, scope, report).arguments()


def take_options(cls: type, name: Name, given: tuple[Argument, ...], scope: Scope, report: Report) -> dict[str, Any]:
    """The values of options for `default:`, of those that are right."""
    taking = _Taking(cls, name, given, scope, report)
    options = sorted((a for a in words.arguments(cls) if not a.positional), key=lambda a: a.name != "pad")
    i, taken = 0, 1
    while i < len(given) and taken:  # else the rest is another step's
        argument = given[i]
        if argument.name.text in {a.name for a in taking.places} if argument.name else _is_plain(argument):
            help = remove(more=f": {signature(cls)}")
            if options:
                help = write(f"{options[0].name}={example_value(cls, options[0])}", more=f", say: {signature(cls)}")
            report.error(Code.ARGUMENT, "only options have defaults", argument.span, help=help)
            taken = 1
        else:
            taken = taking.one(i)
        i += taken
    return taking.values


def _is_plain(argument: Argument) -> bool:
    return not isinstance(argument.value, Name)


class _Taking:
    def __init__(self, cls: type, name: Name, given: tuple[Argument, ...], scope: Scope, report: Report) -> None:
        self.cls = cls
        self.name = name
        self.title = info(cls).name
        self.given = given
        self.scope = scope
        self.report = report
        self.own = {a.name: a for a in words.arguments(cls)}
        self.places = [a for a in self.own.values() if a.positional]
        self.values: dict[str, Any] = {}
        self.first: dict[str, Argument] = {}
        self.shown: list[str] = []
        self.good = True

    def arguments(self) -> None:
        """All arguments in their order, up to a layer's name: what follows that belongs to it."""
        if self._swapped():
            return
        i = 0
        while i < len(self.given):
            taken = self.one(i)
            if not taken:
                missing_arrow(self.given[i:], self.scope, self.report)
                break
            i += taken

    def one(self, i: int) -> int:
        """One argument, and those after it that belong to it: their number; 0 where the rest is another step's."""
        argument = self.given[i]
        if argument.name is not None:
            self._named(argument, argument.name)
            return 1
        free = next((a for a in self.places if a.name not in self.first), None)
        if isinstance(argument.value, Name) and not self._is_value(argument.value, free):
            found = read_bare_word(self.cls, self.given, i, free is not None, self.scope, self.first)
            if found is not None:
                return self._misplaced(found)
        if free is None:
            return self._misplaced(read_surplus(self.cls, self.given, i, self.scope, self.first))
        self.first[free.name] = argument
        self._accept(free, argument)
        return 1

    def _is_value(self, value: Name, free: words.Argument | None) -> bool:
        text = value.text
        return text in self.scope.values or (free is not None and text in free.kind.words) or text in ("true", "false")

    def _misplaced(self, found: Misplaced) -> int:
        self.good &= found.harmless
        help = found.help or remove(more=self._takes(" (", ")"))
        self.report.error(Code.ARGUMENT, found.message, found.span, help=help)
        if found.option:
            self.first.setdefault(found.option, self.given[0])
        return found.taken

    def _takes(self, before: str = "", after: str = "") -> str:
        return f"{before}{self.title} takes: {signature(self.cls)}{after}" if self.own else ""

    # --- named ------------------------------------------------------------------------------------------------------

    def _named(self, argument: Argument, name: Name) -> None:
        own = self.own.get(name.text)
        if own is None:
            self._unknown(argument, name)
        elif name.text in self.first:
            note, help = Note("first given here", self.first[name.text].span), remove(more=", or the first one")
            self._wrong(Code.ARGUMENT, f"`{name.text}` is given twice", argument.span, help, note)
        else:
            self.first[own.name] = argument
            self._accept(own, argument)

    def _unknown(self, argument: Argument, name: Name) -> None:
        message = f"{self.title} has no option `{name.text}`"
        if self.title != "augment" and name.text in ACTIVATION_OPTIONS and self._activation(argument, message):
            return None
        if name.text in NEEDLESS_OPTIONS:
            return self._wrong(Code.NAME, f"{message}: it is found out by itself", argument.span, remove(safe=True))
        if name.text in SWITCHED_OFF and "freeze" in self.own and self._switch(argument, name.text, message):
            return None
        if self._pair(argument, name.text, message):
            return None
        meant = option_meant(name.text, self.own)
        if meant is None and self._elsewhere(argument, name.text, message):
            return None
        if meant is None or meant in self.first:
            return self._wrong(Code.NAME, message, argument.span, remove(more=self._takes("; ")))
        own = self.own[meant]
        value = evaluate(argument.value, self.scope, self.report.muted(), own.kind.words)
        text, span = "", name.span
        here = _by_name(name.text, value)
        if value is not UNKNOWN and (here is not value or not accepts(own.kind, value)):
            text, span = nearest_accepted(self.cls, own, here), argument.span
        self.first[meant] = argument
        asked = meant if span is name.span else f"{meant}={text}"
        safe = span is name.span and is_other_name(name.text, meant)
        help = write(asked, safe=safe, more=self._takes("; "))
        return self._wrong(Code.NAME, f"{message}. Did you mean `{asked}`?", span, help)

    def _pair(self, argument: Argument, name: str, message: str) -> bool:
        """`betas=(0.9, 0.999)`: two options in one."""
        options = PAIRS.get(name.casefold(), ())
        if not options or not self.own.keys() >= {*options} or not isinstance(argument.value, Items):
            return False
        values = [evaluate(item, self.scope, self.report.muted(), ()) for item in argument.value.items]
        if len(values) != len(options):
            return False
        texts = (nearest_accepted(self.cls, self.own[o], value) for o, value in zip(options, values, strict=True))
        text = " ".join(f"{option}={each}" for option, each in zip(options, texts, strict=True))
        self._wrong(Code.NAME, f"{message}. Did you mean `{text}`?", argument.span, write(text))
        return True

    def _elsewhere(self, argument: Argument, name: str, message: str) -> bool:
        """`train: lr=0.1`: what belongs to another setting, or is one."""
        here = self.title if info(self.cls).vocabulary == "setting" else info(self.cls).vocabulary
        if here not in setting_names():
            return False
        value = excerpt(argument.value.span)
        setting = name if name in setting_names() else SETTINGS.get(name.casefold())
        if setting is not None:
            why, more = f"`{setting}:` is a setting of its own", f"`{setting}: {value}` on a line of its own"
        else:
            owner, option, _ = option_owner(name, {})
            if not owner or owner == here:
                return False
            why, more = f"`{option}` is an option of `{owner}:`", f"`{option}={value}` there"
        help = remove(more=f" here, and write {more}")
        self._wrong(Code.NAME, f"{message}; {why}", argument.span, help)
        return True

    def _switch(self, argument: Argument, name: str, message: str) -> bool:
        """`scale=false`, `affine=true`: whether there are weights is here whether they learn."""
        value = evaluate(argument.value, self.scope, self.report.muted(), ())
        if not isinstance(value, bool) or "freeze" in self.first:
            return False
        if value:
            self._wrong(Code.NAME, f"{message}: it has its weights anyway", argument.span, remove(safe=True))
        else:
            text = SWITCHED_OFF[name]
            help = write(text, argument.span, more=": weights that stay as they begin, at 1 and 0")
            self._wrong(Code.NAME, f"{message}. Did you mean `{text}`?", argument.span, help)
        return True

    def _activation(self, argument: Argument, message: str) -> bool:
        layers = words.vocabulary("layer")
        layer = closest(bare_text(argument.value), layers, aliases("layer"))
        if layer is None or self.title not in layers:
            return False
        called = _in_call(self.name.span, self.given)
        help = write(f"-> {layer}")
        if argument is not self.given[-1] or called:
            whole = self.name.span.to(_closing(self.given[-1].span) if called else self.given[-1].span)
            help = write(f"{plain_step(self.title, [a for a in self.given if a is not argument])} -> {layer}", whole)
        self._wrong(Code.NAME, f"{message}: an activation is a layer of its own", argument.span, help)
        return True

    # --- values -----------------------------------------------------------------------------------------------------

    def _accept(self, own: words.Argument, argument: Argument) -> None:
        kind, accepted = own.kind, own.kind.words
        if isinstance(kind, Text) and isinstance(argument.value, Name):
            accepted = (argument.value.text,)  # it lacks its quotes, and the kind says so
        if isinstance(argument.value, Items) and argument.value.round:
            return self._tuple(own, argument.value)
        value = evaluate(argument.value, self.scope, self.report, accepted, example_value(self.cls, own))
        if value is UNKNOWN:
            self.good = False
            return None
        self.shown.append(show(value) if argument.name is None else f"{own.name}={show(value)}")
        try:
            self.values[own.name] = kind.accept(value)
        except UnsuitableError as wrong:
            text = nearest_accepted(self.cls, own, value)
            safe = str(value).casefold() == text.casefold() or text == f"[{value}]"  # but for its case or its brackets
            help = write(text if argument.name is None else f"{own.name}={text}", argument.span, safe=safe)
            return self._wrong(Code.RANGE, f"`{own.name}` of {self.title} {wrong}", argument.value.span, help)
        return None

    def _tuple(self, own: words.Argument, items: Items) -> None:
        """`(3, 3)` where a size or a list is meant."""
        values = [evaluate(item, self.scope, self.report.muted(), ()) for item in items.items]
        text = nearest_accepted(self.cls, own, values)
        what = "a list stands in brackets" if isinstance(own.kind, ListOf) else "a size is written with `x`"
        self._wrong(Code.RANGE, f"`{own.name}` of {self.title} is no pair: {what}", items.span, respell(text))

    def _swapped(self) -> bool:
        """Whether all places are given, but in another order: `conv 3x3 8`, `reshape 8 26 26`, `conv 8x3x3`."""
        given = [a for a in self.given if a.name is None]
        values = [a.value.value for a in given if isinstance(a.value, Literal)]
        if not given or not self.places or len(values) < len(given) or self.given[: len(given)] != tuple(given):
            return False
        kinds, first = [a.kind for a in self.places], self.places[0]
        text = message = ""
        if len(kinds) == 2 == len(values) and not _fits(kinds, values) and _fits(kinds, values[::-1]):
            text = f"{show(values[1])} {show(values[0])}"
            order = " and then ".join(f"the {a.help.partition(',')[0].partition(' that ')[0]}" for a in self.places)
            message = f"{self.title} takes {order}"
        elif len(kinds) == 2 and len(values) == 1 and isinstance(size := values[0], Size):
            message = f"{self.title} needs its `{first.name}` before its `{self.places[1].name}`"
            if len(size) == 3:
                text = f"{size[0]} {size[1]}x{size[2]}"
                message = f"`{size}` is one size, but {self.title} takes two values"
            elif len(size) == 2 and not any(a.name and a.name.text == first.name for a in self.given):
                text = f"{example_value(self.cls, first)} {size}"
        elif len(kinds) == 1 and isinstance(first.kind, SizeKind) and len(values) == first.kind.axes == 3:
            text = nearest_accepted(self.cls, first, values) if all(isinstance(v, int) for v in values) else ""
            message = f"{self.title} takes one size, written with `x`"
        if text:
            self._wrong(Code.ARGUMENT, message, given[0].span.to(given[-1].span), write(text))
        return bool(text)

    def complete(self, values: Mapping[str, Any]) -> bool:
        """Whether all that must be given is given."""
        missing = [a for a in self.own.values() if a.default is words.MISSING and a.name not in values]
        if not missing:
            return True
        each = " and ".join(f"its `{a.name}` ({a.help})" for a in missing)
        written = {a.name.text if a.name else None for a in self.given}
        step = [info(self.cls).name] if info(self.cls).vocabulary != "setting" else []
        places = iter([a for a in self.given if a.name is None])
        for place in self.places:
            if place in missing:
                step.append(example_value(self.cls, place))
            elif place.name not in written and (given := next(places, None)) is not None:  # else a default gives it
                step.append(excerpt(given.value.span))
        step += [excerpt(a.span) for a in self.given if a.name is not None]
        span = self.name.span
        if self.given and not _in_call(span, self.given):
            span = span.to(self.given[-1].span)
        help = write(" ".join(step), more=f"; {signature(self.cls)}")
        self._wrong(Code.ARGUMENT, f"{self.title} needs {each}", span, help)
        return False

    def _wrong(self, code: Code, message: str, span: Span, help: Fix, *notes: Note) -> None:
        self.good = False
        self.report.error(code, message, span, help=help, notes=notes)


def _fits(kinds: list[Kind], values: list[Any]) -> bool:
    return all(accepts(kind, value) for kind, value in zip(kinds, values, strict=True))


def _by_name(name: str, value: Any) -> Any:
    """What a switch of another library means here: `vertical_flip=true` is `flip=vertical`."""
    if isinstance(value, bool) and name.casefold() in OPPOSITES:
        return not value
    if value is not True or "flip" not in name:
        return value
    return name.replace("_flip", "").replace("hflip", "horizontal").replace("vflip", "vertical")


def _closing(last: Span) -> Span:
    """The place of the `)` behind the last argument of a call."""
    text = "\n".join(lines_of(last.source.text)[last.end_line - 1 :])[last.end_column - 1 :]
    before = text[: text.find(")") + 1]
    lines = before.count("\n")
    column = len(before.rpartition("\n")[2]) + (1 if lines else last.end_column)
    return Span(last.line, last.column, last.end_line + lines, column, last.source)


def _in_call(name: Span, given: tuple[Argument, ...]) -> bool:
    """Whether arguments stand in parentheses."""
    return bool(given) and excerpt(after(name).to(start(given[0].span))).lstrip().startswith("(")


def extra_fields(cls: type, **values: Any) -> dict[str, Any]:
    """Those of `values` that the class has as fields, though they are no words of the language."""
    names = {f.name for f in dataclasses.fields(cls)}
    return {name: value for name, value in values.items() if name in names}
