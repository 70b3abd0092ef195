"""Makes standard output and error safe: no text, whatever its origin, can send control sequences to the terminal.

Messages quote names and files of any origin. `guard` replaces `sys.stdout` and `sys.stderr` by streams that make all
text `harmless`: that of `print`, click, tracebacks and warnings. Only a `Console` bypasses them, for the escape
sequences of its own styles; its text is made harmless too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO, cast

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from tuicnn.system.printable import harmless

__all__ = ["Console", "guard"]


class _Guarded:
    """A text stream that makes every text harmless; all other attributes are those of the stream `under` it."""

    def __init__(self, under: TextIO) -> None:
        self.under = under

    def write(self, text: str) -> int:
        self.under.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.under, name)


def guard() -> None:
    """Replace standard output and error by guarded streams."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, _Guarded):
            setattr(sys, name, cast(TextIO, _Guarded(stream)))


class Console(rich.console.Console):
    """A Rich console on a stream, standard output by default; the text that it styles is made harmless."""

    def __init__(self, stream: TextIO | None = None, **options: Any) -> None:
        stream = sys.stdout if stream is None else stream
        super().__init__(
            file=stream.under if isinstance(stream, _Guarded) else stream,
            highlight=False,
            emoji=False,
            markup=False,
            **options,
        )

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed, their texts harmless; control segments are Rich's own."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(harmless(text), style)

    def on_broken_pipe(self) -> NoReturn:
        """Raise what the program handles, where Rich would exit with 1."""
        raise BrokenPipeError
