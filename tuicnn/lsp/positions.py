"""Between the language's places (lines and columns from 1, in characters) and the protocol's (from 0, in code units).

The client says which units it counts in; where it says nothing they are UTF-16's, in which 😀 is two.
"""

from __future__ import annotations

from functools import cached_property

from lsprotocol import types
from pygls.workspace import PositionCodec

from tuicnn.language.diagnostics import Source, Span, plain_lines

__all__ = ["Page", "Place"]

#: line and column, from 1, in characters
Place = tuple[int, int]

#: Python's names for what the client may count in, and the bytes of a unit
_ENCODINGS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Page:
    """A text as the client has it, and the way from its positions to the language's and back."""

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self.text = text
        self.codec = codec
        self.plain = plain_lines(text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; at least one."""
        return self.plain.split("\n")

    def units(self, text: str) -> int:
        """How many units the client counts for a text."""
        if text.isascii():
            return len(text)
        encoding, size = _ENCODINGS[types.PositionEncodingKind(self.codec.encoding or "utf-16")]
        return len(text.encode(encoding, "surrogatepass")) // size

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

    def place(self, position: types.Position) -> Place:
        """A client's position as the language counts; one beyond a line is at its end."""
        line = min(position.line, len(self.lines) - 1) + 1
        if position.line >= len(self.lines):
            return line, len(self.lines[-1]) + 1
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

    def of(self, source: Source) -> Page:
        """The page of another text, with the same units."""
        return self if source.text == self.text else Page(source.text, self.codec)
