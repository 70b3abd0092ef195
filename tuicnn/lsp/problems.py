"""The language's problems as the protocol's diagnostics, and their fixes as its code actions."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from tuicnn.language.diagnostics import Applicability, Diagnostic, Note, Severity, Span
from tuicnn.language.fixes import choose_fixes

from .analysis import Analysis

__all__ = ["code_actions", "diagnostics"]

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


def code_actions(
    analysis: Analysis, range: types.Range, *, related: bool, only: Sequence[str] | None = None
) -> list[types.CodeAction]:
    """A quick fix for each problem in a range, preferred where it is safe; and one action for all that are safe."""
    kinds = types.CodeActionKind
    own = analysis.document.reading.tree.source.name
    problems = analysis.document.checked.diagnostics
    out: list[types.CodeAction] = []
    for problem in problems if _asked(kinds.QuickFix, only) else ():
        shown = _diagnostic(problem, analysis, related)
        if choose_fixes([problem], own, unsafe=True) and _touch(shown.range, range):
            safe = problem.applicability is Applicability.SAFE
            out.append(_action(problem.help, kinds.QuickFix, [problem], [shown], analysis, preferred=safe))
    if _asked(kinds.SourceFixAll, only) and (safe_ones := choose_fixes(problems, own)):
        shown_ones = [_diagnostic(problem, analysis, related) for problem in safe_ones]
        out.append(_action("apply all safe fixes", kinds.SourceFixAll, safe_ones, shown_ones, analysis))
    return out


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a client that asks for some kinds of actions alone wants this one."""
    return only is None or any(kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _action(
    title: str,
    kind: types.CodeActionKind,
    problems: Sequence[Diagnostic],
    shown: list[types.Diagnostic],
    analysis: Analysis,
    *,
    preferred: bool = False,
) -> types.CodeAction:
    edits = [types.TextEdit(analysis.page.range(e.span), e.replacement) for p in problems for e in p.fixes]
    changes = types.WorkspaceEdit({analysis.page.uri: edits})
    return types.CodeAction(title, kind, shown, is_preferred=preferred or None, edit=changes)


def _touch(a: types.Range, b: types.Range) -> bool:
    return not (_before(a.end, b.start) or _before(b.end, a.start))


def _before(a: types.Position, b: types.Position) -> bool:
    return (a.line, a.character) < (b.line, b.character)


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
