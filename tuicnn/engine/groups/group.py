"""What the network and the trainer ask of the processes that do a step together, whatever carries their messages.

One process leads (`rank` 0): it owns the weights, the optimizer and whatever is written down, and says what to do next.
The others, the members, do their part of each piece of work and give it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Part = NDArray[np.float64]
    #: a process's part of a piece of work, which four numbers describe
    Work = Callable[[int, int, int, int], object]

__all__ = ["MemberLostError", "ProcessGroup"]


class MemberLostError(RuntimeError):
    """A member is lost: it was killed, failed or hung. Says so, to go on after a colon.

    `traceback`: where a member failed, for a log; else "".
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class ProcessGroup:
    """A group of one process, and what groups of more have in common.

    Another transport overrides all but `partition`. Whatever it sends, results come in the order of the ranks, so that
    nothing depends on who is quicker. Each method that talks to other processes raises `MemberLostError`.
    """

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self.active = 1  # how many processes, from the leader on, take part in the present work
        self.waited = 0.0  # seconds that this process has waited for word from the others

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of zeros for `broadcast` and `ordered_sum`; each process makes the same ones, before `start`."""
        return np.zeros(shape, dtype)

    def start(self, work: Work) -> None:
        """Let members do `work` with the numbers of every `dispatch`. Raises `OSError`.

        The leader comes back at once; a member that calls this itself comes back when the leader has closed the group.
        """

    def dispatch(self, *numbers: int, workers: int | None = None) -> None:
        """Tell members to do their part of a piece of work, as many as make `workers` with the leader (None: all)."""
        self.active = self.size if workers is None else max(1, min(workers, self.size))

    def close(self) -> None:
        """End the members, whatever they do; the leader goes on as a group of one."""

    def partition(self, count: int) -> range:
        """Which of `count` pieces are this process's: neighbours, as evenly as can be; none where it is not active."""
        return range(*(-(-min(rank, self.active) * count // self.active) for rank in (self.rank, self.rank + 1)))

    def gather(self, own: Sequence[Part]) -> list[Part]:
        """Every process's arrays, all of one shape, for the leader, who must have one; a member gets its own."""
        return list(own)

    def allgather(self, own: Sequence[Part]) -> list[Part]:
        """Every process's arrays (all of one shape), for each of them. A process that has none to give gets none."""
        return self.gather(own)

    def broadcast(self, array: NDArray[Any]) -> None:
        """Give an array of `zeros` in every process the leader's numbers."""

    def ordered_sum(self, rows: NDArray[Any]) -> NDArray[Any]:
        """For the leader: the sum over the rows of an array of `zeros`, in their order, in the memory of the first.

        Each process has filled the rows of its `partition`, and then called `gather`.
        """
        total: NDArray[Any] = rows[0]
        for row in rows[1:]:
            total += row
        return total
