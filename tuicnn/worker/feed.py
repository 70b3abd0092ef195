"""What a screen may ask of a run, wherever the run lives. One request is one credit for one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tuicnn.training.events import Overview
from tuicnn.training.progress import Figures, History, Peek, Progress

__all__ = ["Action", "Feed", "Poll", "WorkerGone"]

#: `step` trains one batch and pauses; `save` writes a checkpoint; `halve-rate` and `double-rate` change the learning
#: rate from the next step on; `stop` finishes the step, writes one, saves the
#: weights and ends the run; `discard` stops and removes the run's folder
Action = Literal["pause", "resume", "step", "save", "halve-rate", "double-rate", "stop", "discard"]


class WorkerGone(Exception):  # noqa: N818 - a fact, not a fault
    """The run's process cannot be reached any more; the message is a sentence for the user."""


@dataclass(frozen=True)
class Poll:
    """The numbers of this moment and what is new since the last request."""

    progress: Progress
    history: History
    figures: Figures | None = None


class Feed(Protocol):
    """A run as the screen sees it. Every method raises `WorkerGone` where the run's process is not there."""

    async def overview(self) -> Overview:
        """What does not change during a run; at once, and complete once the data is read (`Overview.complete`)."""

    async def poll(self, since_step: int, since_epoch: int, *, figures: bool = False) -> Poll:
        """Progress, and the history since a step and an epoch (both counts of what the screen has already)."""

    async def peek(self, layer: int, sample: int) -> Peek:
        """One validation image (any integer, taken modulo their number) and one layer's output for it."""

    async def act(self, action: Action) -> Progress:
        """Steer the run; answers with the progress after it."""

    async def close(self) -> None:
        """Let go of the run, which goes on."""
