"""The weights of a run after each epoch, for whoever looks into its past; bounded in number and in bytes.

A snapshot is a checkpoint without the optimizer's state, in the network's own precision: what is computed of it has the
bits that training had. Where there are too many, of all epochs but the first and the newest only every second one is
kept, then every fourth, and so on.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.runs.numbered_files import EpochFiles
from tuicnn.system.files import why, write_atomic
from tuicnn.system.machine import installed_memory
from tuicnn.system.regular_files import read_regular

if TYPE_CHECKING:
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["SnapshotFolder", "kept"]

MOST = 64  # snapshots of a run
MOST_BYTES = 64 << 20  # of all of them; weights that are larger than that are not kept


@dataclass(frozen=True)
class SnapshotFolder(EpochFiles):
    """The folder `snapshots` of a run; which is made with the first one."""

    def write(self, checkpoint: Checkpoint) -> None:
        """Write the snapshot of a checkpoint at an epoch's end, and remove those that are too many.

        Raises `UserError`, with all files as they were.
        """
        from tuicnn.runs.checkpoint_file import pack

        weights = checkpoint.weights
        most = min(MOST, MOST_BYTES // max(1, sum(array.nbytes for array in weights.values())))
        keep = kept(checkpoint.epochs, most)
        try:
            if keep:
                data = pack(dataclasses.replace(checkpoint, arrays=weights))
                self.path.mkdir(mode=0o700, exist_ok=True)
                write_atomic(self.file(checkpoint.epochs), data)
        except OSError as error:
            raise UserError(f"No snapshot of the weights can be written to {self.path}: {why(error)}.") from error
        self._remove(set(self.epochs()) - keep)

    def remove_some(self) -> bool:
        """Remove every second one, and then the rest: whether there are fewer now."""
        there = self.epochs()
        self._remove(set(there[-2::-2]) or set(there))
        return self.epochs() != there

    def remove_after(self, epoch: int) -> None:
        """Remove the snapshots of later epochs, which are trained again."""
        self._remove({each for each in self.epochs() if each > epoch})

    def _remove(self, epochs: set[int]) -> None:
        for epoch in epochs:
            with contextlib.suppress(OSError):
                self.file(epoch).unlink()

    def read(self, epoch: int) -> Checkpoint:
        """The snapshot after an epoch. Raises `UserError`, which tells what there is where there is none of it."""
        from tuicnn.runs.checkpoint_file import CheckpointError, unpack

        path, there = self.file(epoch), self.epochs()
        if epoch not in there:
            known = f"there are those of {_ranges(there)}" if there else "one is written after each epoch"
            raise UserError(f"The run {self.path.parent.name} has no snapshot of epoch {epoch:,}; {known}.")
        try:
            found = unpack(read_regular(path, installed_memory()))  # a larger one was never written here
        except OSError as error:
            raise UserError(f"The snapshot {path} cannot be read: {why(error)}.") from error
        except CheckpointError as error:
            raise UserError(f"The snapshot {path} {error}.") from error
        if found.epochs != epoch:
            raise UserError(f"The snapshot {path} is that of epoch {found.epochs}; somebody renamed it.")
        return found


def kept(newest: int, most: int) -> set[int]:
    """Which of the epochs 1 to `newest` keep their snapshot, at most `most`: what is kept later was kept before."""
    if most < 2:
        return set(range(newest, newest + most))
    stride = 1
    while len(range(stride, newest, stride)) + 1 + (stride > 1) > most:
        stride *= 2
    return {1, newest, *range(stride, newest, stride)}


def _ranges(epochs: Sequence[int]) -> str:
    """Increasing numbers in few words: `epochs 1, 4 to 120 by 4, 121`."""
    said, at = [], 0
    while at < len(epochs):
        end, gap = at + 1, epochs[min(at + 1, len(epochs) - 1)] - epochs[at]
        while end < len(epochs) and epochs[end] - epochs[end - 1] == gap:
            end += 1
        if end - at < 3:
            end = at + 1
        by = f" to {epochs[end - 1]:,}" + (f" by {gap}" if gap > 1 else "") if end - at > 1 else ""
        said.append(f"{epochs[at]:,}{by}")
        at = end
    return f"{'epoch' if len(epochs) == 1 else 'epochs'} {', '.join(said)}"
