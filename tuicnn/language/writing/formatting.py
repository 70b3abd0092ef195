"""Writes a text in the language's one form, with its comments and without changing what it means.

The form, by example:

data:     cifar10 val=5000          # values of neighbouring settings begin in one column, and so do comments
schedule: cosine

w = 2 * 8

def down(c) = add {
    conv c 3x3 stride=2 -> relu     # lines that the author began stay; arrows at their ends are not written
    conv c 3x3
  | conv c 1x1 stride=2
  } -> relu

conv w 3x3 -> batchnorm -> relu     # a line longer than 100 columns is broken at its arrows, or in its braces
    -> down (2*w) -> globalavgpool  # one that the author began with an arrow goes on with the line above
add { relu | tanh } -> dense 10     # branches on one line stay so where they have room
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuicnn.language.checking import check
from tuicnn.language.diagnostics import Diagnostic, Severity, Source, plain_lines
from tuicnn.language.parsing.layout import Piece, layout
from tuicnn.language.parsing.statements import parse
from tuicnn.language.recovery.recover import recover
from tuicnn.language.rendering import render_plain
from tuicnn.language.report import Report
from tuicnn.language.syntax.grammar import tokens
from tuicnn.language.writing.columns import Written, in_columns, width
from tuicnn.language.writing.trivia import Comment, gap_between
from tuicnn.language.writing.wording import LONGEST_LINE, Brackets, Line, Step, Words

__all__ = ["UnreadableError", "format_text"]

_ARROW = " -> "


class UnreadableError(ValueError):
    """A text with syntax errors is not formatted. `diagnostics` are all its errors, as `check` tells them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(render_plain(diagnostics))
        self.diagnostics = diagnostics


def format_text(text: str, *, name: str = "net", path: Path | None = None) -> str:
    """The text in the one form, lines ending in a newline; of an empty text, the empty text.

    Whether it is a network that can be trained does not matter. Raises `UnreadableError` where it has syntax errors;
    its diagnostics show `name`, and files that the text includes are looked for from the folder of `path`.
    """
    report = Report()
    parse(Source(name, text), report)
    if report.failed:
        raise UnreadableError(_errors(check(text, name=name, path=path).diagnostics) or _errors(report.in_order()))
    text = plain_lines(text)
    writer = _Writer()
    end = 0
    for piece in layout(recover(tokens(text), Report().muted()).tokens, Report().muted()):
        gap = gap_between(text, end, piece.tokens[0].start_pos or 0, newline=end == 0)
        writer.end(gap.trailing)
        writer.own(gap.own, 0)
        _statement(writer, piece, text)
        end = piece.tokens[-1].end_pos or 0
    gap = gap_between(text, end, len(text), newline=end == 0)
    writer.end(gap.trailing)
    writer.own(gap.own, 0)
    return writer.text()


