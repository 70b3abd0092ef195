"""A group of processes that `mpiexec` has started, on one machine or several: the ranks of MPI.

They share no memory: the leader's weights are broadcast before each step, and its gradient is summed in slices, one for
each rank (https://www.mpi-forum.org/docs/mpi-4.1/mpi41-report.pdf, chapter 6), so that what is sent by each rank grows
with the number of weights and not with that of ranks. A rank that is lost ends all of them, as `mpiexec` sees to.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import numpy as np

from tuicnn.engine.groups.group import ProcessGroup, added
from tuicnn.optimizers import blocks

if TYPE_CHECKING:
    from mpi4py import MPI
    from numpy.typing import NDArray

    from tuicnn.engine.groups.group import Adds, Part, Work

__all__ = ["MPIGroup", "patiently"]

#: seconds that a rank polls before it lets other processes of its machine go first, and before it sleeps
SPIN, YIELD = 5e-5, 2e-3
#: seconds that it sleeps between two looks, at most, and as a share of what it has waited: a paused run takes no
#: processor, and a step is not delayed
LONGEST, SHARE = 1e-2, 0.02
#: a piece of work: how many ranks take part (0: there is no more), and the four numbers that describe it
_NUMBERS = 5


class MPIGroup(ProcessGroup):
    """The ranks of a communicator, of which this is one. All of them take part in each collective operation."""

    def __init__(self, communicator: MPI.Comm) -> None:
        super().__init__()
        self._comm = communicator
        self.rank, self.size = communicator.rank, communicator.size
        self.active = self.size
        self._closed = False

    # --- the leader -------------------------------------------------------------------------------------------------

    def dispatch(self, *numbers: int, workers: int | None = None) -> None:
        """As `ProcessGroup.dispatch`."""
        super().dispatch(workers=workers)
        if not self._closed:
            self._tell(self.active, *numbers)

    def close(self) -> None:
        """Let the members end."""
        if not (self.rank or self._closed):
            self._tell(0)
            self._closed = True
            super().close()

    def _tell(self, *numbers: int) -> None:
        work = np.zeros(_NUMBERS, np.int64)
        work[: len(numbers)] = numbers
        patiently(self._comm.Ibcast(work, 0))

    # --- a member ---------------------------------------------------------------------------------------------------

    def start(self, work: Work) -> None:
        """In a member: do each piece of work that the leader dispatches, until it closes the group."""
        told = np.zeros(_NUMBERS, np.int64)
        while self.rank:
            patiently(self._comm.Ibcast(told, 0))
            self.active, *numbers = map(int, told)
            if not self.active:
                return
            work(numbers[0], numbers[1], numbers[2], numbers[3])

    # --- all of them ------------------------------------------------------------------------------------------------

    def gather(self, own: Sequence[Part]) -> list[Part]:
        """As `ProcessGroup.gather`."""
        if self._closed:
            return list(own)
        flat, sizes = _flat(own), np.zeros(self.size, np.int64)
        self._wait(self._comm.Igather(np.array([flat.size]), sizes, 0))
        found = np.empty(int(sizes.sum()))
        self._wait(self._comm.Igatherv(flat, (found, sizes, _starts(sizes), _datatype(flat.dtype)), 0))
        return list(own) if self.rank else _parts(found, own)

    def allgather(self, own: Sequence[Part]) -> list[Part]:
        """As `ProcessGroup.allgather`."""
        if self._closed:
            return list(own)
        flat, sizes = _flat(own), np.zeros(self.size, np.int64)
        self._wait(self._comm.Iallgather(np.array([flat.size]), sizes))
        found = np.empty(int(sizes.sum()))
        self._wait(self._comm.Iallgatherv(flat, (found, sizes, _starts(sizes), _datatype(flat.dtype))))
        return _parts(found, own) if own else []

    def broadcast(self, array: NDArray[Any]) -> None:
        """Give an array in every rank the leader's numbers."""
        if array.size and not self._closed:
            self._wait(self._comm.Ibcast(array, 0))

    def tree_sum(self, rows: NDArray[Any], filled: Sequence[int], adds: Adds) -> tuple[NDArray[Any], float]:
        """As `ProcessGroup.tree_sum`: each rank gets a slice of all rows, adds it, and sends its sum to the leader."""
        if self._closed:
            return super().tree_sum(rows, filled, adds)
        filled = [*filled, *(0,) * (self.size - len(filled))]
        kind, size = _datatype(rows.dtype), rows.shape[1]
        bounds = [rank * size // self.size for rank in range(self.size + 1)]
        widths = [stop - start for start, stop in pairwise(bounds)]
        width, mine = widths[self.rank], rows[sum(filled[: self.rank]) :][: filled[self.rank]]
        sent = np.concatenate([mine[:, start:stop].ravel() for start, stop in pairwise(bounds)])
        sizes, here = [len(mine) * each for each in widths], [each * width for each in filled]
        found = np.empty((len(rows), width), rows.dtype)
        self._wait(self._comm.Ialltoallv((sent, sizes, _starts(sizes), kind), (found, here, _starts(here), kind)))
        squares = added(found, adds, blocks(width))
        self._wait(self._comm.Igatherv(found[0], (rows[0], widths, bounds[:-1], kind), 0))
        return rows[0], float(np.sum(self.gather([np.array([squares])])))

    def _wait(self, request: MPI.Request) -> None:
        began = perf_counter()
        patiently(request)
        self.waited += perf_counter() - began


def patiently(request: MPI.Request) -> None:
    """Wait for an operation: MPI itself would take a whole processor meanwhile, which another rank may need."""
    began = perf_counter()
    while not request.Test():
        waited = perf_counter() - began
        if waited > YIELD:
            sleep(min(LONGEST, SHARE * waited))
        elif waited > SPIN:
            os.sched_yield()


def _flat(arrays: Sequence[Part]) -> Part:
    return np.concatenate([array.ravel() for array in arrays]) if arrays else np.empty(0)


def _parts(flat: Part, like: Sequence[Part]) -> list[Part]:
    return list(flat.reshape(-1, *like[0].shape))


def _starts(sizes: Sequence[int] | NDArray[np.int64]) -> list[int]:
    return [0, *accumulate(map(int, sizes))][:-1]


def _datatype(kind: np.dtype[Any]) -> MPI.Datatype:
    from mpi4py import MPI

    return MPI.FLOAT if kind == np.float32 else MPI.DOUBLE
