"""What the language says of a text that is edited, by row: shapes, problems, and the weights that a run would keep.

It takes 10 ms for a usual net and 300 ms for one of a thousand layers, and is done in a thread. Imports the language,
which takes long the first time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.language.editing import Document, LineHint
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.warm import Warmth

__all__ = ["Analysis", "Analyst", "Mark", "Remark"]

A = TypeVar("A")

#: what becomes of the weights on a line: all or some of its layers keep those of the former run, or none does
Mark = Literal["kept", "some", "new"]


@dataclass(frozen=True)
class Remark:
    """A problem of a line: the columns that it marks (from 0), what is wrong, and what to write instead."""

    start: int
    end: int
    text: str
    help: str
    is_error: bool
    fixable: bool


@dataclass(frozen=True)
class Analysis:
    """What is known of a text, by row. `document` is None where the text is not analysed yet."""

    lines: Sequence[str] = ()
    document: Document | None = None
    #: what a line gives: as long and as short as it can be said
    hints: Mapping[int, Sequence[str]] = field(default_factory=dict)
    #: rows whose hints and marks are those of a former text, where an error keeps them from being known
    stale: frozenset[int] = frozenset()
    remarks: Mapping[int, tuple[Remark, ...]] = field(default_factory=dict)
    marks: Mapping[int, Mark] = field(default_factory=dict)
    plan: Plan | None = None
    #: None where the text cannot be trained, or where there is no former run whose weights could be kept
    warmth: Warmth | None = None

    @property
    def errors(self) -> int:
        """How many problems keep the text from being trained."""
        return sum(remark.is_error for remarks in self.remarks.values() for remark in remarks)

    @property
    def warnings(self) -> int:
        """How many problems do not."""
        return sum(map(len, self.remarks.values())) - self.errors

    def carried(self, lines: Sequence[str]) -> Analysis:
        """The same for a changed text, until that is analysed: what was known of the lines that it left alone."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self.lines, lines, strict=False)))
        rest = min(len(self.lines), len(lines)) - same
        behind = next((i for i in range(rest) if self.lines[-1 - i] != lines[-1 - i]), rest)
        by, end = len(lines) - len(self.lines), len(self.lines) - behind

        def moved(known: Mapping[int, A]) -> dict[int, A]:
            return {row + by * (row >= end): value for row, value in known.items() if row < same or row >= end}

        return replace(
            self,
            lines=tuple(lines),
            hints=moved(self.hints),
            remarks=moved(self.remarks),
            marks=moved(self.marks),
            stale=frozenset(moved(dict.fromkeys(self.stale))),
        )

    def after(self, former: Analysis, lines: Sequence[str]) -> Analysis:
        """The same beside what is known of `lines` now, which may have changed since.

        Where an error keeps lines from being known, what they gave before stands, as stale.
        """
        now = self if self.lines == tuple(lines) else self.carried(lines)
        if not self.errors:
            return now
        known = former if former.lines == tuple(lines) else former.carried(lines)
        return replace(
            now,
            hints={**known.hints, **now.hints},
            marks={**known.marks, **now.marks},
            stale=frozenset(known.hints.keys() - now.hints.keys()),
        )


class Analyst:
    """Analyses texts, and compares them with the net of the `former` run, whose weights a new one may keep."""

    def __init__(self, former: RunFolder | None) -> None:
        self.former = former
        self._plan: Plan | None = None
        self._planned = former is None

    @property
    def former_plan(self) -> Plan | None:
        """The plan of the former run's own text; None where there is none."""
        from tuicnn.runs.origin import Origin
        from tuicnn.runs.prepared import plan_of

        if not self._planned and self.former is not None:
            self._planned = True
            try:
                self._plan = plan_of(self.former, Origin.of(self.former))
            except UserError:
                self._plan = None
        return self._plan

    def analyse(self, text: str, path: Path | None, working: Path) -> Analysis:
        """Analyse a text with newlines alone. It takes long: call it in a thread, one call at a time."""
        from tuicnn.language.editing import line_hints, read_document

        document = read_document(text, path, working=working)
        plan = document.checked.plan
        warmth = self._warmth(plan)
        return Analysis(
            lines=document.lines,
            document=document,
            hints={hint.line - 1: _forms(hint) for hint in line_hints(document)},
            remarks=_remarks(document),
            marks=_marks(document, warmth) if warmth is not None else {},
            plan=plan,
            warmth=warmth,
        )

    def _warmth(self, plan: Plan | None) -> Warmth | None:
        from tuicnn.runs.warm import warmth

        return warmth(self.former_plan, plan) if plan is not None and self.former_plan is not None else None


def _forms(hint: LineHint) -> tuple[str, ...]:
    """A hint with multiply-adds, with weights alone, and the shape alone."""
    ways = hint.details.split("\n")
    long = f"→ {ways[0].replace(': ', ' · ', 1).replace(', ', ' · ')}" if len(ways) == 1 else hint.text
    return tuple(dict.fromkeys([long, hint.text, hint.text.partition(" · ")[0]]))


def _remarks(document: Document) -> dict[int, tuple[Remark, ...]]:
    from tuicnn.language import Severity
    from tuicnn.language.editing import problems
    from tuicnn.language.fixes import choose_fixes

    found: dict[int, list[Remark]] = {}
    for problem in problems(document):
        about, span = problem.diagnostic, problem.span
        end = span.end_column if span.end_line == span.line else len(document.lines[span.line - 1]) + 1
        text = f"{about.message}: {about.label}" if about.label and about.label not in about.message else about.message
        remark = Remark(
            span.column - 1,
            max(end - 1, span.column),
            text,
            about.help,
            about.severity is Severity.ERROR,
            bool(choose_fixes([about], document.name, unsafe=True)),
        )
        found.setdefault(span.line - 1, []).append(remark)
    return {row: tuple(remarks) for row, remarks in found.items()}


def _marks(document: Document, warmth: Warmth) -> dict[int, Mark]:
    from tuicnn.language.editing import layers_of_lines

    kept, new = set(warmth.kept), set(warmth.new)
    found: dict[int, Mark] = {}
    for line, ways in layers_of_lines(document).items():
        names = {node.name for way in ways for node in way.nodes}
        if names & (kept | new):
            found[line - 1] = "some" if names & kept and names & new else "kept" if names & kept else "new"
    return found
