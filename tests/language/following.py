"""Applies what problems say to write, as `tuicnn check --fix` and editors do."""

from __future__ import annotations

from tuicnn.language import Checked, Diagnostic, Severity, check
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import apply_edits, choose_fixes

__all__ = ["errors", "followed", "marked"]


def errors(checked: Checked) -> list[Diagnostic]:
    """The problems that keep a network from training."""
    return [d for d in checked.diagnostics if d.severity is Severity.ERROR]


def marked(problem: Diagnostic) -> str:
    """What stands above the carets."""
    return excerpt(problem.span)


def followed(text: str) -> str:
    """A text after the fixes of all errors of one check were applied."""
    chosen = choose_fixes(errors(check(text)), "net", unsafe=True)
    return apply_edits(text, [edit for problem in chosen for edit in problem.fixes])
