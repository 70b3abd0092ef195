"""What helps at the cursor: the words that may be written there, and what the word there means, as lines of parts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable, in_glyphs, truncated
from tuicnn.tui.editor.buffer import Position
from tuicnn.tui.widgets.lines import Part
from tuicnn.tui.widgets.net_page import MARKS

if TYPE_CHECKING:
    from tuicnn.language.editing import Completion, Document
    from tuicnn.runs.warm import Warmth

__all__ = ["Offer", "help_lines", "key_lines", "offer_at", "offer_lines", "warmth_in_short", "warmth_lines"]

#: what a key does in the text
KEYS = (
    ("tab", "writes the word that was begun"),
    ("ctrl+f", "writes a problem's fix"),
    ("ctrl+u", "undoes"),
    ("ctrl+y", "redoes"),
    ("ctrl+x", "cuts"),
    ("ctrl+v", "pastes"),
    ("esc", "leaves the text: digits show views"),
)
_MARKS = re.compile(r"\*\*|`|(?<!\\)\\(?=[|*<])")


@dataclass(frozen=True)
class Offer:
    """The words that may be written in place of the columns `start` to `end` of a row, the likeliest first."""

    row: int
    start: int
    end: int
    items: tuple[Completion, ...]


def offer_at(document: Document, lines: Sequence[str], cursor: Position) -> Offer | None:
    """What may be written at the cursor of a text that has changed since `document` was read; None for nothing."""
    from tuicnn.language.editing import Document as Made
    from tuicnn.language.editing import complete

    now = Made("\n".join(lines), document.path, document.checked, document.reading)
    row, column = cursor
    found = complete(now, (row + 1, column + 1))
    begun = lines[row][found.start - 1 : column].casefold()
    if not begun:
        return None
    named = [(item.label.casefold().lstrip("@"), item) for item in found.items]
    first = [item for name, item in named if name.startswith(begun)]
    then = [item for name, item in named if begun in name[1:] and item not in first] if len(begun) > 1 else []
    items = tuple(item for item in [*first, *then] if item.text.strip() != begun or item.template)
    return Offer(row, found.start - 1, column, items) if items else None


def offer_lines(offer: Offer, chosen: int, width: int, height: int, terminal: TerminalProfile) -> list[list[Part]]:
    """The words, one a line, the chosen one marked; which keys take it."""
    lines: list[list[Part]] = [[("tab", "accent"), (" takes it, ", "dim"), ("ctrl+n", "accent"), (" the next", "dim")]]
    top = max(0, min(chosen - (height - 2) // 2, len(offer.items) - (height - 1)))
    names = min(max((len(item.label) for item in offer.items), default=0), 18)
    for index in range(top, min(len(offer.items), top + height - 1)):
        item = offer.items[index]
        pointer = terminal.glyphs.pointer if index == chosen else " "
        name = truncated(displayable(item.label, terminal), names, terminal).ljust(names)
        detail = truncated(displayable(item.detail, terminal), width - names - 4, terminal)
        lines.append([(f"{pointer} ", "text"), (name, "accent" if index == chosen else "text"), (f"  {detail}", "dim")])
    return lines


def key_lines(width: int) -> list[list[Part]]:
    """The keys of the text, for where there is no word to tell about: as many in a line as fit."""
    lines: list[list[Part]] = []
    for key, what in KEYS:
        taken = sum(len(text) for text, _ in lines[-1]) if lines else width
        if taken + len(key) + len(what) + 4 > width:
            lines.append([])
        lines[-1] += [("   " if lines[-1] else "", "text"), (key, "accent"), (f" {what}", "dim")]
    return lines


def help_lines(document: Document, cursor: Position, width: int, terminal: TerminalProfile) -> list[list[Part]]:
    """What the word at the cursor means, and the layers that it becomes."""
    from tuicnn.language.editing import hover

    row, column = cursor
    if row >= len(document.lines):
        return []
    found = hover(document, (row + 1, column + 1))
    if found is None and column:  # right behind a word is still at it
        found = hover(document, (row + 1, column))
    if found is None:
        return []
    return [[part] for text, role in _plain(found.markdown) for part in _broken(text, role, width, terminal)]


def _broken(text: str, role: Role, width: int, terminal: TerminalProfile) -> list[Part]:
    lines = textwrap.wrap(displayable(in_glyphs(text, terminal), terminal), max(8, width), subsequent_indent="  ")
    return [(line, role) for line in lines]


def _plain(markdown: str) -> Iterator[tuple[str, Role]]:
    """The lines of a hover without the marks of Markdown; arguments as `name  what it is (default)`."""
    fenced, rows = False, 0
    for line in markdown.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield line, "strong"
        elif line.startswith("|"):
            rows += 1
            if rows > 2:  # below the head and its rule
                name, _, default, help = (_MARKS.sub("", cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:5])
                usual = f" (default {default})" if default not in ("needed", "-") else ""
                yield f"{name.rpartition(', ')[2]}  {help}{usual}", "text"
        elif line.strip() and line != "---":
            role: Role = "accent" if line.startswith(("`", "**")) and "**" in line else "text"
            yield _MARKS.sub("", line).strip(), role


def warmth_lines(warmth: Warmth, run: str, width: int, terminal: TerminalProfile) -> list[list[Part]]:
    """Which layers would begin with the weights of a run, and which would not, by the marks before the lines."""
    head = f" begins with weights of {displayable(run, terminal)}:"
    lines: list[list[Part]] = [[("ctrl+w", "accent"), (truncated(head, width - 6, terminal), "dim")]]
    for word, sign, role, names in _kept_and_new(warmth):
        text = ", ".join(displayable(name, terminal) for name in names)
        text = text if len(text) <= width - 9 else f"{len(names)} layers"
        lines.append([(f" {sign} ", role), (f"{word} ".ljust(5), "dim"), (text, "text")])
    return lines


def warmth_in_short(warmth: Warmth) -> list[Part]:
    """The same as two counts."""
    parts: list[Part] = []
    for word, sign, role, names in _kept_and_new(warmth):
        parts += [("  " if parts else "", "text"), (sign, role), (f" {len(names)} {word}", "text")]
    return parts


def _kept_and_new(warmth: Warmth) -> Iterator[tuple[str, str, Role, tuple[str, ...]]]:
    if warmth.kept:
        yield "kept", *MARKS["kept"], warmth.kept
    if warmth.new:
        yield "new", *MARKS["new"], warmth.new
