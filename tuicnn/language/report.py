"""Collects problems while a text is checked: each place once, with the chain of blocks it came through."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuicnn.language.diagnostics import Applicability, Code, Diagnostic, Note, Severity, Source, Span
from tuicnn.language.fixes import Fix, edits_of, sentence

__all__ = ["MOST", "EnoughError", "Report"]

#: most problems reported of one file
MOST = 200
#: characters of a message
_LONGEST = 600
#: a quoted word or number that is too long to read
_ENDLESS = re.compile(r"(\w{40})\w{21,}")


def _short(text: str) -> str:
    """A sentence with long quotes shortened."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


class EnoughError(Exception):
    """The limit of reported problems is reached."""


@dataclass
class _Found:
    """The state that all reports of one check share."""

    problems: dict[tuple[object, ...], Diagnostic] = field(default_factory=dict)
    errors: int = 0
    #: words and marks of the longest text that was read
    words: int = 0
    #: whether to raise `EnoughError` when there is nothing more to find
    stops: bool = False
    included: dict[str, Span] = field(default_factory=dict)
    #: the programs of included files by their paths: one that is included again is not read again
    programs: dict[Path, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Collects problems. `within` adds the chain of blocks; a `mute` report only notes that there was one."""

    found: _Found = field(default_factory=_Found)
    via: tuple[Note, ...] = ()
    mute: bool = False
    #: whether what people write out of habit is read as it was meant: in the second reading of a text with problems
    forgiving: bool = False

    def within(self, via: tuple[Note, ...]) -> Report:
        """The same report, for problems that came through these uses of blocks."""
        return Report(self.found, via, self.mute, self.forgiving)

    def muted(self) -> Report:
        """A report that keeps nothing, for a trial before the check proper."""
        return Report(_Found(), (), True)

    def include(self, source: Source, at: Span) -> None:
        """Problems of `source` are shown with the line that included it."""
        self.found.included[source.name] = at

    def error(
        self,
        code: Code,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: Fix | str = "",
        notes: tuple[Note, ...] = (),
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Report an error. `help` is the fix, or a text where there is no certain one."""
        key = (code, span.source.name, span)
        found, error = self.found, severity is Severity.ERROR
        if self.mute or key in found.problems:
            return
        if len(found.problems) >= MOST:
            if found.errors or not error:
                if found.errors and found.stops:
                    raise EnoughError
                return
            found.problems.popitem()  # a warning makes room for the first error
        found.errors += error
        notes += self.via
        at = self.found.included.get(span.source.name)
        if at is not None:
            notes += (Note("included here", at),)
        fix = help if isinstance(help, Fix) else None
        said = sentence(fix, span) if fix is not None else str(help)
        message = _short(_ENDLESS.sub(r"\1…", message))
        edits = edits_of(fix, span) if fix is not None else ()
        sure = Applicability.SAFE if fix is not None and fix.safe else Applicability.SUGGESTED
        problem = Diagnostic(severity, str(code), message, span, _short(label), _short(said), notes, edits, sure)
        found.problems[key] = problem

    def warning(self, code: Code, message: str, span: Span, *, label: str = "", help: Fix | str = "") -> None:
        """Report a warning."""
        self.error(code, message, span, label=label, help=help, severity=Severity.WARNING)

    @property
    def full(self) -> bool:
        """Whether no more warnings are added."""
        return len(self.found.problems) >= MOST

    @property
    def failed(self) -> bool:
        """Whether an error was reported."""
        return self.found.errors > 0

    def in_order(self) -> tuple[Diagnostic, ...]:
        """All problems in the order of the file; those of an included file stand at the line that included it."""

        def place(problem: Diagnostic) -> tuple[tuple[int, int], ...]:
            way = [(problem.span.line, problem.span.column)]
            at = self.found.included.get(problem.span.source.name)
            while at is not None and len(way) < 100:
                way.append((at.line, at.column))
                at = self.found.included.get(at.source.name)
            return tuple(reversed(way))

        return tuple(sorted(self.found.problems.values(), key=place))
