"""Writes to the process's log (its standard error). A log that cannot be written must not end a training run."""

from __future__ import annotations

import contextlib
import sys
import traceback

__all__ = ["log", "log_error"]


def log(sentence: str) -> None:
    """Write a line. The last one is shown to people where the process is found dead."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(sentence + "\n")
        sys.stderr.flush()


def log_error(error: BaseException) -> None:
    """Write an error with its traceback, for whoever looks into the log."""
    log("".join(traceback.format_exception(error)).rstrip())
