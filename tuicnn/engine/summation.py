"""The order in which the gradients of a step's shards are added: a binary tree over the shards.

The tree depends on the number of shards alone, so a sum is the same to the last bit for any number of processes, each
of which adds the subtrees that lie within its own shards. Which of two summands comes first changes no bit. A sum of n
numbers errs in proportion to log n in place of n: N. J. Higham, "The accuracy of floating point summation", SIAM
Journal on Scientific Computing 14, 1993, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Adding", "Subtree", "Turn", "adding", "joining", "subtrees"]

#: an addition of rows: into the first, the second
Add = tuple[int, int]


@dataclass(frozen=True, order=True)
class Subtree:
    """Shards from `start` on, up to `stop`; its height is that of the whole tree's node that they are all below."""

    start: int
    stop: int
    height: int

    @property
    def halves(self) -> tuple[Subtree, ...]:
        """What it is the sum of: two subtrees, or one where there are not enough shards for two; a leaf has none."""
        if not self.height:
            return ()
        middle = self.start + (1 << self.height - 1)
        first = Subtree(self.start, min(middle, self.stop), self.height - 1)
        return (first, Subtree(middle, self.stop, self.height - 1)) if middle < self.stop else (first,)


def _whole(count: int) -> Subtree:
    return Subtree(0, count, (count - 1).bit_length())


@lru_cache(256)
def subtrees(count: int, start: int, stop: int) -> tuple[Subtree, ...]:
    """The largest subtrees of the tree over `count` shards that lie within those from `start` to `stop`, in order."""

    def within(tree: Subtree) -> Iterator[Subtree]:
        if start <= tree.start and tree.stop <= stop:
            yield tree
        elif tree.start < stop and start < tree.stop:
            for half in tree.halves:
                yield from within(half)

    return tuple(within(_whole(count))) if count else ()


@dataclass(frozen=True)
class Turn:
    """What is done with the gradient of one shard: it is written to `row`, then rows are added to each other."""

    row: int
    adds: tuple[Add, ...]


@dataclass(frozen=True)
class Adding:
    """How a process adds up its shards: the turn of each, and how many rows it needs.

    The sum of the i-th of its `subtrees` is in row i; the others are needed on the way.
    """

    turns: dict[int, Turn]
    rows: int


@lru_cache(256)
def adding(count: int, start: int, stop: int, *, backwards: bool) -> Adding:
    """How the shards from `start` to `stop` of `count` are added up, where they come in their order, or `backwards`."""
    found = subtrees(count, start, stop)
    turns: dict[int, Turn] = {}
    rows = len(found)

    def add_up(tree: Subtree, row: int, spare: int, last: tuple[Add, ...]) -> None:
        """The sum of a tree in a `row`, with the rows from `spare` on for what is between; then what is done `last`."""
        nonlocal rows
        rows = max(rows, row + 1)
        if not tree.halves:
            turns[tree.start] = Turn(row, last)
        elif len(tree.halves) == 1:
            add_up(tree.halves[0], row, spare, last)
        else:
            one, other = reversed(tree.halves) if backwards else tree.halves
            add_up(one, row, spare, ())
            add_up(other, spare, spare + 1, ((row, spare), *last))

    for row, tree in enumerate(found):
        add_up(tree, row, len(found), ())
    return Adding(turns, rows)


@lru_cache(256)
def joining(trees: tuple[Subtree, ...], count: int) -> tuple[Add, ...]:
    """The additions that make the sum over `count` shards out of these subtrees, a row each, in the first row."""
    rows = {tree: row for row, tree in enumerate(trees)}
    adds: list[Add] = []

    def join(tree: Subtree) -> int:
        if tree in rows:
            return rows[tree]
        first, *second = map(join, tree.halves)
        adds.extend((first, other) for other in second)
        return first

    if count:
        join(_whole(count))
    return tuple(adds)
