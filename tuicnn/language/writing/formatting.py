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
from tuicnn.language.diagnostics import Diagnostic, Severity, Source
from tuicnn.language.parsing.layout import Piece, layout
from tuicnn.language.parsing.statements import parse
from tuicnn.language.recovery.recover import recover
from tuicnn.language.rendering import render_plain
from tuicnn.language.report import Report
from tuicnn.language.syntax.grammar import tokens
from tuicnn.language.writing.columns import Written, in_columns, width
from tuicnn.language.writing.trivia import Comment, Gap, gap_between
from tuicnn.language.writing.wording import LONGEST_LINE, Step, Words
from tuicnn.system.lines import plain_lines

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
        writer.between(gap_between(text, end, piece.tokens[0].start_pos or 0, newline=end == 0))
        _statement(writer, piece, text)
        end = piece.tokens[-1].end_pos or 0
    writer.between(gap_between(text, end, len(text), newline=end == 0))
    return writer.text()


def _errors(problems: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)


def _statement(writer: _Writer, piece: Piece, text: str) -> None:
    words = Words(piece, text)
    writer.begin(0)
    if piece.kind == "chain":
        return writer.chain(words, 0)
    if piece.kind == "definition":
        writer.code = f"{words.words(until='EQUALS')} = "
        writer.comments += [*words.take_amid(), *words.gap().comments()]
        return writer.chain(words, 0, bare=False)
    name = words.words(until="COLON" if piece.kind == "setting" else "EQUALS")
    if words.kind:
        words.amid += words.gap().comments()
    if piece.kind == "setting":
        writer.setting, writer.code = f"{name}:", words.words()
    else:
        writer.code = f"{name} = {words.words(spaced=True)}"
    writer.comments += words.take_amid()
    return None


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

    def between(self, gap: Gap) -> None:
        """Write what stands between two statements."""
        self.end(gap.trailing)
        self.own(gap.own, 0)

    def text(self) -> str:
        """All lines, in columns."""
        while self.lines and self.lines[-1].empty:
            self.lines.pop()
        return in_columns(self.lines)

    # --- chains -----------------------------------------------------------------------------------------------------

    def chain(self, words: Words, indent: int, *, bare: bool = True) -> None:
        """Write a chain, whose first line was begun; the last one is not ended.

        Unless `bare`, a new line goes on with it only where an arrow says so.
        """
        at = indent  # where the line that is being written began
        self._step(words, words.step(), "", at)
        while words.kind not in ("", "BAR", "RBRACE", "RPAR"):
            ahead = behind = words.gap()
            arrow = words.kind == "ARROW"
            if arrow:
                words.i += 1
                behind = words.gap()
            begins, own = ahead.newline or behind.newline, behind.own
            if arrow and ahead.newline:
                own = (*ahead.own, *_hoisted(behind))
            self._comment(ahead if arrow and ahead.newline else behind)
            goes_on = arrow and (ahead.newline or not bare or not begins)
            if goes_on:  # an arrow below a closing bracket moves up to it
                begins &= bool(own or self.comments or not self.closed)
            step = words.step()
            if goes_on and not begins and self._stays(step, indent):
                self._step(words, step, _ARROW, at)
                continue
            at = indent + 4 if goes_on else indent
            self.end()
            self.own(own, at)
            self.begin(at)
            self._step(words, step, "-> " if goes_on else "", at)

    def _comment(self, gap: Gap) -> None:
        """Let the comment at the end of a line stand behind what was written."""
        if gap.trailing:
            self.comments.append(gap.trailing)

    def _stays(self, step: Step, indent: int) -> bool:
        """Whether a step goes on the line of the one before it, not on a new one."""
        if step.flat is not None:
            if self._fits(_ARROW + step.flat):
                return True
            if indent + 4 + len("-> ") + width(step.flat) <= LONGEST_LINE:
                return False
        return bool(step.opening) and self._fits(_ARROW + _opening(step))

    def _fits(self, more: str) -> bool:
        return width(self.code) + width(more) <= LONGEST_LINE

    def _step(self, words: Words, step: Step, arrow: str, indent: int) -> None:
        self.comments += step.amid
        self.closed = False
        if step.flat is not None and (not step.opening or self._fits(arrow + step.flat)):
            self.code += arrow + step.flat
            words.i = step.end
        else:
            self.code += arrow + _opening(step)
            self._brackets(words, step.closing, indent)

    def _brackets(self, words: Words, closing: str, indent: int) -> None:
        """Write what stands in brackets over several lines; the one with its closing bracket is not ended."""
        words.i += 1
        gap = words.gap()
        self.end(gap.trailing)
        self.own(gap.own[1:] if gap.own[:1] == (None,) else gap.own, indent + 4)
        self.begin(indent + 4)
        while True:
            self.chain(words, indent + 4)
            gap = words.gap()
            self._comment(gap)
            self.end()
            words.i += 1
            if words.tokens[words.i - 1].type != "BAR":
                break
            self.own((*gap.own, *_hoisted(words.gap())), indent + 2)
            self.begin(indent + 2, "| ")
        self.own(gap.own[:-1] if gap.own[-1:] == (None,) else gap.own, indent + 4)
        self.begin(indent + 2, closing, hoist=indent + 4)
        self.closed = True
        self.code += words.tail()


def _hoisted(gap: Gap) -> list[Comment]:
    """The comments of a gap behind a mark that begins a line: they move to lines before it."""
    return [Comment(text) for text in gap.comments()]


def _opening(step: Step) -> str:
    return f"{step.head} {step.opening}" if step.head else step.opening
