"""Checks a text with other values, and shows each problem where it was written: in the file, or in the override."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tuicnn.language.checking import Checked, Reading, check
from tuicnn.language.diagnostics import Diagnostic, Source, Span, lines_of
from tuicnn.language.excerpts import excerpt
from tuicnn.language.overrides.applying import override
from tuicnn.language.overrides.places import Place, find
from tuicnn.language.overrides.values import Override, OverrideError
from tuicnn.language.syntax.reading import read_file
from tuicnn.language.writing.formatting import UnreadableError

__all__ = ["check_overridden", "check_overridden_file"]


def check_overridden(
    text: str, values: Mapping[str, str], *, name: str = "net", path: Path | None = None
) -> tuple[str, Checked]:
    """The text with other values, and what came of checking it; see `override`. `name` and `path` are those of `check`.

    A problem of a value stands in the override. Other lines keep the numbers that they have in the file.
    """
    try:
        new = override(text, values, name=name, path=path)
    except UnreadableError as error:
        return text, Checked(None, error.diagnostics)
    except OverrideError as error:  # a layer may be unknown because the text is wrong
        found = check(text, name=name, path=path)
        more = found.diagnostics if not found.ok else ()
        return text, Checked(None, (*error.diagnostics, *more))
    checked = check(new, name=name, path=path)
    before = check(text, name=name, path=path).reading if values and checked.diagnostics else None
    if before is None or checked.reading is None:
        return new, checked
    told = _Told(text, new, name)
    for key, value in values.items():
        told.find(Override(key.strip(), value.strip()), before, checked.reading)
    return new, replace(checked, diagnostics=tuple(map(told.problem, checked.diagnostics)))


def check_overridden_file(path: Path, values: Mapping[str, str]) -> tuple[str, Checked]:
    """The text of a file with other values ("" where it cannot be read), and what came of checking it."""
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return "", Checked(None, (text,))
    return check_overridden(text, values, name=str(path), path=path)


class _Told:
    """Problems of a text with other values, for a person who sees the file and the overrides."""

    def __init__(self, text: str, new: str, name: str) -> None:
        self.name = name
        self.places: list[tuple[Override, Place]] = []
        self.numbers, self.file = _as_in_file(text, new, name)

    def find(self, wanted: Override, before: Reading, after: Reading) -> None:
        """Let problems of a value stand in its override, unless a later one took its place."""
        with suppress(OverrideError):
            self.places.append((wanted, find(wanted, before, after.tree)))

    def problem(self, found: Diagnostic) -> Diagnostic:
        """A problem at its place. Its fixes are edits of a text that is nowhere, and go; its help stays."""
        notes = tuple(replace(n, span=self._place(n.span)) if n.span is not None else n for n in found.notes)
        return replace(found, span=self._place(found.span), notes=notes, fixes=())

    def _place(self, span: Span) -> Span:
        if span.source.name != self.name:
            return span  # in an included file
        for wanted, place in self.places:
            if (within := _in_override(span, wanted, place)) is not None:
                return within
        first, last = self.numbers.get(span.line, span.line), self.numbers.get(span.end_line, span.end_line)
        return Span(first, span.column, max(first, last), span.end_column, self.file)


def _in_override(span: Span, wanted: Override, place: Place) -> Span | None:
    """The part of an override that a place of the text is; None for another place."""
    value, name = place.value, place.name
    if name is not None and span == name:
        return wanted.option_span
    if value is None:
        return None
    if name is not None and span == name.to(value):
        return wanted.span(len(wanted.name) - len(wanted.option), len(wanted.name) + 1 + len(wanted.value))
    if not _is_within(span, value):
        return None
    if excerpt(value) == wanted.value and span.line == span.end_line == value.line:
        start = len(wanted.name) + 1 - value.column
        return wanted.span(start + span.column, start + span.end_column)
    return wanted.value_span


def _is_within(inner: Span, outer: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _as_in_file(text: str, new: str, name: str) -> tuple[dict[int, int], Source]:
    """The number that each line of a changed text has in the file, and the file's lines with what was changed in them.

    Lines are the same where they differ in spaces alone: a text in the language's form is put in columns again.
    """
    old_lines, new_lines = lines_of(text), lines_of(new)
    if len(old_lines) == len(new_lines):
        return {}, Source(name, new)
    numbers, shown = {}, list(old_lines)
    plain = [["".join(line.split()) for line in lines] for lines in (old_lines, new_lines)]
    for tag, a, a_end, b, b_end in difflib.SequenceMatcher(None, plain[0], plain[1], autojunk=False).get_opcodes():
        if tag == "equal" or a_end - a == b_end - b:
            for old, line in zip(range(a, a_end), range(b, b_end), strict=True):
                numbers[line + 1] = old + 1
                shown[old] = new_lines[line]
    return numbers, Source(name, "\n".join(shown))