def _errors(problems: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def _statement(writer: _Writer, piece: Piece, text: str) -> None:
    words = Words(piece, text)
    writer.begin(0)
    if piece.kind == "chain":
        writer.chain(words.chain([]), 0)
        return
    if piece.kind == "definition":
        header = words.words(until="EQUALS")
        writer.comments += [*words.take_amid(), *words.gap().comments()]
        writer.code = f"{header} = "
        writer.chain(words.chain([], bare=False), 0)
        return
    name = words.words(until="COLON" if piece.kind == "setting" else "EQUALS")
    if words.kind:
        words.amid += words.gap().comments()
    if piece.kind == "setting":
        writer.setting, writer.code = f"{name}:", words.words()
    else:
        writer.code = f"{name} = {words.words(spaced=True)}"
    writer.comments += words.take_amid()


class _Writer:
    """Writes line by line; the line that is being written has its code, and comments that go with it."""

    def __init__(self) -> None:
        self.lines: list[Written] = []
        self.code = ""
        self.setting = ""
        self.comments: list[str] = []
        #: where comments go that the line has no room for
        self.hoist = 0
        #: whether the line is a closing bracket so far
        self.closed = False

    def begin(self, indent: int, mark: str = "", hoist: int | None = None) -> None:
        """Begin a line at a column, with a mark."""
        self.code = " " * indent + mark
        self.hoist = indent if hoist is None else hoist
        self.closed = False

    def end(self, comment: str = "") -> None:
        """End the line, if one was begun. It keeps one comment; those before that one stand on lines above it."""
        if comment:
            self.comments.append(comment)
        *above, last = self.comments or [""]
        self.lines += [Written(" " * self.hoist + each, whole_comment=True) for each in above]
        if self.code or self.setting:
            self.lines.append(Written(self.code, last, self.setting))
        self.code, self.setting, self.comments = "", "", []

    def own(self, own: Sequence[Comment | None], indent: int) -> None:
        """Write comments and empty lines."""
        for comment in own:
            before = self.lines[-1] if self.lines else None
            if comment is None:
                if before is not None and not before.empty:
                    self.lines.append(Written(""))
            elif comment.under and before is not None and before.comment:
                self.lines.append(Written("", comment.text))
            else:
                self.lines.append(Written(" " * indent + comment.text, whole_comment=True))

    def text(self) -> str:
        """All lines, in columns."""
        while self.lines and self.lines[-1].empty:
            self.lines.pop()
        return in_columns(self.lines)

    # --- chains -----------------------------------------------------------------------------------------------------

    def chain(self, lines: list[Line], indent: int) -> None:
        """Write a chain, whose first line was begun; the last one is not ended."""
        for i, line in enumerate(lines):
            if i:
                self.end()
                self.own(line.before, indent)
                self.begin(indent)
            self._line(line, indent)

    def _line(self, line: Line, indent: int) -> None:
        at = indent  # where the line that is being written began
        for r, segment in enumerate(line.segments):
            # an arrow below a closing bracket moves up to it
            begins = r > 0 and bool(segment.before or self.comments or not self.closed)
            for s, step in enumerate(segment.steps):
                if r == 0 and s == 0:
                    self._step(step, "", at)
                    continue
                if (s == 0 and begins) or not self._stays(step, indent):
                    self.end()
                    if s == 0:
                        self.own(segment.before, indent + 4)
                    at = indent + 4
                    self.begin(at)
                    self._step(step, "-> ", at)
                else:
                    self._step(step, _ARROW, at)

    def _stays(self, step: Step, indent: int) -> bool:
        """Whether a step goes on the line of the one before it, not on a new one."""
        if step.flat is not None:
            if self._fits(_ARROW + step.flat):
                return True
            if indent + 4 + len("-> ") + width(step.flat) <= LONGEST_LINE:
                return False
        return step.brackets is not None and self._fits(f"{_ARROW}{_opening(step, step.brackets)}")

    def _fits(self, more: str) -> bool:
        return width(self.code) + width(more) <= LONGEST_LINE

    def _step(self, step: Step, arrow: str, indent: int) -> None:
        self.comments += step.amid
        self.closed = False
        if step.brackets is None or (step.flat is not None and self._fits(arrow + step.flat)):
            self.code += arrow + (step.head if step.flat is None else step.flat)
        else:
            self.code += arrow + _opening(step, step.brackets)
            self._brackets(step.brackets, indent)
            self.code += step.tail
        if step.after:
            self.comments.append(step.after)

    def _brackets(self, brackets: Brackets, indent: int) -> None:
        """Write what stands in brackets over several lines; the one with its closing bracket is not ended."""
        self.end(brackets.after_opening)
        for i, branch in enumerate(brackets.branches):
            if i:
                self.end()
                self.own(branch.before, indent + 2)
                self.begin(indent + 2, "| ")
            else:
                self.own(branch.lines[0].before, indent + 4)
                self.begin(indent + 4)
            self.chain(branch.lines, indent + 4)
        self.end()
        self.own(brackets.before_closing, indent + 4)
        self.begin(indent + 2, brackets.closing, hoist=indent + 4)
        self.closed = True


def _opening(step: Step, brackets: Brackets) -> str:
    return f"{step.head} {brackets.opening}" if step.head else brackets.opening
