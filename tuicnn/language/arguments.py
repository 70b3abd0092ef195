"""Takes the arguments of a layer or a setting apart, each checked by its own kind and reported in its own place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuicnn import words
from tuicnn.kinds import ListOf, Text
from tuicnn.values import UnsuitableError, Word, show
from tuicnn.words import info

from .codes import Code
from .diagnostics import Note
from .report import Report
from .suggest import closest, did_you_mean
from .tree import Argument, Name, Value
from .values import UNKNOWN, Scope, evaluate

__all__ = ["Taken", "extra_fields", "signature", "take", "take_options"]


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
    taking = _Taking(cls, name, scope, report)
    taking.arguments(given)
    made = None
    if taking.good and taking.complete({**(defaults or {}), **taking.values}):
        try:
            made = cls(**{**(defaults or {}), **taking.values, **(extra or {})})
        except UnsuitableError as wrong:
            report.error(Code.RANGE, f"{info(cls).name} {wrong}", name.span, help=wrong.help or "")
    return Taken(made, " ".join([info(cls).name, *taking.shown]), taking.first)


def take_options(cls: type, name: Name, given: tuple[Argument, ...], scope: Scope, report: Report) -> dict[str, Any]:
    """The values of options for `default:`, of those that are right."""
    taking = _Taking(cls, name, scope, report)
    for argument in given:
        own = next((a for a in words.arguments(cls) if argument.name and a.name == argument.name.text), None)
        if argument.name is None or (own is not None and own.positional):
            report.error(
                Code.ARGUMENT,
                "only options have defaults",
                argument.span,
                help=f"write `name=value`: {signature(cls)}",
            )
        else:
            taking.one(argument)
    return taking.values


class _Taking:
    def __init__(self, cls: type, name: Name, scope: Scope, report: Report) -> None:
        self.cls = cls
        self.name = name
        self.title = info(cls).name
        self.scope = scope
        self.report = report
        self.own = {a.name: a for a in words.arguments(cls)}
        self.places = [a for a in self.own.values() if a.positional]
        self.values: dict[str, Any] = {}
        self.first: dict[str, Argument] = {}
        self.shown: list[str] = []
        self.good = True

    def arguments(self, given: tuple[Argument, ...]) -> None:
        """All arguments in their order, up to a layer's name: what follows that belongs to it."""
        for argument in given:
            if not self.one(argument):
                break

    def one(self, argument: Argument) -> bool:
        """One argument; False where the rest cannot be meant for this word."""
        if argument.name is None:
            if isinstance(argument.value, Name) and self._misplaced(argument.value):
                self.good = False
                return False
            free = [a for a in self.places if a.name not in self.first]
            if not free:
                return self._too_many(argument)
            own = free[0]
        else:
            name = argument.name.text
            if name not in self.own:
                return self._unknown(argument.name)
            own = self.own[name]
            if name in self.first:
                self._wrong(
                    Code.ARGUMENT,
                    f"`{name}` is given twice",
                    argument,
                    help="keep one of them",
                    notes=(Note("first given here", self.first[name].span),),
                )
                return True
        self.first[own.name] = argument
        self._accept(own, argument)
        return True

    def _accept(self, own: words.Argument, argument: Argument) -> None:
        kind = own.kind
        accepted = kind.item.words if isinstance(kind, ListOf) else kind.words
        if isinstance(kind, Text) and isinstance(argument.value, Name):
            accepted = (argument.value.text,)  # it lacks its quotes, and the kind says so
        value = evaluate(argument.value, self.scope, self.report, accepted)
        if value is UNKNOWN:
            self.good = False
            return
        self.shown.append(show(value) if argument.name is None else f"{own.name}={show(value)}")
        try:
            self.values[own.name] = kind.accept(value)
        except UnsuitableError as wrong:
            help = wrong.help or (did_you_mean(value, kind.words) if isinstance(value, Word) else "")
            self._wrong(Code.RANGE, f"`{own.name}` of {self.title} {wrong}", argument, at=argument.value, help=help)

    def complete(self, values: Mapping[str, Any]) -> bool:
        """Whether all that must be given is given."""
        missing = [a for a in self.own.values() if a.default is words.MISSING and a.name not in values]
        if not missing:
            return True
        each = " and ".join(f"its `{a.name}` ({a.help})" for a in missing)
        self._wrong(
            Code.ARGUMENT,
            f"{self.title} needs {each}",
            None,
            help=f"write `{info(self.cls).example}`: {signature(self.cls)}",
        )
        return False

    def _misplaced(self, value: Name) -> bool:
        """A bare word that is no value: a layer whose arrow is missing, or an option whose `=` is."""
        text = value.text
        free = next((a for a in self.places if a.name not in self.first), None)
        if text in self.scope.values or (free is not None and text in free.kind.words) or text in ("true", "false"):
            return False
        if text in self.own and not self.own[text].positional:
            self._wrong(Code.ARGUMENT, f"`{text}` needs `=` and a value", None, at=value, help=f"write `{text}=…`")
            return True
        if text in self.scope.steps:
            what = "a layer" if text in words.vocabulary("layer") else "a block"
            self._wrong(
                Code.ARGUMENT,
                f"`{text}` is {what}, not an argument of {self.title}",
                None,
                at=value,
                help=f"Missing `->` before it? Write `-> {text}`",
            )
            return True
        if free is None:
            meant = closest(text, [*(a.name for a in self.own.values() if not a.positional)])
            self._wrong(
                Code.ARGUMENT,
                f"{self.title} does not take `{text}`",
                None,
                at=value,
                help=f"Did you mean `{meant}=…`?" if meant else f"{self.title} takes: {signature(self.cls)}",
            )
            return True
        return False

    def _too_many(self, argument: Argument) -> bool:
        count = len(self.places)
        takes = "takes no values" if not count else f"takes {count} value{'s' if count > 1 else ''} by place"
        self._wrong(
            Code.ARGUMENT,
            f"{self.title} {takes}: this one is too many",
            argument,
            help=f"{self.title} takes: {signature(self.cls)}",
        )
        return True

    def _unknown(self, name: Name) -> bool:
        hint = did_you_mean(name.text, self.own)
        takes = f"{self.title} takes: {signature(self.cls)}"
        self._wrong(
            Code.NAME,
            f"{self.title} has no option `{name.text}`",
            None,
            at=name,
            help=f"{hint} {takes}".strip(),
        )
        return True

    def _wrong(
        self,
        code: Code,
        message: str,
        argument: Argument | None,
        *,
        at: Value | None = None,
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        self.good = False
        span = at.span if at is not None else argument.span if argument is not None else self.name.span
        self.report.error(code, message, span, help=help, notes=notes)


def extra_fields(cls: type, **values: Any) -> dict[str, Any]:
    """Those of `values` that the class has as fields, though they are no words of the language."""
    names = {f.name for f in dataclasses.fields(cls)}
    return {name: value for name, value in values.items() if name in names}
