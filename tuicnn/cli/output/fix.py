"""What `tuicnn check --fix` and `--diff` do: apply the safe fixes of a net's file, or show what they would change."""

from __future__ import annotations

from pathlib import Path

from tuicnn.bundled import bundled
from tuicnn.errors import UserError
from tuicnn.language import Checked, Diagnostic, check_file, read_file
from tuicnn.language.writing.fixing import fix_text

from .fmt import print_diff, write_back
from .streams import say

__all__ = ["fix_file"]


def fix_file(path: Path, *, diff: bool, quiet: bool) -> tuple[Checked, tuple[Diagnostic, ...]]:
    """Fix a file, or with `diff` show what that would change; what is left to say of it, and what was fixed.

    The file is written in one go, and not at all where it changed meanwhile. Unless `quiet`, each fix is told. Raises
    `UserError` where it cannot be written.
    """
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return check_file(path)[1], ()
    fixed = fix_text(text, name=str(path), path=path)
    if diff:
        print_diff(str(path), text, fixed.text)
        return fixed.checked, ()
    if not fixed.applied:
        return fixed.checked, ()
    if path.resolve().is_relative_to(bundled("nets").resolve()):
        raise UserError(f"{path} is the one that comes with tuicnn and stays as it is; `tuicnn new` writes a copy")
    if read_file(path) != text:
        raise UserError(f"{path} was changed meanwhile, and nothing was written; check it again")
    if problem := write_back(path, fixed.text):
        raise UserError(problem)
    for problem_fixed in fixed.applied if not quiet else ():
        span = problem_fixed.span
        say(f"{path}:{span.line}:{span.column}: fixed: {problem_fixed.message}")
    return fixed.checked, fixed.applied
