"""Where the commands print to: Rich consoles that keep to what the terminal, or the file behind it, can show."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from rich.console import Console

__all__ = ["complain", "console_for", "is_terminal", "only_ascii", "say"]

#: as wide as anything that we print: a file or a pipe has no edge at which a line would have to break
_NO_EDGE = 200


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands escapes."""
    try:
        return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    except ValueError:  # closed
        return False


def only_ascii() -> None:
    """From now on print nothing outside ASCII: Rich then draws its boxes and bars in ASCII by itself."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="ascii", errors="replace")


def console_for(stream: TextIO) -> Console:
    """A console on a stream: no escapes where it is no terminal, and lines as long as they are."""
    terminal = is_terminal(stream)
    return Console(
        file=stream,
        force_terminal=terminal,
        no_color=None if terminal else True,
        width=None if terminal else _NO_EDGE,
        highlight=False,
        emoji=False,
        markup=False,
    )


def say(text: str) -> None:
    """Print a line to standard output."""
    print(text)  # noqa: T201 - click.echo would write UTF-8 even where only ASCII is wanted


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(text, file=sys.stderr)  # noqa: T201
