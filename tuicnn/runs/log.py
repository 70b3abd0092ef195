"""Writes to the process's log: standard error, or a file. Errors of writing are ignored.

Every entry begins with the time, and its further lines are indented. The last output of a dying process (a traceback of
Python, a line of the C library) has neither, which tells it from earlier entries: see `last_words`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import traceback
from pathlib import Path

from tuicnn.system.files import write_all
from tuicnn.system.printable import harmless, printable
from tuicnn.system.regular_files import open_regular

__all__ = ["entry", "last_words", "log", "log_error", "log_to"]

#: most different tracebacks in a log, so that it does not fill the disk
MOST_ERRORS = 100
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
_file: list[Path] = []
_written: set[str] = set()


def log_to(file: Path | None) -> None:
    """Write to a file from now on (created with the first line); with None, to standard error."""
    _file[:] = [file] if file is not None else []


def entry(sentence: str) -> bytes:
    """The entry for a text of one or more lines."""
    text = harmless(sentence).replace("\n", "\n    ")
    return f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n".encode()


def log(sentence: str) -> None:
    """Write an entry."""
    with contextlib.suppress(OSError, ValueError):
        if _file:
            descriptor = open_regular(_file[0], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                write_all(descriptor, entry(sentence))
            finally:
                os.close(descriptor)
        else:
            sys.stderr.write(entry(sentence).decode())
            sys.stderr.flush()


def log_error(error: BaseException) -> None:
    """Write an error with its traceback; the same one is written once.

    A question that raises an error is repeated twice a second while a screen is open.
    """
    text = "".join(traceback.format_exception(error)).rstrip()
    if text not in _written and len(_written) < MOST_ERRORS:
        _written.add(text)
        log(text)


def last_words(file: Path) -> str:
    """What a process that is gone wrote of its own end, in one line; "" where it left an entry, or nothing, as a
    process does that is killed.
    """
    try:
        with os.fdopen(open_regular(file), "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    # what is indented belongs to the line before it, of an entry or of an error's message
    last = next((line for line in reversed(lines) if line.strip() and not line.startswith((" ", "\t"))), "")
    return "" if _TIME.match(last) else printable(last.strip())[:300]
