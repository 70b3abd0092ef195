"""How many pictures of a data set have been read, told to whoever waits for them.

The count belongs to the thread that loads: a `DataSpec` need not hand it through all that reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Count", "counted", "reading_count"]


class Count:
    """Pictures read so far, of `total`; `tell` is called with both each time."""

    def __init__(self, tell: Callable[[int, int], object]) -> None:
        self._tell, self._done, self._total = tell, 0, 0

    def begin(self, total: int) -> None:
        """So many pictures are read from here on."""
        self._done, self._total = 0, total

    def add(self, count: int) -> None:
        """Some more have been read."""
        self._done += count
        self._tell(self._done, self._total)


_count: ContextVar[Count | None] = ContextVar("count", default=None)


@contextmanager
def counted(tell: Callable[[int, int], object]) -> Iterator[None]:
    """Within this, what loads a data set tells how far it is."""
    token = _count.set(Count(tell))
    try:
        yield
    finally:
        _count.reset(token)


def reading_count() -> Count:
    """The count of whoever waits; one that nobody is told of where nobody does."""
    return _count.get() or Count(lambda done, total: None)
