"""One text of the client, checked: what the language knows of it, and its places as the client counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from tuicnn.language.diagnostics import Span
from tuicnn.language.editing import Document, read_document

from .positions import Page, path_of, uri_of

__all__ = ["Analysis", "analyse"]


@dataclass(frozen=True)
class Analysis:
    """A state of a text of the client."""

    page: Page
    document: Document

    def location(self, span: Span) -> types.Location:
        """A place in this text or one that it includes, for the client."""
        if self.document.is_own(span):
            return self.page.location(span)
        return Page(uri_of(Path(span.source.name)), span.source.text, self.page.codec).location(span)


def analyse(page: Page) -> Analysis:
    """Check a text, whatever it may be."""
    return Analysis(page, read_document(page.text, path_of(page.uri)))
