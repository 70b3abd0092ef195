"""The language's problems as the protocol's diagnostics."""

from __future__ import annotations

from lsprotocol import types

from tuicnn.language.diagnostics import Diagnostic, Note, Severity, Span

from .analysis import Analysis

__all__ = ["diagnostics"]

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def diagnostics(analysis: Analysis, *, related: bool) -> list[types.Diagnostic]:
    """All problems of a text. Where the client shows no `related` places, their notes are part of the message."""
    return [_diagnostic(problem, analysis, related) for problem in analysis.document.checked.diagnostics]


def _diagnostic(problem: Diagnostic, analysis: Analysis, related: bool) -> types.Diagnostic:
    notes = list(problem.notes)
    span = problem.span
    if not analysis.document.is_own(span):
        # a problem of an included file: shown on the line that includes it, with the place itself beside
        notes = [Note(problem.message, span), *(n for n in notes if n.message != "included here")]
        span = _included_at(span, analysis)
    placed = [note for note in notes if note.span is not None and related]
    lines = [problem.message]
    if problem.label:
        lines.append(problem.label)
    lines += [_with_line(note, analysis) for note in notes if note not in placed and note.message != problem.message]
    if problem.help:
        lines.append(f"help: {problem.help}")
    return types.Diagnostic(
        range=analysis.page.range(span),
        message="\n".join(lines),
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        source="tuicnn",
        related_information=[
            types.DiagnosticRelatedInformation(analysis.location(note.span), note.message)
            for note in placed
            if note.span is not None
        ]
        or None,
    )


def _included_at(span: Span, analysis: Analysis) -> Span:
    """The place in this text that includes the file of `span`, however many files are between."""
    included = analysis.document.reading.included
    for _ in range(100):
        at = included.get(span.source.name)
        if at is None:
            break
        span = at
        if analysis.document.is_own(span):
            return span
    return Span(1, 1, 1, 1, analysis.document.reading.tree.source)


def _with_line(note: Note, analysis: Analysis) -> str:
    if note.span is None:
        return note.message
    where = f"line {note.span.line}"
    if not analysis.document.is_own(note.span):
        where = f"{note.span.source.name}, {where}"
    return f"{note.message} ({where})"
