"""Reads the value of an override by the grammar of the language, wherever in a text it is to stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tuicnn.language.diagnostics import Code, Diagnostic, Severity, Source, Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Argument, Chain, Constant, Setting, Statement, Use

__all__ = ["Override", "OverrideError"]

_NAME = r"[^\W\d][\w-]*"
#: `w`, `optim.lr`
_NAMES = re.compile(rf"{_NAME}(\.{_NAME})?")


class OverrideError(ValueError):
    """A value that cannot be set. `diagnostics` say why; their place is the override."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(problem.message for problem in diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True)
class Override:
    """The new value of a constant or a setting (`owner`), or of an option or argument of `owner`."""

    name: str
    value: str

    @property
    def owner(self) -> str:
        """What stands before the dot: a setting, a label, a layer; the whole name where there is none."""
        return self.name.partition(".")[0]

    @property
    def option(self) -> str:
        """What stands behind the dot, or ""."""
        return self.name.partition(".")[2]

    @property
    def source(self) -> Source:
        """The override as it is typed, to be shown with its problems."""
        return Source("--set", f"--set {self.name}={self.value}", numbered=False)

    def span(self, first: int, last: int) -> Span:
        """A place in `name=value`, in characters from 0."""
        offset = len("--set ") + 1
        return Span(1, offset + first, 1, offset + last, self.source)

    @property
    def owner_span(self) -> Span:
        """The place of `owner`."""
        return self.span(0, len(self.owner))

    @property
    def option_span(self) -> Span:
        """The place of `option`."""
        return self.span(len(self.name) - len(self.option), len(self.name))

    @property
    def value_span(self) -> Span:
        """The place of `value`."""
        return self.span(len(self.name) + 1, len(self.name) + 1 + len(self.value))

    def error(self, message: str, span: Span, help: str) -> OverrideError:
        """The error that says what is wrong with a part of it."""
        return OverrideError(Diagnostic(Severity.ERROR, str(Code.NAME), message, span, help=help))

    def require_name(self) -> None:
        """Raises `OverrideError` where the name cannot be one."""
        if _NAMES.fullmatch(self.name) is None:
            said = f"`{self.name}` is no name of a value" if self.name else "the name of a value is missing"
            help = (
                "write a constant (w), a setting (loss), or an option of a setting or layer (optim.lr, conv1.filters)"
            )
            raise self.error(said, self.span(0, max(len(self.name), 1)), help)

    # --- the value, as a part of a text ------------------------------------------------------------------------------

    def as_option(self) -> str:
        """The value as an option's, with parentheses where it is arithmetic. Raises `OverrideError`."""
        name = self.option
        before = len("--set ") + len(self.name) - len(name)
        alone = " " * (before - 2)
        try:
            return self._read(f"{alone}x {name}={self.value}", _option)
        except OverrideError as error:
            try:
                return f"({self._read(f'{alone}x({name}={self.value})', _option)})"
            except OverrideError:
                raise error from None

    def as_constant(self) -> str:
        """The value as a constant's. Raises `OverrideError`."""
        return self._read(f"{' ' * len('--set ')}{self.name}={self.value}", _constant)

    def as_setting(self) -> str:
        """The value as the words of a setting. Raises `OverrideError`."""
        return self._read(f"{' ' * len('--set ')}{self.name}:{self.value}", _setting)

    def _read(self, text: str, part: Callable[[Statement], Span | None]) -> str:
        """The wanted part of a statement that has the override's own columns."""
        if len(self.value.splitlines()) > 1:
            raise self.error("a value has one line", self.value_span, f"write {self.name}=8, say")
        report = Report()
        tree = parse(Source("", text), report)
        if report.failed:
            raise OverrideError(*(self._moved(problem) for problem in report.in_order()))
        span = part(tree.statements[0]) if len(tree.statements) == 1 else None
        if span is None:
            raise self.error(f"`{self.value}` is not one value", self.value_span, f"write {self.name}=8, say")
        return excerpt(span)

    def _moved(self, problem: Diagnostic) -> Diagnostic:
        span = problem.span
        first, last = (min(column, len(self.source.text) + 1) for column in (span.column, span.end_column))
        return replace(problem, span=Span(1, first, 1, max(last, first), self.source), notes=(), fixes=())


def _option(statement: Statement) -> Span | None:
    """The value of the only option of the only step."""
    match statement:
        case Chain(steps=(step,)):
            match step.unit:
                case Use(arguments=(Argument(value=value),), branches=None) if not step.repeats and step.label is None:
                    return value.span
    return None


def _constant(statement: Statement) -> Span | None:
    return statement.value.span if isinstance(statement, Constant) and statement.value is not None else None


def _setting(statement: Statement) -> Span | None:
    if isinstance(statement, Setting) and statement.arguments:
        return statement.arguments[0].span.to(statement.arguments[-1].span)
    return None
