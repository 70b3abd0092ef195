"""The language's problems as the protocol's diagnostics, and their fixes as its code actions."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from tuicnn.language.diagnostics import Applicability, Severity
from tuicnn.language.editing import Problem, fixable, problems, safely_fixable

from .analysis import Analysis

__all__ = ["code_actions", "diagnostics"]

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}
_KINDS = types.CodeActionKind


def diagnostics(analysis: Analysis, *, related: bool) -> list[types.Diagnostic]:
    """All problems of a text. Where the client shows no `related` places, their notes are part of the message."""
    return [_diagnostic(problem, analysis, related) for problem in problems(analysis.document)]


def _diagnostic(problem: Problem, analysis: Analysis, related: bool) -> types.Diagnostic:
    beside = [(note, note.span) for note in problem.notes if note.span is not None and related]
    places = [types.DiagnosticRelatedInformation(analysis.location(span), note.message) for note, span in beside]
    return types.Diagnostic(
        range=analysis.page.range(problem.span),
        message=problem.text(without=[note for note, _ in beside]),
        severity=_SEVERITIES[problem.diagnostic.severity],
        code=problem.diagnostic.code,
        source="tuicnn",
        related_information=places or None,
    )


def code_actions(
    analysis: Analysis, range: types.Range, *, related: bool, only: Sequence[str] | None = None
) -> list[types.CodeAction]:
    """A quick fix for each problem in a range, preferred where it is safe; and one action for all that are safe."""
    start, end = analysis.page.place(range.start), analysis.page.place(range.end)
    out: list[types.CodeAction] = []
    for problem in fixable(analysis.document, start, end) if _asked(_KINDS.QuickFix, only) else ():
        action = _action(problem.diagnostic.help, _KINDS.QuickFix, [problem], analysis, related)
        action.is_preferred = problem.diagnostic.applicability is Applicability.SAFE or None
        out.append(action)
    if _asked(_KINDS.SourceFixAll, only) and (safe := safely_fixable(analysis.document)):
        out.append(_action("apply all safe fixes", _KINDS.SourceFixAll, safe, analysis, related))
    return out


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a client that asks for some kinds of actions alone wants this one."""
    return only is None or any(kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _action(
    title: str, kind: types.CodeActionKind, chosen: list[Problem], analysis: Analysis, related: bool
) -> types.CodeAction:
    page = analysis.page
    edits = [types.TextEdit(page.range(e.span), e.replacement) for p in chosen for e in p.diagnostic.fixes]
    shown = [_diagnostic(problem, analysis, related) for problem in chosen]
    return types.CodeAction(title, kind, shown, edit=types.WorkspaceEdit({page.uri: edits}))
