"""Gives a name that a text defines another one, everywhere it is meant and nowhere else, or says why that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from tuicnn.language.diagnostics import Severity, Span
from tuicnn.language.syntax.grammar import tokens

from .analysis import Analysis, analyse
from .positions import Page, Place
from .subjects import Mention, Sort, Symbol

__all__ = ["RenameError", "prepare", "rename"]

_NAME = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*")
_RESERVED = frozenset({"def", "as", "true", "false", "nan", "inf"})


class RenameError(Exception):
    """A name cannot be changed; the message is a sentence for the user."""


def prepare(analysis: Analysis, place: Place) -> types.PrepareRenamePlaceholder | None:
    """The name at a place that can be changed, or None."""
    mention = analysis.mentions.at(place)
    if mention is None or not isinstance(mention.subject, Symbol):
        return None
    return types.PrepareRenamePlaceholder(analysis.page.range(mention.span), mention.subject.name.text)


def rename(analysis: Analysis, place: Place, name: str, others: Iterable[Analysis] = ()) -> types.WorkspaceEdit | None:
    """The edits that give the name at a place another one; `others` are open texts, which may include this one.

    Raises `RenameError` where the text would not mean the same afterwards.
    """
    mention = analysis.mentions.at(place)
    if mention is None or not isinstance(mention.subject, Symbol):
        return None
    symbol = mention.subject
    old = symbol.name.text
    if not analysis.is_own(symbol.name.span):
        raise RenameError(f"{old} is defined in {symbol.name.span.source.name}: rename it there")
    _see_that_it_is_a_name(name, symbol.sort)
    if name == old:
        return None
    changes: dict[str, list[types.TextEdit]] = {}
    for each in [analysis, *(o for o in others if o.uri != analysis.uri)]:
        found = each.mentions.of(symbol)
        if not found:
            continue
        _see_that_all_is_read(each, old)
        if each is analysis:
            _see_that_it_means_the_same(each, found, name)
        changes[each.uri] = [types.TextEdit(each.page.range(m.span), name) for m in found]
    return types.WorkspaceEdit(changes=changes)


def _see_that_it_is_a_name(name: str, sort: Sort) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise RenameError(f"{name!r} is no name: write a letter or _, then letters, digits or _")
    if "-" in name and sort in (Sort.CONSTANT, Sort.PARAMETER):
        raise RenameError(f"{name!r} would be read as a subtraction: write {name.replace('-', '_')}")


def _see_that_all_is_read(analysis: Analysis, old: str) -> None:
    """A use in a line that cannot be read would be left behind."""
    for span in analysis.mentions.unreadable:
        inside = [t for t in tokens(_text(analysis.page, span)) if t.type == "NAME" and old in str(t).split("-")]
        if inside or old in _text(analysis.page, span).split("-"):
            raise RenameError(f"line {span.line} cannot be read, and {old} may be meant in it: mend it first")


def _text(page: Page, span: Span) -> str:
    lines = page.lines[span.line - 1 : span.end_line]
    if lines:
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def _see_that_it_means_the_same(analysis: Analysis, found: list[Mention], name: str) -> None:
    """Read the text as it would be: it must have no new problem, and every word must be about what it was about."""
    lines = list(analysis.page.lines)
    for span in sorted((m.span for m in found), reverse=True):
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + name + line[span.end_column - 1 :]
    after = analyse(analysis.uri, "\n".join(lines), analysis.page.codec)
    known, new = _errors(analysis), _errors(after)
    if len(new) > len(known):
        raise RenameError(f"{name} cannot be used here: {next((m for m in new if m not in known), new[0])}")
    if _meanings(analysis) != _meanings(after):
        raise RenameError(f"{name} means something else here already: choose another name")


def _errors(analysis: Analysis) -> list[str]:
    return [d.message for d in analysis.checked.diagnostics if d.severity is Severity.ERROR]


def _meanings(analysis: Analysis) -> list[object]:
    """What each word is about, apart from how names are written."""
    mentions = analysis.mentions.all
    numbers = {m.span: i for i, m in enumerate(mentions) if isinstance(m.subject, Symbol)}
    out: list[object] = []
    for mention in mentions:
        subject = mention.subject
        if not isinstance(subject, Symbol):
            out.append(subject)
        elif analysis.is_own(subject.name.span):
            out.append((subject.sort, numbers.get(subject.name.span)))
        else:
            out.append((subject.sort, subject.name.span.source.name, subject.name.span))
    return out
