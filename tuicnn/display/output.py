"""Standard output and error, to which nothing comes that could steer the terminal, whoever prints it.

What is printed quotes names, messages and files that came from anywhere. `guard` puts a stream in the place of
`sys.stdout` and `sys.stderr` that makes all of it `harmless`: what `print`, click, tracebacks and warnings write. Only
a `Console` writes past it, with the escape sequences of its own styles around text that is as harmless.
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
    """A text stream whose every text is made harmless; all else is as the stream `under` it has it."""

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
    """From now on only harmless text comes to standard output and error."""
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
        """The segments of what is printed; those that steer the terminal are Rich's own, not text."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(harmless(text), style)

    def on_broken_pipe(self) -> NoReturn:
        """The reader has gone: for the program to see, where Rich would exit with 1."""
        raise BrokenPipeError
