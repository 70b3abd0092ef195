"""Follows the help of a problem to the letter: what is marked is replaced by what the help says to write."""

from __future__ import annotations

import re

from tuicnn.language import Checked, Diagnostic, Severity, check

__all__ = ["errors", "followed", "marked"]

Edit = tuple[int, int, str]


def errors(checked: Checked) -> list[Diagnostic]:
    """The problems that keep a network from training."""
    return [d for d in checked.diagnostics if d.severity is Severity.ERROR]


def marked(text: str, problem: Diagnostic) -> str:
    """What stands above the carets."""
    start, end = _places(text, problem)
    return text[start:end]


def followed(text: str) -> str:
    """A text after all helps of one check were followed."""
    edits: list[Edit] = []
    for problem in errors(check(text)):
        for edit in _edits(text, problem):
            if not any(a < edit[1] and edit[0] < b for a, b, _ in edits):
                edits.append(edit)
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + min(column - 1, len(lines[line - 1]))


def _places(text: str, problem: Diagnostic) -> tuple[int, int]:
    span = problem.span
    return _offset(text, span.line, span.column), _offset(text, span.end_line, span.end_column)


def _end_of_line(text: str, line: int) -> int:
    return _offset(text, line, 10**6)


def _edits(text: str, problem: Diagnostic) -> list[Edit]:
    """The edits that a help says; none where it leaves something to think about."""
    start, end = _places(text, problem)
    help = problem.help
    for pattern, made in _FORMS:
        found = re.match(pattern, help)
        if found:
            return made(text, start, end, found)
    return []


def _step(text: str, start: int, end: int, found: re.Match[str]) -> list[Edit]:
    """Replace the whole step that the mark is in: from one arrow, bar or brace to the next."""
    depth, left, right = 0, 0, len(text)
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth <= 0 and (c in "\n|{}" or text.startswith("->", i)):
            if i < start:
                left = i + (2 if text.startswith("->", i) else 1)
            elif i >= end:
                right = i
                break
    return [(left, right, f" {found[1]} ")]


def _written(text: str, start: int, end: int, found: re.Match[str]) -> list[Edit]:
    """Replace what is marked; `name=value` also replaces the name that stands before a marked value."""
    name = re.match(r"\w+=", found[1])
    if name and text[:start].endswith(name[0]):
        start -= len(name[0])
    return [(start, end, found[1])]


def _removed(text: str, start: int, end: int, found: re.Match[str]) -> list[Edit]:
    """Take away what is marked, and the arrow that would lead nowhere without it."""
    before, after = text[:start].rstrip(" "), text[end:].lstrip(" ")
    if before.endswith("->") and (not after or after[0] in "\n|}"):
        start = len(before) - 2
    elif after.startswith("->") and (not before or before[-1] in "\n{|("):
        end = len(text) - len(after) + 2
    return [(start, end, "")]


def _elsewhere(text: str, start: int, end: int, found: re.Match[str]) -> list[Edit]:
    """Write something, and take a word away on another line."""
    at = text.index(found[2], _offset(text, int(found[3]), 1))
    arrow = re.match(r" *->", text[at + len(found[2]) :])
    taken = (at, at + len(found[2]) + (arrow.end() if arrow else 0), "")
    return [taken, (start, end, found[1])] if found[1] else [taken]


_FORMS = [
    (r"write the step as `([^`]*)`", _step),
    (
        r"write `([^`]*)` here, and `([^`]*)` at the end of line (\d+)",
        lambda t, a, b, m: [(a, b, m[1]), (_end_of_line(t, int(m[3])), _end_of_line(t, int(m[3])), m[2])],
    ),
    (
        r"write `([^`]*)`(?: for it)?, and `([^`]*)` for its `(.)` on line (\d+)",
        lambda t, a, b, m: [
            (a, b, m[1]),
            (t.index(m[3], _offset(t, int(m[4]), 1)), t.index(m[3], _offset(t, int(m[4]), 1)) + 1, m[2]),
        ],
    ),
    (
        r"remove it, and write `([^`]*)` at the end of line (\d+)",
        lambda t, a, b, m: [(a, b, ""), (_end_of_line(t, int(m[2])), _end_of_line(t, int(m[2])), f" {m[1]}")],
    ),
    (r"(?:write `([^`]*)`, and )?remove `([^`]*)` on line (\d+)", _elsewhere),
    (
        r"write `([^`]*)` at the end of line (\d+)",
        lambda t, a, b, m: [(_end_of_line(t, int(m[2])), _end_of_line(t, int(m[2])), m[1])],
    ),
    (
        r"write `([^`]*)` after `([^`]*)`",
        lambda t, a, b, m: [(t.index(m[2], a) + len(m[2]), t.index(m[2], a) + len(m[2]), m[1])],
    ),
    (r"write `([^`]*)` after it", lambda t, a, b, m: [(b, b, f" {m[1]}")]),
    (r"Add `([^`]*)`", lambda t, a, b, m: [(a, a, f"{m[1]} ")]),
    (r"write `([^`]*)` on a line of its own, at the end", lambda t, a, b, m: [(len(t), len(t), f"\n{m[1]}")]),
    (r"write a new line for it", lambda t, a, b, m: [(a, b, "\n")]),
    (r"(?:halve|shrink) this branch too: write `([^`]*)`", _written),
    (r"write `([^`]*)`", _written),
    (r"remove it", _removed),
    (r"a whole file is\n((?:.|\n)*)", lambda t, a, b, m: [(0, len(t), m[1])]),
]
