"""Writes nets anew: in the language's one form (`tuicnn fmt`), or with their safe fixes (`tuicnn check --fix`)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tuicnn.bundled import is_bundled_net
from tuicnn.cli.output.diff import print_diff
from tuicnn.cli.output.streams import complain, put, say
from tuicnn.errors import UserError
from tuicnn.language import Checked, Diagnostic, UnreadableError, check_file, format_text, read_file
from tuicnn.language.syntax.reading import decode
from tuicnn.language.writing.fixing import fix_text
from tuicnn.limits import NET_BYTES
from tuicnn.system.files import why, write_over

__all__ = ["fix_file", "format_files"]

#: stands for standard input, and its text then goes to standard output
_STDIN = "-"

Problems = Callable[[tuple[Diagnostic, ...]], None]


def format_files(files: Sequence[str], *, check: bool, diff: bool, problems: Problems) -> int:
    """Format each file and say which were changed; with `check` or `diff` none is. Returns the exit code.

    `problems` is told why a file cannot be read; the others are formatted all the same.
    """
    failed, changed = False, False
    for file in files:
        text = _read(file)
        try:
            if isinstance(text, Diagnostic):
                raise UnreadableError((text,))
            if file == _STDIN:
                formatted = format_text(text, name="standard input")
            else:
                formatted = format_text(text, name=file, path=Path(file))
        except UnreadableError as unreadable:
            problems(unreadable.diagnostics)
            failed = True
            continue
        differs = formatted != text
        changed |= differs
        if diff:
            print_diff(file, text, formatted)
        elif check:
            if differs:
                say(file)
        elif file == _STDIN:
            put(formatted)
        elif differs:
            problem = _write_back(Path(file), formatted)
            complain(f"tuicnn: {problem}") if problem else say(f"formatted {file}")
            failed |= bool(problem)
    if not (failed or changed or check or diff or _STDIN in files):
        say("nothing to change")
    return 1 if failed or (check and changed) else 0


def _read(file: str) -> str | Diagnostic:
    if file == _STDIN:
        return decode(sys.stdin.buffer.read(NET_BYTES + 1), Path("standard input"))
    path = Path(file)
    found = read_file(path)
    if isinstance(found, Diagnostic) and path.is_dir():
        return replace(found, help=f"name the files in it: tuicnn fmt {path / '*.net'}")
    return found


def fix_file(path: Path, *, diff: bool, quiet: bool) -> tuple[Checked, tuple[Diagnostic, ...]]:
    """Fix a file, or with `diff` show what that would change; what is left to say of it, and what was fixed.

    The file is replaced atomically, and left alone where it changed meanwhile. Unless `quiet`, each fix is printed.
    Raises `UserError` where it cannot be written.
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
    if is_bundled_net(path):
        raise UserError(f"{path} is the one that comes with tuicnn and stays as it is; `tuicnn new` writes a copy")
    if read_file(path) != text:
        raise UserError(f"{path} was changed meanwhile, and nothing was written; check it again")
    if problem := _write_back(path, fixed.text):
        raise UserError(problem)
    for problem_fixed in fixed.applied if not quiet else ():
        span = problem_fixed.span
        say(f"{path}:{span.line}:{span.column}: fixed: {problem_fixed.message}")
    return fixed.checked, fixed.applied


def _write_back(file: Path, text: str) -> str:
    """Replace an existing file; "", or why it cannot be written."""
    try:
        write_over(file, text.encode())
    except OSError as error:
        return f"{file} cannot be written: {why(error)}"
    return ""
