"""What would change in a file, as `diff -u` says it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator

from rich.text import Text

from .streams import console_for, is_terminal, put

__all__ = ["diff_lines", "print_diff"]

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
        put("".join(diff_lines(file, old, new)))
        return
    console = console_for(sys.stdout)
    for line in diff_lines(file, old, new):
        style = next((style for mark, style in _STYLES if line.startswith(mark)), "")
        console.print(Text(_shown(line.removesuffix("\n")), style), soft_wrap=True)


def _shown(line: str) -> str:
    """A line without control characters; a carriage return at its end as `^M`."""
    line = line.removesuffix("\r") + "^M" * line.endswith("\r")
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
