"""What must be true of the check of any text whatever."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tuicnn.language import Checked, Severity, check, render_plain
from tuicnn.language.diagnostics import plain_lines

__all__ = ["IMAGE", "hold", "no_hang"]

#: the input that texts are checked with
IMAGE = (2, 9, 7)


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


def hold(text: str) -> Checked:
    """Check a text, and assert what is true of every check; the result."""
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
    return result
