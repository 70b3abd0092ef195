"""Writes other values into a text: only they change, and comments stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tuicnn.language.checking import Reading, check
from tuicnn.language.checks.configuration import DEFAULTS
from tuicnn.language.diagnostics import Edit, Severity, Source, Span, line_of
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import apply_edits
from tuicnn.language.names import CHOICES
from tuicnn.language.overrides.places import Place, find
from tuicnn.language.overrides.values import Override, OverrideError
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Argument, Chain, Constant, Setting
from tuicnn.language.writing.formatting import UnreadableError, format_text
from tuicnn.vocabulary import show

__all__ = ["OverrideError", "override"]


def override(text: str, values: Mapping[str, str], *, name: str = "net", path: Path | None = None) -> str:
    """The text with each value, by its name, in the place of what it says.

    A name is that of a constant (`w`), a setting (`loss`), an option of a setting (`optim.lr`), or an argument of a
    step that has a label, or a name in the table of layers (`stem.filters`, `conv1.filters`). A setting that the text
    leaves out is added, as it is filled in. Values are written as in a text; whether they suit is left to `check`. A
    text in the language's form stays in it. `name` and `path` are those of `check`.

    Raises `UnreadableError` where the text has syntax errors, and `OverrideError` where a name is not known or a value
    cannot be read.
    """
    if not values:
        return text
    report = Report()
    parse(Source(name, text), report)
    if report.failed:
        problems = check(text, name=name, path=path).diagnostics
        raise UnreadableError(tuple(problem for problem in problems if problem.severity is Severity.ERROR))
    in_form = format_text(text) == text
    for key, value in values.items():
        wanted = Override(key.strip(), value.strip())
        wanted.require_name()
        text = _write(text, wanted, name, path)
    return format_text(text) if in_form else text


def _write(text: str, wanted: Override, name: str, path: Path | None) -> str:
    reading = check(text, name=name, path=path).reading
    assert reading is not None, "a text without syntax errors is understood"
    place = find(wanted, reading)
    if place.value is not None:
        return _put(text, place.value, _value(wanted, place))
    option = f"{wanted.option}={_value(wanted, place)}"
    if place.behind is not None and place.kind is Argument:
        if place.behind.column != place.behind.end_column:  # what it seems to mean
            return _put(text, place.behind, option)
        return _put(text, place.behind, f"{',' if place.call else ''} {option}")
    if place.kind is Constant:
        return _add(text, reading, f"{wanted.name} = {_value(wanted, place)}")
    if place.behind is not None:
        return _put(text, place.behind, f" {_value(wanted, place)}")
    if place.kind is Setting:
        return _add(text, reading, f"{wanted.name}: {_value(wanted, place)}")
    said = _said(wanted.owner, reading)
    if not said:
        return _add(text, reading, f"{wanted.owner}: {option}")
    return _write(_add(text, reading, f"{wanted.owner}: {said}"), wanted, name, path)


def _value(wanted: Override, place: Place) -> str:
    if place.kind is Argument:
        return wanted.as_option()
    return wanted.as_constant() if place.kind is Constant else wanted.as_setting()


def _put(text: str, span: Span, new: str) -> str:
    """The text with `new` in a place. Comments that stood there move to lines of their own, above it."""
    lines = [line.partition("#")[2] for line in excerpt(span).split("\n")[:-1] if '"' not in line]
    above = "".join(f"#{comment}\n" for comment in lines if comment)
    edits = [Edit(span, new)]
    if above:
        edits.append(Edit(Span(span.line, 1, span.line, 1, span.source), above))
    return apply_edits(text, edits)


def _said(setting: str, reading: Reading) -> str:
    """What a setting says that the text itself leaves out: in an included file, or as it is filled in."""
    included = reading.program.settings.get(setting)
    if included is not None and included.arguments:
        return excerpt(included.arguments[0].span.to(included.arguments[-1].span))
    if setting not in CHOICES:
        return ""
    word, options = DEFAULTS[setting]
    return " ".join([word, *(f"{name}={show(value)}" for name, value in options.items())])


def _add(text: str, reading: Reading, line: str) -> str:
    """The text with one more line: behind the settings, or before the network."""
    statements = reading.tree.statements
    source = reading.tree.source
    settings = [s for s in statements if isinstance(s, Setting)]
    if settings:
        last = settings[-1].span
        written = line_of(source, last.end_line) or ""
        if written.rstrip().endswith("\\"):  # the line goes on below
            return apply_edits(text, [Edit(Span(last.line, 1, last.line, 1, source), f"{line}\n")])
        column = len(written) + 1
        return apply_edits(text, [Edit(Span(last.end_line, column, last.end_line, column, source), f"\n{line}")])
    first = next(iter(statements), None)
    at = first.span.line if first is not None else 1
    gap = "\n" if isinstance(first, Chain) else ""
    return apply_edits(text, [Edit(Span(at, 1, at, 1, source), f"{line}\n{gap}")])
