"""One text, checked, with all that an editor needs of it. Immutable; a changed text gets a new one."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from tuicnn.language.checking import Checked, Reading, check
from tuicnn.language.checks.program import gather
from tuicnn.language.diagnostics import Source, Span, lines_of
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report

from .mentions import Mentions, find_mentions

__all__ = ["Document", "read_document"]


class Document:
    """What is known of a text in an editor. `path` is its file, or None where it is in no file yet."""

    def __init__(self, text: str, path: Path | None, checked: Checked, reading: Reading) -> None:
        self.text = text
        self.path = path
        self.checked = checked
        self.reading = reading

    @property
    def name(self) -> str:
        """The name of the text, as the sources of its spans have it; those of included files have another."""
        return self.reading.tree.source.name

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; at least one."""
        return lines_of(self.text)

    @cached_property
    def mentions(self) -> Mentions:
        """What each of its words is about."""
        return find_mentions(self.reading)

    def is_own(self, span: Span) -> bool:
        """Whether a place is in this text, and not in a file that it includes."""
        return span.source.name == self.name


def read_document(text: str, path: Path | None = None, *, working: Path = Path()) -> Document:
    """Check a text, whatever it may be. `path` and `working` are those of `check`."""
    name = str(path) if path is not None else "untitled"
    checked = check(text, name=name, path=path, working=working)
    return Document(text, path, checked, checked.reading or _names_alone(Source(name, text), path))


def _names_alone(source: Source, path: Path | None) -> Reading:
    """What a text defines, where it has so many problems that its check was given up."""
    report = Report().muted()
    tree = parse(source, report)
    return Reading(tree, gather(tree, path, report), {}, (), {})
