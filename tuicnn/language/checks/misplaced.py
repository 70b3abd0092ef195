"""Messages for misplaced values: a layer without its arrow, an option without its `=`, a surplus value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.diagnostics import Code, Span
from tuicnn.language.elsewhere import COUNTED_LAYERS
from tuicnn.language.excerpts import excerpt, text_before
from tuicnn.language.fixes import Fix, remove, respell, write
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, layer_called, option_meant
from tuicnn.language.syntax.tree import Argument, Name
from tuicnn.language.value_fixes import example_value, nearest_accepted
from tuicnn.vocabulary import Boolean, Integer, Kind, ListOf, UnsuitableError, Word, info, vocabulary, words

__all__ = ["Misplaced", "accepts", "arrow", "layer_meant", "missing_arrow", "read_bare_word", "read_surplus"]


@dataclass(frozen=True)
class Misplaced:
    """A problem, how many arguments it explains (0: the rest belongs to another step), and the option it stands for."""

    message: str
    span: Span
    help: Fix | None = None
    taken: int = 1
    option: str = ""
    #: whether the layer is what it is without it
    harmless: bool = False


def layer_meant(text: str, scope: Scope, fuzzy: bool = False) -> str | None:
    """The layer or block that a bare word is, in whatever case or by another name; None for none."""
    if text in scope.steps:
        return text
    plain = text.casefold().replace("_", "").replace("-", "")
    for name in scope.steps:
        if name.casefold() == plain:
            return name
    near = fuzzy and len(text) > 3
    return layer_called(text) or (closest(text, vocabulary("layer"), aliases("layer")) if near else None)


def arrow(name: Name, meant: str, title: str, *, safe: bool = False) -> Misplaced:
    """A step that stands for an argument of another one."""
    what = "a block" if meant == name.text and meant not in (*vocabulary("layer"), "residual") else "a layer"
    message = f"`{name.text}` is {what}, not an argument of {title}. Missing `->` before it?"
    if meant != name.text:
        message = f"`{name.text}` is not an argument of {title}. Did you mean `-> {meant}`?"
    apart = "" if text_before(name.span)[-1:].isspace() else " "
    return Misplaced(message, name.span, write(f"{apart}-> {meant}", safe=safe), taken=0)


def missing_arrow(rest: Sequence[Argument], scope: Scope, report: Report) -> None:
    """Report the further layers behind a missing arrow; `rest` begins with the first one."""
    title = ""
    for argument in rest:
        if argument.name is None and isinstance(argument.value, Name):
            meant = layer_meant(argument.value.text, scope)
            if meant is not None and argument.value.text not in scope.values:
                if title:
                    found = arrow(argument.value, meant, title)
                    report.error(Code.ARGUMENT, found.message, found.span, help=found.help or "")
                title = meant


def read_bare_word(
    cls: type, given: Sequence[Argument], i: int, fits: bool, scope: Scope, first: Collection[str]
) -> Misplaced | None:
    """What a bare word is meant to be that is no value.

    None where it may be a constant that is not defined: where a value `fits`. `first` are the arguments given so far.
    """
    name, title = given[i].value, info(cls).name
    assert isinstance(name, Name)
    own = {a.name: a for a in words.arguments(cls)}
    text, message = name.text, f"{title} does not take `{name.text}`"
    options = [a for a in own.values() if not a.positional and a.name not in first]
    if text in own and not own[text].positional:
        return _without_equals(cls, own[text], given, i, scope)
    meant = layer_meant(text, scope)
    if meant is not None:
        whole = all(a.default is not words.MISSING or a.name in first for a in own.values())
        return arrow(name, meant, title, safe=whole and info(cls).vocabulary == "layer")
    option = next((a.name for a in options if text in a.kind.words and text not in ("true", "false")), "")
    if option:
        return Misplaced(f"`{text}` needs the name of its option", name.span, write(f"{option}={text}"), 1, option)
    negated = text.casefold().removeprefix("no").lstrip("_-")
    if negated != text.casefold() and negated in own and isinstance(own[negated].kind, Boolean):
        return Misplaced(message, name.span, respell(f"{negated}=false"), 1, negated)
    if fits:
        return None
    option = option_meant(text, [a.name for a in options]) or ""
    if option and any(end in text.casefold() for end in ("hflip", "vflip", "horizontal", "vertical")):
        way = "vertical" if "v" in text.casefold()[:2] else "horizontal"
        return Misplaced(message, name.span, write(f"{option}={way}"), 1, option)
    if option:
        said = _without_equals(cls, own[option], given, i, scope)
        assert said.help is not None
        return replace(said, message=f"{message}. Did you mean `{said.help.edits[0][1]}`?")
    meant = layer_meant(text, scope, fuzzy=True)
    return arrow(name, meant, title) if meant is not None else Misplaced(message, name.span)


def _without_equals(cls: type, own: words.Argument, given: Sequence[Argument], i: int, scope: Scope) -> Misplaced:
    """`pad 1`, or `bias` alone."""
    following = given[i + 1] if i + 1 < len(given) else None
    if following is not None and following.name is None:
        value = evaluate(following.value, scope, Report().muted(), own.kind.words)
        bare = isinstance(following.value, Name) and value is UNKNOWN
        if not bare and (value is UNKNOWN or _taken(own, value)):
            span, text = given[i].span.to(following.span), f"{own.name}={excerpt(following.value.span)}"
            return Misplaced(f"`{own.name}` needs `=` before its value", span, respell(text), 2, own.name)
    text = nearest_accepted(cls, own, True) if not isinstance(own.kind, Integer) else example_value(cls, own)
    return Misplaced(f"`{own.name}` needs `=` and a value", given[i].span, write(f"{own.name}={text}"), 1, own.name)


def read_surplus(cls: type, given: Sequence[Argument], i: int, scope: Scope, first: Collection[str]) -> Misplaced:
    """What a value is meant to be for which there is no place: the next option's, or nothing."""
    argument, title = given[i], info(cls).name
    own = [a for a in words.arguments(cls) if not a.positional and a.name not in first]
    value = evaluate(argument.value, scope, Report().muted(), tuple(w for a in own for w in a.kind.words))
    following = given[i + 1] if i + 1 < len(given) else None
    if following is not None and following.name is None and isinstance(following.value, Name):
        option = option_meant(following.value.text, [a.name for a in own])
        behind = next((a for a in own if a.name == option), None)
        alone = i + 2 >= len(given) or given[i + 2].name is not None
        if behind is not None and alone and _taken(behind, value):
            message = f"the name of an option stands before its value: `{behind.name}=…`"
            fix = write(f"{behind.name}={excerpt(argument.value.span)}")
            return Misplaced(message, argument.span.to(following.span), fix, 2, behind.name)
    count = sum(a.positional for a in words.arguments(cls))
    takes = "takes no values" if not count else f"takes {count} value{'s' if count > 1 else ''} by place"
    message = f"{title} {takes}: this one is too many"
    if title in COUNTED_LAYERS and isinstance(value, int):
        return Misplaced(message, argument.span, remove(more=": how many channels there are is found out by itself"))
    for option_own in own if value is not UNKNOWN else ():
        for candidate in (value, [value]) if isinstance(option_own.kind, ListOf) else (value,):
            if _taken(option_own, candidate):
                fix = write(f"{option_own.name}={option_own.kind.show(option_own.kind.accept(candidate))}")
                message = f"{title} {takes}: further ones are written by their name"
                return Misplaced(message, argument.span, fix, 1, option_own.name)
    return Misplaced(message, argument.span, None if own else remove(), harmless=not own)


def _taken(own: words.Argument, value: Any) -> bool:
    """Whether a value can be meant for an option, which takes some that are written for others too."""
    if isinstance(own.kind, Boolean) and not isinstance(value, bool):
        return False
    return not (isinstance(value, Word) and value not in own.kind.words) and accepts(own.kind, value)


def accepts(kind: Kind, value: Any) -> bool:
    """Whether an argument of a kind takes a value."""
    try:
        kind.accept(value)
    except (UnsuitableError, TypeError):
        return False
    return True
