"""Fixes as edits of the text: the help of a problem is made from them, and they are applied.

A problem says `help=write("dense 10")` or `help=remove()`: the edit replaces what the problem marks. Edits of other
places name them, and edits that belong together are added: `remove() + write(" seed=1", at=line_end(source, 3))`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuicnn.language.diagnostics import Applicability, Diagnostic, Edit, Source, Span, line_of, lines_of
from tuicnn.language.excerpts import excerpt

__all__ = [
    "Fix", "after", "apply_edits", "choose_fixes", "edits_of", "line_end", "remove", "respell", "sentence", "start",
    "write",
]  # fmt: skip

#: characters that are quoted to say behind what a thing is to be written
_LONGEST_PLACE = 40
#: the end of the code of a line: what comes then is space and a comment
_CODE = re.compile(r'(?:[^"#]|"(?:\\.|[^"\\])*"|")*+')


@dataclass(frozen=True)
class Fix:
    """Edits that belong together, each a place (None: what the problem marks) and the text to stand there.

    `safe` edits change how a thing is written and not what it says. `before` and `more` stand around the sentence.
    """

    edits: tuple[tuple[Span | None, str], ...]
    safe: bool = False
    more: str = ""
    before: str = ""

    def __add__(self, other: Fix) -> Fix:
        """Both, as one."""
        return Fix(self.edits + other.edits, self.safe and other.safe, self.more + other.more, self.before)


def write(text: str, at: Span | None = None, *, safe: bool = False, more: str = "", before: str = "") -> Fix:
    """Write `text` in the place of `at`, or of what is marked; where that is empty, put it in there."""
    return Fix(((at, text),), safe, more, before)


def respell(text: str) -> Fix:
    """A safe fix that writes `text` in the place of what is marked."""
    return write(text, safe=True)


def remove(at: Span | None = None, *, safe: bool = False, more: str = "") -> Fix:
    """Remove `at`, or what is marked, with an arrow that would lead nowhere."""
    return Fix(((at, ""),), safe, more)


def after(span: Span) -> Span:
    """The empty place behind another one."""
    return Span(span.end_line, span.end_column, span.end_line, span.end_column, span.source)


def start(span: Span) -> Span:
    """The empty place before another one."""
    return Span(span.line, span.column, span.line, span.column, span.source)


def line_end(source: Source, line: int) -> Span:
    """The empty place at the end of a line, before its comment."""
    column = len(_code(line_of(source, line) or "")) + 1
    return Span(line, column, line, column, source)


def _code(line: str) -> str:
    """A line without its comment."""
    found = _CODE.match(line)
    return found[0].rstrip() if found is not None else line


# --- in words ---------------------------------------------------------------------------------------------------------


def sentence(fix: Fix, marked: Span) -> str:
    """The help sentence of a fix, for a person who sees what is `marked`."""
    edits = [(at or marked, text) for at, text in fix.edits]
    said = [_said(at, text, marked) for at, text in edits]
    if len(edits) > 1 and marked.line == marked.end_line and all(_is_within(at, marked) for at, _ in edits):
        text = excerpt(marked)
        for at, new in reversed(edits):
            text = text[: at.column - marked.column] + new + text[at.end_column - marked.column :]
        said = [f"write `{' '.join(text.split())}`"]
    return fix.before + ", and ".join(said) + fix.more


def _is_within(inner: Span, outer: Span) -> bool:
    return _starts(outer) <= _starts(inner) and _ends(inner) <= _ends(outer)


def _said(at: Span, text: str, marked: Span) -> str:
    text = text if text.strip() or "\n" in text else ""
    inside = at == marked or (at.source is marked.source and _meet(at, marked))
    if not text:
        return "remove it" if inside else f"remove `{excerpt(at)}` on line {at.line}"
    if text == "\n":
        return "write a new line for it"
    written = f"write `{text.strip()}`" if "\n" not in text.strip() else f"a whole file is\n{text.strip()}"
    if text.startswith("\n"):
        return f"{written} on a line of its own, at the end"
    if inside:
        wider = excerpt(Span(*_starts(at), *_starts(marked), at.source)).strip()
        return written if re.fullmatch(r"(\w+=)?", wider) else f"write the step as `{text}`"
    if _starts(at) != _ends(at):
        return f"{written} for the `{excerpt(at)}` on line {at.line}"
    if _starts(at) in (_starts(marked), _ends(marked)):
        return f"{written} {'after' if _starts(at) == _ends(marked) else 'before'} it"
    if at.line != marked.end_line:
        return f"{written} at the end of line {at.line}"
    between = excerpt(Span(*_ends(marked), *_starts(at), at.source)).strip()
    return f"{written} after `{between if len(between) <= _LONGEST_PLACE else between.split()[-1]}`"


def _starts(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _ends(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


# --- as edits ---------------------------------------------------------------------------------------------------------


def edits_of(fix: Fix, marked: Span) -> tuple[Edit, ...]:
    """The edits in full: a removal takes its space with it. None at all where a comment would be lost."""
    out = tuple(Edit(at or marked, text) if text else _removal(at or marked) for at, text in fix.edits)
    return () if any(_loses_a_comment(edit) for edit in out) else out


def _loses_a_comment(edit: Edit) -> bool:
    lines = excerpt(edit.span).split("\n")
    return any(len(_code(line)) < len(line.rstrip()) and line[len(_code(line)) :].strip() not in edit.replacement
               for line in lines)  # fmt: skip


def _removal(span: Span) -> Edit:
    """An edit that removes a place, and leaves a space where two words would become one."""
    span = _going(span)
    lines = lines_of(span.source.text)
    before, behind = lines[span.line - 1][: span.column - 1], lines[span.end_line - 1][span.end_column - 1 :]
    return Edit(span, " " if re.match(r"[\w.\"]{2}", before[-1:] + behind[:1]) else "")


def _going(span: Span) -> Span:
    """What is removed with a place: a space, a comma, an arrow that would lead nowhere, a line left empty."""
    source, lines = span.source, lines_of(span.source.text)
    first, last = lines[span.line - 1], lines[span.end_line - 1]
    start, end = span.column - 1, min(span.end_column - 1, len(last))
    before, behind = first[:start].rstrip(), last[end:].lstrip()
    if behind.startswith(",") and before and before[-1] in "([,":  # an argument among others
        end = len(last) - len(behind) + 1
        behind = last[end:].lstrip()
        return Span(span.line, start + 1, span.end_line, len(last) - len(behind) + 1, source)
    if before.endswith(",") and behind and behind[0] in ")]":
        return Span(span.line, len(before), span.end_line, end + 1, source)
    if before.endswith("->") and (not behind or behind[0] in "|}#"):
        before, start = before[:-2].rstrip(), len(before) - 2
    elif behind.startswith("->") and (not before or before[-1] in "{|("):
        end = len(last) - len(behind) + 2
        behind = last[end:].lstrip()
    if not before and not behind and span.line < len(lines) and span.end_line < len(lines):
        return Span(span.line, 1, span.end_line + 1, 1, source)
    if not before and not behind and span.line > 1:
        return Span(span.line - 1, len(lines[span.line - 2]) + 1, span.end_line, len(last) + 1, source)
    if not behind:
        start, end = len(before), len(last)
    elif start == len(before) - len(before.lstrip()) or first[:start] != before:
        end = len(last) - len(behind)
    return Span(span.line, start + 1, span.end_line, end + 1, source)


def choose_fixes(problems: Iterable[Diagnostic], source: str, *, unsafe: bool = False) -> list[Diagnostic]:
    """Those of the problems of one text whose edits can be applied together; of two in one place the first."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for problem in problems:
        if not problem.fixes or any(edit.span.source.name != source for edit in problem.fixes):
            continue
        if not unsafe and problem.applicability is not Applicability.SAFE:
            continue
        if not any(_meet(a.span, b.span) for a in problem.fixes for b in taken):
            chosen.append(problem)
            taken += problem.fixes
    return chosen


def _meet(a: Span, b: Span) -> bool:
    return _starts(a) < _ends(b) and _starts(b) < _ends(a)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text after edits of which no two meet. The ends of its lines and a byte order mark stay as they are."""
    bom = text.startswith("\ufeff")
    ends = list(re.finditer(r"\r\n|\r|\n", text))
    starts = [0, *(end.end() for end in ends)]
    newline = ends[0][0] if ends else "\n"

    def offset(line: int, column: int) -> int:
        return min(starts[line - 1] + column - 1 + (bom and line == 1), len(text))

    out: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda e: (_starts(e.span), _ends(e.span))):
        start, end = offset(*_starts(edit.span)), offset(*_ends(edit.span))
        out += [text[done:start], edit.replacement.replace("\n", newline)]
        done = max(done, end)
    return "".join([*out, text[done:]])
