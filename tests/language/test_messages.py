"""What is told of a mistake: code, line, mark, message, label, notes, help. The cases stand in messages.txt."""

from __future__ import annotations

import pytest

from tuicnn.language import Diagnostic, check

from .following import cases, marked

CASES = cases("messages.txt")


def told(problem: Diagnostic) -> str:
    notes = "".join(f" = {n.message}" + (f" {n.span.line}:{n.span.column}" if n.span else "") for n in problem.notes)
    label = f" [{problem.label}]" if problem.label else ""
    where = f"{problem.severity}[{problem.code}] {problem.span.line}: {marked(problem)}"
    return f"{where}  <-  {problem.message}{label}{notes}\n  {problem.help}"


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_told(text: str, expected: str) -> None:
    assert "\n".join(map(told, check(text).diagnostics)) == expected
