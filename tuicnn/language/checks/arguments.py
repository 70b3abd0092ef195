"""Takes the arguments of a layer or a setting apart, each checked by its own kind and reported in its own place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuicnn.language.checks.misplaced import Misplaced, missing_arrow, read_bare_word, read_surplus
from tuicnn.language.checks.value_fixes import example_value, nearest_accepted
from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.codes import Code
from tuicnn.language.diagnostics import Note, Span, lines_of
from tuicnn.language.elsewhere import ACTIVATION_OPTIONS, NEEDLESS_OPTIONS
from tuicnn.language.excerpts import excerpt, plain_step
from tuicnn.language.fixes import Fix, remove, respell, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import closest, is_other_name, option_meant
from tuicnn.language.syntax.tree import Argument, Items, Literal, Name
from tuicnn.vocabulary import ListOf, Size, SizeKind, Text, UnsuitableError, info, show, words

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
    usage = info(cls).usage
    named = words.arguments(cls)
    places = [a.name for a in named if a.positional]
    options = [a.name for a in named if not a.positional]
    if usage == info(cls).name and places:
        usage += " " + " ".join(p.upper() for p in places)
    return usage + (f" [{' '.join(options)}]" if options else "")


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
    i = 0
    while i < len(given):
        argument = given[i]
        own = next((a for a in words.arguments(cls) if argument.name and a.name == argument.name.text), None)
        bare = argument.name is None and isinstance(argument.value, Name)
        if (argument.name is None and not bare) or (own is not None and own.positional):
            option = next((a for a in words.arguments(cls) if not a.positional and a.name == "pad"), None)
            option = option or next((a for a in words.arguments(cls) if not a.positional), None)
            help = remove(more=f": {signature(cls)}")
            if option is not None:
                help = write(f"{option.name}={example_value(cls, option)}", more=f", say: {signature(cls)}")
            report.error(Code.ARGUMENT, "only options have defaults", argument.span, help=help)
            i += 1
        else:
            taken = taking.one(i)
            if not taken:  # the rest is another step's
                break
            i += taken
    return taking.values


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
            found = read_bare_word(self.cls, self.title, self.given, i, free, self.scope, self.first)
            if found is not None:
                return self._misplaced(found)
        if free is None:
            return self._misplaced(read_surplus(self.cls, self.title, self.given, i, self.scope, self.first))
        self.first[free.name] = argument
        self._accept(free, argument)
        return 1

    def _is_value(self, value: Name, free: words.Argument | None) -> bool:
        text = value.text
        return text in self.scope.values or (free is not None and text in _words(free)) or text in ("true", "false")

    def _misplaced(self, found: Misplaced) -> int:
        self.good &= found.harmless
        self.report.error(
            Code.ARGUMENT, found.message, found.span, help=found.help or remove(more=f"{self._takes(' (', ')')}")
        )
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
            first = Note("first given here", self.first[name.text].span)
            self._wrong(
                Code.ARGUMENT,
                f"`{name.text}` is given twice",
                argument.span,
                help=remove(more=", or the first one"),
                notes=(first,),
            )
        else:
            self.first[own.name] = argument
            self._accept(own, argument)

    def _unknown(self, argument: Argument, name: Name) -> None:
        message = f"{self.title} has no option `{name.text}`"
        if self.title != "augment" and name.text in ACTIVATION_OPTIONS and self._activation(argument, message):
            return
        if name.text in NEEDLESS_OPTIONS:
            self._wrong(Code.NAME, f"{message}: it is found out by itself", argument.span, help=remove(safe=True))
            return
        meant = option_meant(name.text, self.own)
        if meant is None or meant in self.first:
            help = remove(more=self._takes("; "))
            self._wrong(Code.NAME, message, argument.span, help=help)
            return
        own = self.own[meant]
        value = evaluate(argument.value, self.scope, self.report.muted(), _words(own))
        text, span = "", name.span
        if value is not UNKNOWN and not _accepts(own, value):
            text, span = nearest_accepted(self.cls, own, _by_name(name.text, value)), argument.span
        self.first[meant] = argument
        asked = meant if span is name.span else f"{meant}={text}"
        safe = span is name.span and is_other_name(name.text, meant)
        help = write(asked, safe=safe, more=self._takes("; "))
        self._wrong(Code.NAME, f"{message}. Did you mean `{asked}`?", span, help=help)

    def _activation(self, argument: Argument, message: str) -> bool:
        value = argument.value
        text = value.text if isinstance(value, Name) else str(value.value) if isinstance(value, Literal) else ""
        layer = closest(text, words.vocabulary("layer"), _layer_aliases())
        if layer is None or not words.vocabulary("layer").get(self.title):
            return False
        called = _in_call(self.name, self.given)
        help = write(f"-> {layer}")
        if argument is not self.given[-1] or called:
            whole = self.name.span.to(_closing(self.given[-1].span) if called else self.given[-1].span)
            help = write(f"{plain_step(self.title, [a for a in self.given if a is not argument])} -> {layer}", whole)
        self._wrong(Code.NAME, f"{message}: an activation is a layer of its own", argument.span, help=help)
        return True

    # --- values -----------------------------------------------------------------------------------------------------

    def _accept(self, own: words.Argument, argument: Argument) -> None:
        kind = own.kind
        accepted = _words(own)
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
            help = write(
                text if argument.name is None else f"{own.name}={text}", argument.span, safe=_respelt(value, text)
            )
            message = str(wrong)
            if "must" not in message:  # it speaks of what stands in the value, such as normal(…)
                message = f"must be {kind.says}" if not isinstance(kind, words.ObjectOf) else message
            self._wrong(Code.RANGE, f"`{own.name}` of {self.title} {message}", argument.value.span, help=help)

    def _tuple(self, own: words.Argument, items: Items) -> None:
        """`(3, 3)` where a size or a list is meant."""
        values = [evaluate(item, self.scope, self.report.muted(), ()) for item in items.items]
        text = nearest_accepted(self.cls, own, values)
        what = "a list stands in brackets" if isinstance(own.kind, ListOf) else "a size is written with `x`"
        self._wrong(Code.RANGE, f"`{own.name}` of {self.title} is no pair: {what}", items.span, help=respell(text))

    def _swapped(self) -> bool:
        """Whether all places are given, but in another order: `conv 3x3 8`, `reshape 8 26 26`, `conv 8x3x3`."""
        given = [a for a in self.given if a.name is None]
        if not given or not self.places or any(not isinstance(a.value, Literal) for a in given):
            return False
        values = [a.value.value for a in given if isinstance(a.value, Literal)]
        span = given[0].span.to(given[-1].span)
        adjacent = self.given[: len(given)] == tuple(given)
        if not adjacent:
            return False
        kinds = [a.kind for a in self.places]
        text = ""
        if len(kinds) == 2 and len(values) == 2 and not _fits(kinds, values) and _fits(kinds, values[::-1]):
            text = f"{show(values[1])} {show(values[0])}"
            order = " and then ".join(f"the {a.help.partition(',')[0].partition(' that ')[0]}" for a in self.places)
            message = f"{self.title} takes {order}"
        elif len(kinds) == 2 and len(values) == 1 and isinstance(values[0], Size):
            size = values[0]
            message = f"{self.title} needs its `{self.places[0].name}` before its `{self.places[1].name}`"
            if len(size) == 3:
                text = f"{size[0]} {size[1]}x{size[2]}"
                message = f"`{size}` is one size, but {self.title} takes two values"
            elif len(size) == 2 and not any(a.name and a.name.text == self.places[0].name for a in self.given):
                text = f"{example_value(self.cls, self.places[0])} {size}"
        elif len(kinds) == 1 and _is_axes(kinds[0], values):
            text = nearest_accepted(self.cls, self.places[0], values)
            message = f"{self.title} takes one size, written with `x`"
        if not text:
            return False
        self._wrong(Code.ARGUMENT, message, span, help=write(text))
        return True

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
        span = self.name.span.to(self.given[-1].span) if self.given else self.name.span
        if _in_call(self.name, self.given):
            span = self.name.span
        self._wrong(
            Code.ARGUMENT,
            f"{self.title} needs {each}",
            span,
            help=write(f"{' '.join(step)}", more=f"; {signature(self.cls)}"),
        )
        return False

    def _wrong(
        self, code: Code, message: str, span: Span, *, help: Fix | str = "", notes: tuple[Note, ...] = ()
    ) -> None:
        self.good = False
        self.report.error(code, message, span, help=help, notes=notes)


def _words(own: words.Argument) -> tuple[str, ...]:
    return own.kind.item.words if isinstance(own.kind, ListOf) else own.kind.words


def _accepts(own: words.Argument, value: Any) -> bool:
    try:
        own.kind.accept(value)
    except (UnsuitableError, TypeError):
        return False
    return True


def _is_axes(kind: Any, values: list[Any]) -> bool:
    """Whether values are the axes of a size that lacks its `x`."""
    return isinstance(kind, SizeKind) and len(values) == kind.axes == 3 and all(isinstance(v, int) for v in values)


def _fits(kinds: list[Any], values: list[Any]) -> bool:
    try:
        for kind, value in zip(kinds, values, strict=True):
            kind.accept(value)
    except UnsuitableError:
        return False
    return True


def _by_name(name: str, value: Any) -> Any:
    """What a switch of another library means here: `vertical_flip=true` is `flip=vertical`."""
    return (
        name.replace("_flip", "").replace("hflip", "horizontal").replace("vflip", "vertical")
        if (value is True and "flip" in name)
        else value
    )


def _closing(last: Span) -> Span:
    """The place of the `)` behind the last argument of a call."""
    text = "\n".join(lines_of(last.source.text)[last.end_line - 1 :])[last.end_column - 1 :]
    before = text[: text.find(")") + 1]
    lines = before.count("\n")
    column = len(before.rpartition("\n")[2]) + (1 if lines else last.end_column)
    return Span(last.line, last.column, last.end_line + lines, column, last.source)


def _respelt(value: Any, text: str) -> bool:
    """Whether a text says the same as the value that it stands for, in another case or without quotes."""
    return str(value).casefold() == text.casefold() or text == f"[{value}]"


def _layer_aliases() -> Mapping[str, str]:
    from tuicnn.language.suggest import aliases

    return aliases("layer")


def _in_call(name: Name, given: tuple[Argument, ...]) -> bool:
    """Whether arguments stand in parentheses."""
    if not given:
        return False
    between = excerpt(dataclasses.replace(name.span, end_line=given[0].span.line, end_column=given[0].span.column))
    return "(" in between[len(name.text) :]


def extra_fields(cls: type, **values: Any) -> dict[str, Any]:
    """Those of `values` that the class has as fields, though they are no words of the language."""
    names = {f.name for f in dataclasses.fields(cls)}
    return {name: value for name, value in values.items() if name in names}
