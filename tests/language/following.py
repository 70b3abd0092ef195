"""The recorded cases, and what comes of a text where what its problems say to write is applied."""

from __future__ import annotations

import re
from pathlib import Path

import tuicnn.data
import tuicnn.optimizers  # noqa: F401 - each fills its vocabulary
from tuicnn.language import Checked, Diagnostic, Severity, check
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import apply_edits, choose_fixes
from tuicnn.vocabulary import info, vocabulary

__all__ = ["cases", "errors", "followed", "marked"]


def cases(name: str) -> list[tuple[str, ...]]:
    """The cases of a file beside this one; `<every optim>` in it stands for all words of that vocabulary."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8").rstrip("\n")
    text = re.sub("<every (\\w+)>", lambda m: ", ".join(info(c).usage for c in vocabulary(m[1]).values()), text)
    return [tuple(case.split("\n----\n")) for case in text.split("\n====\n")]


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
