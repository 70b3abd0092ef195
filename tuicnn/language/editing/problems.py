"""The problems of a text where an editor shows them, and those that have a fix."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tuicnn.language.diagnostics import Diagnostic, Note, Span
from tuicnn.language.fixes import choose_fixes

from .document import Document
from .mentions import Place

__all__ = ["Problem", "fixable", "problems", "safely_fixable"]


@dataclass(frozen=True)
class Problem:
    """A problem, the place in the text at which it is shown, and the places and sentences that belong to it."""

    diagnostic: Diagnostic
    span: Span
    notes: tuple[Note, ...]

    def text(self, *, without: Collection[Note] = ()) -> str:
        """All that there is to say of it, in lines; `without` notes that are shown elsewhere."""
        found = self.diagnostic
        lines = [found.message, found.label]
        lines += [self._with_line(n) for n in self.notes if n not in without and n.message != found.message]
        return "\n".join(filter(None, [*lines, f"help: {found.help}" if found.help else ""]))

    def _with_line(self, note: Note) -> str:
        if note.span is None:
            return note.message
        file = "" if note.span.source.name == self.span.source.name else f"{note.span.source.name}, "
        return f"{note.message} ({file}line {note.span.line})"


def problems(document: Document) -> list[Problem]:
    """All problems of a text, in its order; one of an included file stands on the line that includes it."""
    return [_shown(document, found) for found in document.checked.diagnostics]


def fixable(document: Document, start: Place, end: Place) -> list[Problem]:
    """The problems between two places, or right beside them, whose fix can be applied to this text."""
    return [
        problem
        for problem in problems(document)
        if (problem.span.line, problem.span.column) <= end
        and start <= (problem.span.end_line, problem.span.end_column)
        and choose_fixes([problem.diagnostic], document.name, unsafe=True)
    ]


def safely_fixable(document: Document) -> list[Problem]:
    """The problems whose fixes leave no doubt, and can all be applied to this text together."""
    return [_shown(document, found) for found in choose_fixes(document.checked.diagnostics, document.name)]


def _shown(document: Document, found: Diagnostic) -> Problem:
    if document.is_own(found.span):
        return Problem(found, found.span, found.notes)
    others = (note for note in found.notes if note.message != "included here")
    return Problem(found, _included_at(document, found.span), (Note(found.message, found.span), *others))


def _included_at(document: Document, span: Span) -> Span:
    """The place in the text that includes the file of `span`, however many files are between."""
    included = document.reading.included
    for _ in range(100):
        at = included.get(span.source.name)
        if at is None:
            break
        span = at
        if document.is_own(span):
            return span
    return Span(1, 1, 1, 1, document.reading.tree.source)
