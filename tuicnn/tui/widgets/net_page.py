"""Draws the lines of a net that is edited: numbers, marks, colours, hints, and problems under their lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuicnn.display.terminal import Role
from tuicnn.display.text import displayable, in_glyphs, truncated, wrapped
from tuicnn.tui.editor.analysis import Analysis, Mark, Remark
from tuicnn.tui.editor.buffer import Buffer
from tuicnn.tui.editor.cells import cells
from tuicnn.tui.editor.colours import Stretch, coloured_lines
from tuicnn.tui.widgets.lines import LineWidget, fitted

__all__ = ["FIX_KEY", "MARKS", "Page"]

#: before a line: all of its layers keep the weights of the former run, some do, none does
MARKS: dict[Mark, tuple[str, Role]] = {"kept": ("=", "good"), "some": ("~", "second"), "new": ("+", "second")}
FIX_KEY = "ctrl+f"
_GAP = 2  # cells between a line and its hint
_MOST_LINES = 2  # of each sentence of a problem
_MOST_CARETS = 24
_MOST_PROBLEMS = 3  # of a line


class Page:
    """A text as it is drawn at one moment, in the styles of a widget."""

    def __init__(self, widget: LineWidget, buffer: Buffer, analysis: Analysis, *, focused: bool) -> None:
        self.widget, self.terminal = widget, widget.terminal
        self.buffer, self.analysis, self.focused = buffer, analysis, focused
        self.gutter = len(str(len(buffer.lines))) + 3

    def lines(self, top: int, left: int, width: int, height: int, *, coloured: bool) -> list[tuple[int, Strip]]:
        """The lines of the screen from row `top` on, scrolled by `left` cells, each with its row of the text."""
        last = min(len(self.buffer.lines), top + height)
        colours = coloured_lines(self.buffer.lines, top, last) if coloured else {}
        at, hints = self._hints(top, last, width - self.gutter)
        found: list[tuple[int, Strip]] = []
        for row in range(top, last):
            strips = [self._line(row, colours.get(row, ()), hints.get(row, ()), at, left, width)]
            found += [(row, strip) for strip in (*strips, *self.problems(row, left, width))]
            if len(found) >= height:
                break
        return found[:height]

    # -- a line

    def _hints(self, top: int, last: int, room: int) -> tuple[int, dict[int, list[str]]]:
        """The cell at which hints begin, and the forms of each hint from the longest that all lines have room for."""
        shown = [(row, forms) for row, forms in self.analysis.hints.items() if top <= row < last]
        ends = {row: cells(self.buffer.lines[row], self.terminal)[1][-1] for row, _ in shown}
        form = at = 0
        for form in range(max((len(forms) for _, forms in shown), default=1)):
            longest = max((len(forms[min(form, len(forms) - 1)]) for _, forms in shown), default=0)
            fitting = [end for end in ends.values() if end + _GAP + longest <= room]
            at = max(fitting, default=0)
            if len(fitting) > len(ends) // 2:
                break
        return at + _GAP, {
            row: [in_glyphs(text, self.terminal) for text in forms[form:] or forms[-1:]] for row, forms in shown
        }

    def _line(
        self, row: int, colours: Sequence[Stretch], hints: Sequence[str], at: int, left: int, width: int
    ) -> Strip:
        widget, room = self.widget, max(0, width - self.gutter)
        mark = self.analysis.marks.get(row)
        sign, role = MARKS[mark] if mark is not None else (" ", "text")
        here = row == self.buffer.cursor[0] and self.focused
        gutter = [
            Segment(f"{row + 1:>{self.gutter - 3}}", widget.style("accent" if here else "faint")),
            Segment(f" {sign} ", widget.style(role)),
        ]
        code = Strip([Segment(text, style) for text, style in self._pieces(row, colours)])
        end = code.cell_length - left
        code = code.crop(left, left + room)
        if end > room:
            more = self.terminal.glyphs.ellipsis
            return fitted(
                [*gutter, *code.crop(0, room - len(more)), Segment(more, widget.style("dim"))], width, widget.base
            )
        start, aside = max(at, end + _GAP), []
        if text := next((text for text in hints if start + len(text) <= room), ""):
            role = "faint" if row in self.analysis.stale else "dim"
            aside = [Segment(" " * (start - code.cell_length), widget.base), Segment(text, widget.style(role))]
        return fitted([*gutter, *code, *aside], width, widget.base)

    def _pieces(self, row: int, colours: Sequence[Stretch]) -> Iterator[tuple[str, Style]]:
        """The line in pieces of one style, with the selection, the cursor and what problems mark; and its end."""
        line = self.buffer.lines[row]
        shown, _ = cells(line, self.terminal)
        marked = [(remark.start, remark.end) for remark in self.analysis.remarks.get(row, ())]
        chosen = self.buffer.is_selected(row) or (0, 0)
        cursor = self.buffer.cursor[1] if row == self.buffer.cursor[0] and self.focused else -1
        cuts = {0, len(line), len(line) + 1, cursor, cursor + 1, *chosen}
        for start, end in [*marked, *((start, end) for start, end, _ in colours)]:
            cuts |= {start, end}
        for start, end in pairwise(sorted(cut for cut in cuts if 0 <= cut <= len(line) + 1)):
            role = next((role for first, last, role in colours if first <= start < last), None)
            style = self.widget.style(role) if role is not None else self.widget.base
            selected = chosen[0] <= start < chosen[1]
            if start < len(line) and any(first <= start < last for first, last in marked):
                style += Style(underline=True)
            if selected:  # in one colour, but for the cursor
                style = self.widget.base + (Style(underline=True) if start == cursor else Style(reverse=True))
            elif start == cursor:
                style += Style(reverse=True)
            if start < len(line):
                yield "".join(shown[start:end]), style
            elif selected or start == cursor:  # the end of the line
                yield " ", style

    # -- problems

    def problems(self, row: int, left: int, width: int) -> list[Strip]:
        """The problems of a line under what they mark: in full the first one of the cursor's line, the others short."""
        remarks = self.analysis.remarks.get(row, ())
        if not remarks or row >= len(self.buffer.lines):
            return []
        starts = cells(self.buffer.lines[row], self.terminal)[1]
        strips: list[Strip] = []
        for index, remark in enumerate(remarks[:_MOST_PROBLEMS]):
            full = row == self.buffer.cursor[0] and index == 0
            strips += self._problem(remark, [*starts, starts[-1] + 1], left, width, full=full)
        if (more := len(remarks) - _MOST_PROBLEMS) > 0:
            strips.append(self.widget.line([(f"{' ' * self.gutter}and {more} more in this line", "dim")], width))
        return strips

    def _problem(self, remark: Remark, starts: Sequence[int], left: int, width: int, *, full: bool) -> list[Strip]:
        role: Role = "bad" if remark.is_error else "warn"
        room = max(1, width - self.gutter)
        first, last = (starts[min(column, len(starts) - 1)] - left for column in (remark.start, remark.end))
        first = max(0, min(first, room - 1))
        carets = "^" * max(1, min(last - first, room - first, _MOST_CARETS))
        inset, margin = self.gutter + first + len(carets) + 1, " " * self.gutter
        text = displayable(remark.text, self.terminal)
        if len(text) + inset <= width:
            lines = [margin + " " * first + carets + " " + text]
        elif full:
            inset = self.gutter
            told = wrapped(text, room, _MOST_LINES, self.terminal)
            lines = [margin + " " * first + carets, *(margin + line for line in told)]
        else:
            lines = [margin + truncated(text, room, self.terminal)]
        strips = [self.widget.line([(line, role)], width) for line in lines]
        if remark.help and full:
            help = f"{remark.help}   {FIX_KEY}" if remark.fixable else remark.help
            told = wrapped(help, width - inset, _MOST_LINES, self.terminal)
            strips += [self.widget.line([(" " * inset + line, "text")], width) for line in told]
        return strips
