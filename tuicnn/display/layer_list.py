"""Which lines a network's table has: layers, and blocks that are folded into one line, in the order that was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tuicnn.training.events import LayerRow

__all__ = ["Item", "LayerList", "blocks_of"]

#: layers from which on blocks are folded until somebody looks into them
MANY = 30


@dataclass(frozen=True)
class Item:
    """One line: the layers from `first` up to, without, `stop`; more than one layer: a folded `block`."""

    first: int
    stop: int
    block: str = ""
    begins: bool = False  # an unfolded block begins with this layer

    @property
    def last(self) -> int:
        """The layer whose output is the item's."""
        return self.stop - 1

    @property
    def folded(self) -> bool:
        """Whether it stands for a whole block."""
        return self.stop - self.first > 1


def blocks_of(rows: Sequence[LayerRow]) -> list[tuple[str, int, int]]:
    """The blocks of several layers: name, first layer, and the one after the last."""
    found = []
    for name, group in groupby(range(len(rows)), key=lambda i: rows[i].block):
        members = list(group)
        if name and len(members) > 1:
            found.append((name, members[0], members[-1] + 1))
    return found


class LayerList:
    """The items of a network's table; see the module."""

    def __init__(self) -> None:
        self._rows: Sequence[LayerRow] = ()
        self._blocks: list[tuple[str, int, int]] = []
        self._folded: set[int] = set()  # the first layers of folded blocks
        self.query = ""  # only layers whose name, text or block has it
        self.by_time = False  # the slowest first

    def take(self, rows: Sequence[LayerRow]) -> None:
        """Take another network's layers."""
        self._rows, self._blocks = rows, blocks_of(rows)
        self._folded = {first for _, first, _ in self._blocks} if len(rows) > MANY else set()

    @property
    def has_blocks(self) -> bool:
        """Whether anything can be folded."""
        return bool(self._blocks)

    def fold(self, layer: int) -> None:
        """Fold the block of a layer into one line, or unfold it; nothing where the layer is in no block."""
        self._folded ^= {first for _, first, stop in self._blocks if first <= layer < stop}

    def fold_all(self) -> None:
        """Fold all blocks, or, where all are folded, unfold them."""
        every = {first for _, first, _ in self._blocks}
        self._folded = set() if self._folded == every else every

    def items(self, milliseconds: NDArray[np.float32] | None = None) -> list[Item]:
        """The lines; what is searched for is found in folded blocks too. Unknown times come last."""
        query = self.query.casefold()
        if query:
            found = [Item(i, i + 1, row.block) for i, row in enumerate(self._rows) if _has(row, query)]
        else:
            found = list(self._unsearched())
        if self.by_time and milliseconds is not None:
            known = np.concatenate([[0.0], np.cumsum(np.nan_to_num(milliseconds, nan=0.0))])
            found.sort(key=lambda item: -float(known[min(item.stop, len(known) - 1)] - known[item.first]))
        return found

    def _unsearched(self) -> Iterable[Item]:
        at = 0
        for name, first, stop in self._blocks:
            yield from (Item(i, i + 1) for i in range(at, first))
            if first in self._folded:
                yield Item(first, stop, name)
            else:
                yield from (Item(i, i + 1, name, begins=i == first) for i in range(first, stop))
            at = stop
        yield from (Item(i, i + 1) for i in range(at, len(self._rows)))


def _has(row: LayerRow, query: str) -> bool:
    return any(query in text.casefold() for text in (row.name, row.text, row.block))
