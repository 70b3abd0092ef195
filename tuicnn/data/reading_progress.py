"""How many pictures of a data set have been read, reported to the caller that waits for them.

The progress belongs to the thread that loads, so that a `DataSpec` does not hand it through all functions that read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["ReadingProgress", "reading_progress", "report_reading"]


class ReadingProgress:
    """Pictures read so far, of `total`; `report` is called with both each time."""

    def __init__(self, report: Callable[[int, int], object]) -> None:
        self._report, self._done, self._total = report, 0, 0

    def begin(self, total: int) -> None:
        """So many pictures are read from here on."""
        self._done, self._total = 0, total

    def add(self, count: int) -> None:
        """Some more have been read."""
        self._done += count
        self._report(self._done, self._total)


_progress: ContextVar[ReadingProgress | None] = ContextVar("progress", default=None)


@contextmanager
def report_reading(report: Callable[[int, int], object]) -> Iterator[None]:
    """Inside the `with`, loading a data set calls `report(done, total)`."""
    token = _progress.set(ReadingProgress(report))
    try:
        yield
    finally:
        _progress.reset(token)


def reading_progress() -> ReadingProgress:
    """The progress of the load that runs in this thread; one that reports to nobody where none was asked for."""
    return _progress.get() or ReadingProgress(lambda done, total: None)
