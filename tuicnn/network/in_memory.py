"""A training from Python of which nothing is written: what it may have to go back to is in memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tuicnn.training.checkpointing import CheckpointReason, ResumeState
from tuicnn.training.session import Session

if TYPE_CHECKING:
    from tuicnn.data import Dataset
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.events import Event
    from tuicnn.training.options import OnNan

__all__ = ["session_in_memory"]


def session_in_memory(
    plan: Plan,
    first: Checkpoint,
    note: Callable[[Event], None],
    on_nan: OnNan,
    halving: str,
    *,
    threads: int,
    dataset: Dataset | None,
) -> Session:
    """A session that begins with the weights of a checkpoint; `note` is told of each event."""
    kept = {0: first}  # by step: the first one, and that of the best epoch

    def offer(reason: CheckpointReason) -> bool:
        session = this()
        if on_nan != "halve-lr" or reason is not CheckpointReason.EPOCH or session is None:
            return False
        now = session.checkpoint()
        if now.best_step == now.step:
            copied = replace(now, arrays={name: array.copy() for name, array in now.arrays.items()})
            kept.clear()
            kept.update({0: first, now.step: copied})
        return False

    made = Session(
        plan,
        threads=threads,
        on_event=note,
        offer_checkpoint=offer,
        checkpoint_at=kept.get,
        resume_from=ResumeState(first),
        on_nan=on_nan,
        halving=halving,
        dataset=dataset,
    )
    this = weakref.ref(made)  # its memory is free as soon as nobody has it
    return made
