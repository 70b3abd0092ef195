"""Applies the safe fixes of a text until none is left: what `tuicnn check --fix` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuicnn.language.checking import Checked, check
from tuicnn.language.diagnostics import Code, Diagnostic, Severity
from tuicnn.language.fixes import apply_edits, choose_fixes

__all__ = ["Fixed", "fix_text"]

#: checks of one text; each applies all fixes that go together, so that few are needed
_MOST_CHECKS = 50


@dataclass(frozen=True)
class Fixed:
    """A text after its fixes, the problems that they took away, and what is left to say of it."""

    text: str
    applied: tuple[Diagnostic, ...]
    checked: Checked


def fix_text(text: str, *, name: str = "net", path: Path | None = None) -> Fixed:
    """Apply the safe fixes of a text, round by round; a fix may show the next problem.

    A fix that leaves its problem, or makes a text that is not of the language's form, is taken back. Comments are
    never lost. `name` and `path` are those of `check`.
    """
    checked = check(text, name=name, path=path)
    applied: list[Diagnostic] = []
    refused: set[tuple[str, str]] = set()
    most = _MOST_CHECKS
    while chosen := [p for p in choose_fixes(checked.diagnostics, name) if _said(p) not in refused]:
        while most:
            most -= 1
            fixed = apply_edits(text, [edit for problem in chosen for edit in problem.fixes])
            result = check(fixed, name=name, path=path)
            if not _worse(checked, result, chosen):
                text, checked = fixed, result
                applied += chosen
                break
            if len(chosen) == 1:
                refused.add(_said(chosen[0]))
                break
            chosen = chosen[: len(chosen) // 2]
        if not most:
            break
    return Fixed(text, tuple(applied), checked)


def _said(problem: Diagnostic) -> tuple[str, str]:
    return problem.code, problem.message


def _worse(before: Checked, after: Checked, chosen: Sequence[Diagnostic]) -> bool:
    """Whether problems that were to go are still there, or there is more that cannot be read."""
    told = [Counter(_said(d) for d in each.diagnostics if d.severity is Severity.ERROR) for each in (before, after)]
    left = any(told[1][said] > told[0][said] - count for said, count in Counter(map(_said, chosen)).items())
    return left or any(code == Code.SYNTAX for code, _ in told[1] - told[0])
