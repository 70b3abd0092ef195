"""What `tuicnn fmt` does: writes files in the language's one form, or shows what it would write."""

from __future__ import annotations

import difflib
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from tuicnn.language import Diagnostic, UnreadableError, format_text, read_file
from tuicnn.language.syntax.reading import LARGEST, decode
from tuicnn.system.files import why, write_atomic

from .streams import complain, console_for, is_terminal, say

__all__ = ["STDIN", "diff_lines", "format_files", "print_diff", "write_back"]

#: stands for standard input, and its text then goes to standard output
STDIN = "-"

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
            if file == STDIN:
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
        elif file == STDIN:
            _put(formatted)
        elif differs:
            problem = write_back(Path(file), formatted)
            complain(f"tuicnn: {problem}") if problem else say(f"formatted {file}")
            failed |= bool(problem)
    if not (failed or changed or check or diff or STDIN in files):
        say("nothing to change")
    return 1 if failed or (check and changed) else 0


def _read(file: str) -> str | Diagnostic:
    if file == STDIN:
        return decode(sys.stdin.buffer.read(LARGEST + 1), Path("standard input"))
    path = Path(file)
    found = read_file(path)
    if isinstance(found, Diagnostic) and path.is_dir():
        return replace(found, help=f"name the files in it: tuicnn fmt {path / '*.net'}")
    return found


def write_back(file: Path, text: str) -> str:
    """Write a file that is there in one go; "", or why it cannot be written. A link stays a link."""
    try:
        path = file.resolve(strict=True)
        if not os.access(path, os.W_OK):  # the folder may let it be replaced, but its owner does not want that
            return f"{file} cannot be written: it is read-only for you"
        write_atomic(path, text.encode(), stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        return f"{file} cannot be written: {why(error)}"
    return ""


# --- what would change ------------------------------------------------------------------------------------------------

_STYLES = (("---", "bold"), ("+++", "bold"), ("@@", "cyan"), ("-", "red"), ("+", "green"))


def diff_lines(file: str, old: str, new: str) -> Iterator[str]:
    """The lines of a unified diff, each with its end; `patch` takes it."""
    for line in difflib.unified_diff(_lines(old), _lines(new), file, file):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends, as `diff` sees them: only a newline ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def print_diff(file: str, old: str, new: str) -> None:
    """Print what is to change in a file: `patch` takes it, and a terminal shows it in colour."""
    if not is_terminal(sys.stdout):
        _put("".join(diff_lines(file, old, new)))
        return
    console = console_for(sys.stdout)
    for line in diff_lines(file, old, new):
        style = next((style for mark, style in _STYLES if line.startswith(mark)), "")
        console.print(Text(_shown(line.removesuffix("\n")), style), soft_wrap=True)


def _shown(line: str) -> str:
    """A line without what would steer the terminal, a carriage return at its end as `^M`."""
    line = line.removesuffix("\r") + "^M" * line.endswith("\r")
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def _put(text: str) -> None:
    """Print a file's text as it is, in UTF-8 whatever the locale (a file's name may be in no encoding)."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="surrogateescape"))
    sys.stdout.buffer.flush()
