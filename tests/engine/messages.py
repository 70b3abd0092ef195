"""A second transport: ranks that share no memory and send each other messages, as those of MPI do."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from tuicnn.engine.groups.group import ProcessGroup

Arrays = Sequence[np.ndarray]


class MessageGroup(ProcessGroup):
    """One rank. All ranks join every collective, also those that have no part in a step."""

    def __init__(self, rank: int, links: Sequence[Connection]) -> None:
        super().__init__()
        self.rank, self.size = rank, 2 if rank else len(links) + 1
        self._links = links  # the leader's: to each member; a member's: to the leader

    def start(self, work: Callable[[int, int, int, int], object]) -> None:
        while self.rank:
            order = self._links[0].recv()
            if order is None:
                return
            self.active, *numbers = order
            work(*numbers)

    def dispatch(self, *numbers: int, workers: int | None = None) -> None:
        super().dispatch(workers=workers)
        self._send((self.active, *numbers, *(0,) * (4 - len(numbers))))

    def close(self) -> None:
        if not self.rank:
            self._send(None)
            self._links = ()
            super().close()

    def gather(self, own: Arrays) -> list[np.ndarray]:
        if self.rank:
            self._send(list(own))
            return list(own)
        return [*own, *(array for link in self._links for array in link.recv())]

    def allgather(self, own: Arrays) -> list[np.ndarray]:
        found = self.gather(own)
        if self.rank:
            found = self._links[0].recv()
            return found if own else []
        self._send(found)
        return found

    def broadcast(self, array: np.ndarray) -> None:
        if self.rank:
            array[...] = self._links[0].recv()
        else:
            self._send(array)

    def tree_sum(
        self, rows: np.ndarray, filled: Sequence[int], adds: Sequence[tuple[int, int]]
    ) -> tuple[np.ndarray, float]:
        first = sum(filled[: self.rank])
        found = self.gather(list(rows[first : first + sum(filled[self.rank : self.rank + 1])]))
        return (rows[0], 0.0) if self.rank else super().tree_sum(np.stack(found), filled, adds)

    def _send(self, message: Any) -> None:
        for link in self._links:
            link.send(message)


def ranks(size: int, life: Callable[[ProcessGroup], Any]) -> Any:
    """What `life` gives in the leader of a group of so many ranks, each of which lives it from its first line."""
    context = multiprocessing.get_context("fork")
    pairs = [context.Pipe() for _ in range(size - 1)]
    members = [
        context.Process(target=life, args=(MessageGroup(rank, [theirs]),)) for rank, (_, theirs) in enumerate(pairs, 1)
    ]
    for member in members:
        member.start()
    try:
        return life(MessageGroup(0, [ours for ours, _ in pairs]))
    finally:
        for member in members:
            member.join(10)
            member.kill()
