"""Computes values: numbers, arithmetic, constants, words, lists and calls."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tuicnn.language.diagnostics import Code
from tuicnn.language.excerpts import excerpt
from tuicnn.language.fixes import write
from tuicnn.language.report import Report
from tuicnn.language.suggest import closest
from tuicnn.language.syntax.tree import Arithmetic, CallValue, Items, Literal, Name, Negative, Value
from tuicnn.language.value_fixes import number_word
from tuicnn.vocabulary import Call, ObjectOf, Word, show

__all__ = ["UNKNOWN", "Scope", "evaluate"]

#: larger numbers than this are refused, so that no text takes memory out of proportion
_LARGEST = 10**300


class _Unknown:
    """A value that could not be computed; this was reported, and no further problem of it is."""

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Any = _Unknown()


@dataclass(frozen=True)
class Scope:
    """What names stand for: constants and parameters; `steps` are the names of layers and blocks."""

    values: Mapping[str, Any]
    steps: Collection[str] = ()

    def with_values(self, values: Mapping[str, Any]) -> Scope:
        """The same scope with parameters that hide constants of their names."""
        return Scope({**self.values, **values}, self.steps)


def evaluate(value: Value, scope: Scope, report: Report, words: Collection[str] = (), example: str = "8") -> Any:
    """The value, or UNKNOWN. `words` are the bare words that may stand here, `example` is a value that would do."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Name):
        return _name(value, scope, report, words, example)
    if isinstance(value, Items) and value.round:
        help = write(f"[{', '.join(excerpt(item.span) for item in value.items)}]", more=", or a size such as `3x3`")
        report.error(Code.SYNTAX, "values in parentheses are no list", value.span, help=help)
        return UNKNOWN
    if isinstance(value, Items):
        items = [_flat(item, evaluate(item, scope, report, words), "a list", report) for item in value.items]
        return UNKNOWN if any(item is UNKNOWN for item in items) else items
    if isinstance(value, CallValue):
        return _call(value, scope, report)
    if isinstance(value, Negative):
        operand = _number(value.value, scope, report)
        return operand if operand is UNKNOWN or value.signs % 2 == 0 else -operand
    return _arithmetic(value, scope, report)


def _name(name: Name, scope: Scope, report: Report, words: Collection[str], example: str) -> Any:
    text = name.text
    if text in ("true", "false"):
        return text == "true"
    if text in words:
        return Word(text)
    if text in scope.values:
        return scope.values[text]
    if text in ("nan", "inf"):
        return math.nan if text == "nan" else math.inf
    if words:
        return Word(text)  # the argument says which words it takes
    message, meant, number = f"no constant called `{text}`", closest(text, scope.values), number_word(text)
    help = write(example, more=f", say, or the line `{text} = {example}` before it")
    if meant is not None:
        message, help = f"{message}. Did you mean `{meant}`?", write(meant)
    elif number is not None:
        help = write(str(number))
    report.error(Code.NAME, message, name.span, help=help)
    return UNKNOWN


def _call(call: CallValue, scope: Scope, report: Report) -> Any:
    words = ObjectOf("init").words
    places: list[Any] = []
    named: dict[str, Any] = {}
    for argument in call.arguments:
        value = evaluate(argument.value, scope, report, words if isinstance(argument.value, CallValue) else ())
        value = _flat(argument.value, value, f"{call.name.text}(…)", report)
        if argument.name is None:
            places.append(value)
        elif argument.name.text in named:
            message = f"`{argument.name.text}` is given twice"
            report.error(Code.ARGUMENT, message, argument.span, help="keep one of them")
            return UNKNOWN
        else:
            named[argument.name.text] = value
    if any(v is UNKNOWN for v in [*places, *named.values()]):
        return UNKNOWN
    return Call(call.name.text, tuple(places), named)


def _flat(written: Value, value: Any, what: str, report: Report) -> Any:
    """A value inside a list or a call, which is no such thing itself: constants that each name the one before twice
    would become larger than any memory."""
    if not isinstance(value, list | Call):
        return value
    kind = "lists" if isinstance(value, list) else "calls"
    report.error(Code.RANGE, f"{what} holds numbers and words, not {kind}", written.span, help="write a number, say 1")
    return UNKNOWN


def _number(value: Value, scope: Scope, report: Report) -> Any:
    found = evaluate(value, scope, report)
    if found is UNKNOWN or (isinstance(found, int | float) and not isinstance(found, bool)):
        return found
    message = f"arithmetic takes numbers, not `{show(found)}`"
    report.error(Code.RANGE, message, value.span, help="write a number or a constant")
    return UNKNOWN


def _arithmetic(value: Arithmetic, scope: Scope, report: Report) -> Any:
    total = _number(value.first, scope, report)
    for sign, operand in value.rest:
        right = _number(operand, scope, report)
        if total is UNKNOWN or right is UNKNOWN:
            total = UNKNOWN
            continue
        if sign in ("/", "//", "%") and right == 0:
            report.error(Code.RANGE, "a division by zero", operand.span, help=write("1", more=", or another number"))
            return UNKNOWN
        total = _operate(sign, total, right)
        if (isinstance(total, float) and not math.isfinite(total)) or abs(total) > _LARGEST:
            report.error(Code.LIMIT, "the result is too large", value.span, help="write a smaller number")
            return UNKNOWN
    return total


def _operate(sign: str, a: Any, b: Any) -> Any:
    if sign == "/" and isinstance(a, int) and isinstance(b, int) and a % b == 0:
        sign = "//"
    try:
        return _OPERATORS[sign](a, b)
    except OverflowError:
        return math.inf


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod,
}  # fmt: skip
