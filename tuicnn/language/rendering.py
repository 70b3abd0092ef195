"""Shows problems: the message, the place, the line with carets under the wrong words, the help.

error[shape]: the branches of `add` do not match
  nets/resnet.net:15:7
15 |   | conv c 1x1 -> batchnorm
   |     ^^^^^^^^^^^^^^^^^^^^^^^ gives 32x32x32, but branch 1 gives 32x16x16
   = in `down 32`, used on line 27
help: halve the shortcut too: conv c 1x1 stride=2
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from tuicnn.language.diagnostics import Code, Diagnostic, Note, Severity, Span, line_of

__all__ = ["render", "render_plain"]

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
#: characters that the program writes itself; look-alikes of a text are shown by their code point
_ASCII = str.maketrans(
    {"→": "->", "×": "x", "…": "...", "·": ".", "│": "|"} | {mark: f"\\u{ord(mark):04x}" for mark in "–—−“”‘’"}
)
_TAB = 4
#: columns of a source line that are shown by default
_WIDEST = 160
#: characters that are looked at on each side of what is wrong; more than any terminal shows
_MOST = 4000


def render(diagnostics: Sequence[Diagnostic], *, ascii: bool = False, width: int | None = None) -> Text:
    """All problems, one under the other with an empty line between, styled; ends without a newline."""
    out = Text()
    for i, diagnostic in enumerate(diagnostics):
        if i:
            out.append("\n\n")
        _Renderer(out, ascii, width).draw(diagnostic)
    return out


def render_plain(diagnostics: Sequence[Diagnostic], *, ascii: bool = False, width: int | None = None) -> str:
    """The same as plain text."""
    return render(diagnostics, ascii=ascii, width=width).plain


class _Renderer:
    def __init__(self, out: Text, ascii: bool, width: int | None) -> None:
        self.out = out
        self.ascii = ascii
        self.width = width
        self.bar = "|" if ascii else "│"

    def draw(self, problem: Diagnostic) -> None:
        style = _STYLES[problem.severity]
        self._put(f"{problem.severity}[{problem.code}]", style)
        self._wrapped(f": {problem.message}", "bold", first=len(problem.code) + len(problem.severity) + 2)
        span = problem.span
        line = line_of(span.source, span.line)
        number = str(span.line) if span.source.numbered else ""
        gutter = " " * len(number)
        if span.source.text:
            if span.source.numbered:
                self._put(f"\n  {span.source.name}:{span.line}:{span.column}", "dim")
            if line is not None:
                self._excerpt(span, line, problem.label, style, number)
        elif problem.code != Code.FILE:
            self._put(f"\n  {span.source.name}", "dim")
        for note in problem.notes:
            for text in self._folded(_said(note, span), len(gutter) + 3):
                self._put(f"\n{gutter} = ", "dim")
                self._put(text, "")
        if problem.help:
            first, *more = problem.help.split("\n")
            self._put("\nhelp", "bold cyan")
            self._wrapped(f": {first}", "", first=4)
            for text in more:
                self._put(f"\n    {text}", "")

    def _excerpt(self, span: Span, line: str, label: str, style: str, number: str) -> None:
        gutter = " " * len(number)
        start = min(span.column - 1, len(line))
        end = len(line) if span.end_line > span.line else min(span.end_column - 1, len(line))
        end = max(end, start)
        # of a line of a million characters, only those that may be shown are looked at
        parts = line[max(start - _MOST, 0) : start], line[start : min(end, start + _MOST)], line[end : end + _MOST]
        before, marked, after = (self._spelled(_shown(part)) for part in parts)
        room = (self.width or _WIDEST) - len(gutter) - 3
        before, marked, after = _cropped(before, marked, after, max(room, 20), "..." if self.ascii else "…")
        self._put(f"\n{number} {self.bar} ", "dim")
        self._put(before, "")
        self._put(marked, style)
        self._put(after.rstrip(), "")
        self._put(f"\n{gutter} {self.bar} ", "dim")
        self._put(" " * cell_len(before) + "^" * max(1, cell_len(marked)), style)
        if label:
            self._put(f" {label}", style)

    def _spelled(self, text: str) -> str:
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii") if self.ascii else text

    def _put(self, text: str, style: str) -> None:
        self.out.append(self._spelled("\n".join(_shown(line) for line in text.split("\n"))), style)

    def _wrapped(self, text: str, style: str, first: int) -> None:
        """Put a text whose first line begins in the column `first`; the others are indented."""
        head, *more = text.split("\n")
        lines = [*self._folded(head, 0, first), *(part for line in more for part in self._folded(line, 0))]
        self._put("\n    ".join(lines), style)

    def _folded(self, text: str, indent: int, first: int = 0) -> list[str]:
        """The lines of a text that fit into the width less `indent`; the first one goes on from the column `first`."""
        if not self.width:
            return [text]
        room, filled = max(self.width - indent, 20), "x" * first + text
        lines = textwrap.wrap(filled, room, break_long_words=False, break_on_hyphens=False) or [""]
        return [lines[0][first:], *lines[1:]]


def _shown(text: str) -> str:
    """What can be shown of a text: tabs as spaces, and no control characters that would steer the terminal."""
    text = text.replace("\t", " " * _TAB)
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _cropped(before: str, marked: str, after: str, room: int, dots: str) -> tuple[str, str, str]:
    """Parts of a line that fit into `room` columns, around what is marked."""
    if cell_len(before + marked + after) <= room:
        return before, marked, after
    if cell_len(marked) > room - 2 * len(dots):
        marked = marked[: (room - 2 * len(dots)) // 2]
        after = dots
    left = room - cell_len(marked)
    keep = max(left // 2 - len(dots), 0)
    if cell_len(before) > left // 2:
        before = dots + (before[-keep:] if keep else "")
    spare = max(room - cell_len(before + marked) - len(dots), 0)
    if cell_len(after) > spare and after != dots:
        while cell_len(after[:spare]) > spare and spare:
            spare -= 1
        after = after[:spare] + dots
    return before, marked, after


def _said(note: Note, main: Span) -> str:
    """A note, with its place in the words' own place: `used here` becomes `used on line 27`."""
    span, message = note.span, note.message
    if span is None:
        return message
    where = f"in column {span.column}" if span.line == main.line else f"on line {span.line}"
    if span.source != main.source:
        where = f"in {span.source.name}, line {span.line}"
    return f"{message.removesuffix('here')}{where}" if message.endswith(" here") else f"{message} ({where})"
