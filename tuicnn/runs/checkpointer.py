"""Decides when a checkpoint of a run is due, writes it safely, and removes old ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.training.checkpointing import CheckpointReason

if TYPE_CHECKING:
    from tuicnn.runs.checkpoint_folder import CheckpointFolder
    from tuicnn.runs.journal import Journal
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["Checkpointer"]

RETRY_EVERY = 10.0  # seconds between attempts on a disk that refused


class Checkpointer:
    """Writes checkpoints by time, at each epoch, on pause, before the end, and when asked. Called between two steps.

    A disk that refuses is reported (`on_trouble`, with a sentence; with "" once a checkpoint succeeds) and tried again.
    """

    def __init__(
        self,
        folder: Callable[[], CheckpointFolder],
        journal: Journal,
        *,
        every: float,
        on_trouble: Callable[[str], None],
        newest: Checkpoint | None = None,
    ) -> None:
        """`folder` says where they are now (a run's folder may be renamed while it trains); `every` is in seconds, 0
        for not by time; `newest` is the checkpoint that the run goes on from.
        """
        self._folder, self._journal = folder, journal
        self._every, self._on_trouble = every, on_trouble
        self._newest = _place(newest) if newest is not None else None
        self._last = [newest.step] if newest is not None else []  # the steps of the last two, the newest first
        self._due = time.monotonic() + every
        self._trouble = False

    def offer(self, reason: CheckpointReason, capture: Callable[[], Checkpoint | None]) -> bool:
        """Write a checkpoint where one is due; whether one of this very moment is safe on disk."""
        if reason is CheckpointReason.STEP and (not (self._every or self._trouble) or time.monotonic() < self._due):
            return False
        if (checkpoint := capture()) is None:
            return False
        folder, place = self._folder(), _place(checkpoint)
        if place == self._newest and folder.file(checkpoint.step).exists():
            return True
        try:
            self._journal.sync()  # a checkpoint must never be ahead of the journal
            folder.write(checkpoint)
        except (UserError, MemoryError) as error:
            self._due = time.monotonic() + RETRY_EVERY
            self._trouble = True
            self._on_trouble(str(error) or "There is not enough memory to write a checkpoint.")
            return False
        self._due = time.monotonic() + self._every
        self._newest = place
        self._last = [checkpoint.step, *(step for step in self._last if step != checkpoint.step)][:2]
        # what the run began with, where it is kept, is the only copy of it: weights of another run
        folder.prune(*self._last, checkpoint.best_step, 0)
        if self._trouble:
            self._trouble = False
            self._on_trouble("")
        return True


def _place(checkpoint: Checkpoint) -> tuple[float, ...]:
    """What tells a checkpoint from another one of the same run; a run may be set back, and its rate be changed."""
    return checkpoint.step, checkpoint.epochs, checkpoint.rate_factor, checkpoint.updates
