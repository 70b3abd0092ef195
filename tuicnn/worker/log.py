"""Writes to the process's log: its standard error, or a file. A log that cannot be written ends no training."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from pathlib import Path

from tuicnn.training.files import write_all

__all__ = ["log", "log_error", "log_to"]

#: different errors with their tracebacks that a log is given: it is to help, not to fill the disk
MOST_ERRORS = 100
_file: list[Path] = []
_written: set[str] = set()


def log_to(file: Path) -> None:
    """From now on write to a file (made with the first line), not to standard error, which is a person's."""
    _file[:] = [file]


def log(sentence: str) -> None:
    """Write a line. The last one is shown to people where the process is found dead."""
    with contextlib.suppress(OSError, ValueError):
        if _file:
            descriptor = os.open(_file[0], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                write_all(descriptor, f"{sentence}\n".encode(errors="replace"))
            finally:
                os.close(descriptor)
        else:
            sys.stderr.write(sentence + "\n")
            sys.stderr.flush()


def log_error(error: BaseException) -> None:
    """Write an error with its traceback, for whoever looks into the log; the same one again is not written again.

    A question that ends in an error is asked twice a second, for as long as a screen is there.
    """
    text = "".join(traceback.format_exception(error)).rstrip()
    if text not in _written and len(_written) < MOST_ERRORS:
        _written.add(text)
        log(text)
