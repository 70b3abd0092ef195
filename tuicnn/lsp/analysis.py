"""One text, checked, with everything the editor may ask of it. Made anew for each state of the text; never changed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec

from tuicnn.language import Checked, Reading, check
from tuicnn.language.checks.program import gather
from tuicnn.language.diagnostics import Source, Span
from tuicnn.language.report import Report
from tuicnn.language.syntax.parsing import parse

from .mentions import Mentions, find_mentions
from .positions import Page

__all__ = ["Analysis", "analyse", "path_of"]


class Analysis:
    """What is known of a text in an editor. `uri` names it to the client."""

    def __init__(self, uri: str, page: Page, checked: Checked, reading: Reading) -> None:
        self.uri = uri
        self.page = page
        self.checked = checked
        self.reading = reading

    @property
    def source(self) -> Source:
        """The text as the spans of its own places have it; those of included files have another."""
        return self.reading.tree.source

    @cached_property
    def mentions(self) -> Mentions:
        """What each of its words is about."""
        return find_mentions(self.reading)

    def is_own(self, span: Span) -> bool:
        """Whether a place is in this text, and not in a file that it includes."""
        return span.source.name == self.source.name

    def location(self, span: Span) -> types.Location:
        """A place in this text or an included one, for the client."""
        if self.is_own(span):
            return types.Location(self.uri, self.page.range(span))
        page = self.page.of(span.source)
        return types.Location(uris.from_fs_path(str(Path(span.source.name).resolve())) or self.uri, page.range(span))


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None for a text that is in no file yet."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def analyse(uri: str, text: str, codec: PositionCodec) -> Analysis:
    """Check a text, whatever it may be."""
    path = path_of(uri)
    name = str(path) if path is not None else "untitled"
    checked = check(text, name=name, path=path)
    return Analysis(uri, Page(text, codec), checked, checked.reading or _names_alone(Source(name, text), path))


def _names_alone(source: Source, path: Path | None) -> Reading:
    """What a text defines, where it has so many problems that its check was given up."""
    report = Report().muted()
    tree = parse(source, report)
    return Reading(tree, gather(tree, path, report), {}, (), {})
