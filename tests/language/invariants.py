"""What must be true of the check and of the form of any text whatever."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from types import FrameType
from typing import Any

from tuicnn.language import Checked, Severity, UnreadableError, check, format_text, render_plain
from tuicnn.language.diagnostics import Source
from tuicnn.language.parsing.statements import parse
from tuicnn.language.report import Report
from tuicnn.language.syntax.tree import Chain
from tuicnn.system.lines import plain_lines

__all__ = ["IMAGE", "LONG", "hold", "in_form", "no_hang"]

#: the input that texts are checked with
IMAGE = (2, 9, 7)
#: columns, beyond which a line is broken where it can be
LONG = 100


@contextmanager
def no_hang(seconds: float = 30) -> Iterator[None]:
    """Raise `TimeoutError` in what takes longer than anything here may on the slowest machine: it would never end."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def in_form(text: str) -> str:
    """The formatted text, of which all is true that must be."""
    out = format_text(text)
    assert format_text(out) == out
    assert not re.search(r"[ \t]\n|\n\n\n|\r|\A\n|\n\n\Z", out)
    code_alone = re.sub(r'"(?:\\.|[^"\\\n])*"|#[^\n]*', "", out)
    assert not re.search(r"[\t→×]", code_alone)
    assert out == "" or out.endswith("\n")
    for line in map(str.rstrip, code_alone.split("\n")):
        if len(line) > LONG:
            assert not re.search(r" -> | \{ | \| ", re.sub(r"^ *(\||->) ", "", line)), line
    return out


def said(text: str) -> tuple[list[Any], list[Any]]:
    """The tree of a text without the places in it: the steps of the network, and all other statements."""

    def bare(found: Any) -> Any:
        if is_dataclass(found):
            return type(found).__name__, [bare(getattr(found, f.name)) for f in fields(found) if f.name != "span"]
        return [bare(each) for each in found] if isinstance(found, tuple | list) else found

    statements = parse(Source("net", text), Report()).statements
    steps = [step for statement in statements if isinstance(statement, Chain) for step in statement.steps]
    return bare(steps), bare([statement for statement in statements if not isinstance(statement, Chain)])


def hold(text: str) -> Checked:
    """Check a text and format it, and assert what is true of every text; the check."""
    result = check(text, input=IMAGE, classes=10)
    errors = [d for d in result.diagnostics if d.severity is Severity.ERROR]
    assert (result.plan is None) == bool(errors)
    assert result.ok == (not errors)
    own = [d.span for d in result.diagnostics if d.span.source.text == text]
    assert own == sorted(own, key=lambda span: (span.line, span.column))
    lines = plain_lines(text).split("\n")
    for span in own:
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1
        assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
    for ascii in (False, True):
        shown = render_plain(result.diagnostics, ascii=ascii, width=60)
        assert "\x1b" not in shown
        assert not ascii or shown.isascii()
    for node in result.plan.nodes if result.plan is not None else ():
        assert node.shape == node.layer.output(*node.input_shapes)
        assert all(n >= 1 for n in node.shape)
    try:
        formatted = in_form(text)
    except UnreadableError:
        assert errors
    else:
        assert said(formatted) == said(text)
    return result
