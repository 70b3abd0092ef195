"""Between the language's places (lines and columns from 1, in characters) and the protocol's (from 0, in code units).

The client says which units it counts in; where it says nothing they are UTF-16's, in which 😀 is two.
"""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec

from tuicnn.language.diagnostics import Span, lines_of
from tuicnn.language.editing import Place

__all__ = ["Page", "path_of", "uri_of"]


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None for a text that is in no file yet."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def uri_of(path: Path) -> str:
    """The URI of a file."""
    return uris.from_fs_path(str(path.resolve())) or path.as_uri()


class Page:
    """A text as the client has it, and the way from its positions to the language's and back."""

    def __init__(self, uri: str, text: str, codec: PositionCodec) -> None:
        self.uri = uri
        self.text = text
        self.codec = codec
        self.lines = lines_of(text)

    def units(self, text: str) -> int:
        """How many units the client counts for a text."""
        return len(text) if text.isascii() else self.codec.client_num_units(text)

    def _skipped(self, line: int) -> int:
        """Units of the byte order mark, which the language does not count."""
        return self.units("\ufeff") if line == 1 and self.text.startswith("\ufeff") else 0

    def position(self, line: int, column: int) -> types.Position:
        """A place as the client counts; one beyond the text is at the end of its line, or of the text."""
        if line > len(self.lines):
            line, column = len(self.lines), len(self.lines[-1]) + 1
        before = self.lines[line - 1][: max(column - 1, 0)]
        return types.Position(line - 1, self.units(before) + self._skipped(line))

    def range(self, span: Span) -> types.Range:
        """A span of this text as the client counts."""
        return types.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def location(self, span: Span) -> types.Location:
        """A span of this text, for the client."""
        return types.Location(self.uri, self.range(span))

    def place(self, position: types.Position) -> Place:
        """A client's position as the language counts; one beyond a line is at its end."""
        if position.line >= len(self.lines):
            return len(self.lines), len(self.lines[-1]) + 1
        line = position.line + 1
        left = position.character - self._skipped(line)
        if self.lines[line - 1].isascii():
            return line, min(max(left, 0), len(self.lines[line - 1])) + 1
        column = 1
        for character in self.lines[line - 1]:
            if left <= 0:
                break
            left -= self.units(character)
            column += 1
        return line, column

    def whole(self) -> types.Range:
        """All of the text."""
        return types.Range(types.Position(0, 0), self.position(len(self.lines), len(self.lines[-1]) + 1))
