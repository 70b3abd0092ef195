"""Gives a name that a text defines another one, everywhere it is meant and nowhere else, or says why that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tuicnn.language.diagnostics import Severity, Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.syntax.grammar import tokens

from .document import Document, read_document
from .mentions import Place
from .subjects import Mention, Sort, Symbol

__all__ = ["RenameError", "rename", "renamed_at"]

_NAME = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*")
_RESERVED = frozenset({"def", "as", "true", "false", "nan", "inf"})


class RenameError(Exception):
    """A name cannot be changed; the message is a sentence for the user."""


def renamed_at(document: Document, place: Place) -> Span | None:
    """The name at a place that can be changed, or None."""
    mention = document.mentions.at(place)
    return mention.span if mention is not None and isinstance(mention.subject, Symbol) else None


def rename(document: Document, place: Place, name: str, others: Iterable[Document] = ()) -> list[Span]:
    """The places where the name at a place is to be replaced by another one.

    `others` are open texts, which may include this one; the source of each span says in which text it is. Where there
    is nothing to rename, there are none. Raises `RenameError` where the text would not mean the same afterwards.
    """
    symbol = document.mentions.symbol_at(place)
    if symbol is None:
        return []
    old = symbol.name.text
    if not document.is_own(symbol.name.span):
        raise RenameError(f"{old} is defined in {symbol.name.span.source.name}: rename it there")
    _check_is_name(name, symbol.sort)
    if name == old:
        return []
    places: list[Span] = []
    for each in [document, *(o for o in others if o.name != document.name)]:
        found = each.mentions.of(symbol)
        if found:
            _check_all_readable(each, old)
        if each is document:
            _check_same_meaning(each, found, name)
        places += [m.span for m in found]
    return places


def _check_is_name(name: str, sort: Sort) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise RenameError(f"{name!r} is no name: write a letter or _, then letters, digits or _")
    if "-" in name and sort in (Sort.CONSTANT, Sort.PARAMETER):
        raise RenameError(f"{name!r} would be read as a subtraction: write {name.replace('-', '_')}")


def _check_all_readable(document: Document, old: str) -> None:
    """A use in a line that cannot be read would be left behind."""
    for span in document.mentions.unreadable:
        text = excerpt(span)
        inside = any(t.type == "NAME" and old in str(t).split("-") for t in tokens(text))
        if inside or old in text.split("-"):
            raise RenameError(f"line {span.line} cannot be read, and {old} may be meant in it: correct it first")


def _check_same_meaning(document: Document, found: list[Mention], name: str) -> None:
    """Read the text as it would be: it must have no new problem, and every word must be about what it was about."""
    lines = list(document.lines)
    for span in sorted((m.span for m in found), reverse=True):
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + name + line[span.end_column - 1 :]
    after = read_document("\n".join(lines), document.path)
    known, new = _errors(document), _errors(after)
    if len(new) > len(known):
        raise RenameError(f"{name} cannot be used here: {next((m for m in new if m not in known), new[0])}")
    if _meanings(document) != _meanings(after):
        raise RenameError(f"{name} means something else here already: choose another name")


def _errors(document: Document) -> list[str]:
    return [d.message for d in document.checked.diagnostics if d.severity is Severity.ERROR]


def _meanings(document: Document) -> list[object]:
    """What each word is about, apart from how names are written."""
    mentions = document.mentions.all
    numbers = {m.span: i for i, m in enumerate(mentions) if isinstance(m.subject, Symbol)}
    out: list[object] = []
    for mention in mentions:
        subject = mention.subject
        if not isinstance(subject, Symbol):
            out.append(subject)
        elif document.is_own(subject.name.span):
            out.append((subject.sort, numbers.get(subject.name.span)))
        else:
            out.append((subject.sort, subject.name.span.source.name, subject.name.span))
    return out
