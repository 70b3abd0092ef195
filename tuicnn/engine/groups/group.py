"""The interface between the engine and the processes that share a step, whatever carries their messages.

The leader (`rank` 0) owns the weights, the optimizer and all files, and decides what to do next. The others, the
members, do their part of each piece of work and give the result back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.optimizers import blocks

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Part = NDArray[np.float64]
    #: additions of rows: onto the first, the second
    Adds = Sequence[tuple[int, int]]
    #: does a process's part of a piece of work, which four numbers describe
    Work = Callable[[int, int, int, int], object]

__all__ = ["WORTH_SHARING", "MemberLostError", "ProcessGroup", "added"]

#: blocks from which sharing a pass over them saves more than it takes to tell the others
WORTH_SHARING = 4


class MemberLostError(RuntimeError):
    """A member was killed, failed or hung; the message continues a sentence after a colon.

    `traceback` is that of a member that failed, for a log; else "".
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class ProcessGroup:
    """A group of one process, and the base of groups of more: a transport overrides all but `partition`.

    Results come in the order of the ranks, so that nothing depends on which process is faster. Methods that communicate
    raise `MemberLostError`.
    """

    #: whether what a process writes to an array of `zeros` is in that of all others: then they can share any work on it
    shares_memory = False

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self.active = 1  # how many processes, from the leader on, take part in the present work
        self.waited = 0.0  # seconds that this process has waited for messages

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of zeros for `broadcast` and `tree_sum`; each process makes the same ones, before `start`."""
        return np.zeros(shape, dtype)

    def start(self, work: Work) -> None:
        """Make members call `work` with the numbers of every `dispatch`. Raises `OSError`.

        Returns at once in the leader; in a member that calls it, when the leader has closed the group.
        """

    def dispatch(self, *numbers: int, workers: int | None = None) -> None:
        """Tell the members to do their part of a piece of work; `workers` processes are active (None: all)."""
        self.active = self.size if workers is None else max(1, min(workers, self.size))

    def close(self) -> None:
        """End the members, even busy ones; the leader remains as a group of one."""
        self.size = self.active = 1

    def partition(self, count: int, rank: int | None = None) -> range:
        """Which of `count` pieces are this process's, or those of a `rank`: a contiguous range, as even as possible.

        It is empty where the process is not active.
        """
        first = self.rank if rank is None else rank
        return range(*(-(-min(each, self.active) * count // self.active) for each in (first, first + 1)))

    def gather(self, own: Sequence[Part]) -> list[Part]:
        """All processes' arrays of one shape, in the leader, which must have one; in a member, its own."""
        return list(own)

    def allgather(self, own: Sequence[Part]) -> list[Part]:
        """All processes' arrays of one shape, in each process that gives at least one; in others, none."""
        return self.gather(own)

    def broadcast(self, array: NDArray[Any]) -> None:
        """Give an array of `zeros` in every process the leader's numbers."""

    def tree_sum(self, rows: NDArray[Any], filled: Sequence[int], adds: Adds) -> tuple[NDArray[Any], float]:
        """In the leader: the first row of an array of `zeros` after some additions of rows, (onto, more).

        And how large it is: the sum of its squares, added in any order. Each active rank has `filled` so many rows,
        in the order of the ranks, and then called `gather`.
        """
        return rows[0], added(rows, adds, blocks(rows.shape[1]))


def added(rows: NDArray[Any], adds: Adds, parts: Iterable[slice]) -> float:
    """Adds some parts of rows onto others; gives the sum of the squares of those of the first row."""
    squares = 0.0
    with np.errstate(all="ignore"):  # the caller checks the result
        for part in parts:
            for onto, more in adds:
                rows[onto, part] += rows[more, part]
            first = rows[0, part]
            squares += float(np.dot(first, first))
    return squares
