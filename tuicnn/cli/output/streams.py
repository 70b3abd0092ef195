"""The output of the commands: Rich consoles that use only what the terminal, or the file, can show."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tuicnn.display.output import Console
from tuicnn.system.printable import harmless

__all__ = ["complain", "console_for", "is_terminal", "only_ascii", "put", "say", "say_json", "shown", "to_json"]

#: columns of a file or pipe: wider than any line, so that none is wrapped
_NO_EDGE = 200


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands escapes."""
    try:
        return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    except ValueError:  # closed
        return False


def only_ascii() -> None:
    """Print only ASCII from now on: Rich then draws its boxes and bars in ASCII too."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="ascii", errors="replace")


def console_for(stream: TextIO) -> Console:
    """A console on a stream: no escapes where it is no terminal, and lines as long as they are."""
    terminal = is_terminal(stream)
    return Console(
        stream,
        force_terminal=terminal,
        no_color=None if terminal else True,
        width=None if terminal else _NO_EDGE,
    )


def say(text: str) -> None:
    """Print a line to standard output."""
    # harmless before it reaches the stream: Rich replaces that while it shows a bar, and interprets escapes
    print(harmless(text))  # noqa: T201 - click.echo would write UTF-8 even where only ASCII is wanted


@contextmanager
def shown(text: str) -> Iterator[None]:
    """Print a line to a terminal, cut to its width, while something takes its time, and erase it."""
    sys.stdout.write(harmless(text)[: shutil.get_terminal_size().columns - 1])
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.buffer.write(b"\r\x1b[2K")  # the stream itself lets no escape through
        sys.stdout.flush()


def put(text: str) -> None:
    """Print a file's text as it is, in UTF-8 whatever the locale (a file's name may be in no encoding)."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="surrogateescape"))
    sys.stdout.buffer.flush()


def to_json(value: dict[str, Any]) -> str:
    """An object as JSON in one line, which is printable ASCII whatever is in its texts."""
    return json.dumps(value, allow_nan=False).replace("\x7f", "\\u007f")  # the one that `dumps` leaves


def say_json(value: dict[str, Any]) -> None:
    """Print an object as a line of JSON to standard output."""
    say(to_json(value))


def complain(text: str) -> None:
    """Print a line to standard error."""
    print(harmless(text), file=sys.stderr)  # noqa: T201
