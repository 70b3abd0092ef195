"""What a screen may request of a run, in whichever process it is. Each request gets one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from tuicnn.observing.question import Question
from tuicnn.training.events import Overview
from tuicnn.training.progress import History, Progress

__all__ = ["Action", "Feed", "Poll", "WorkerGone"]

A = TypeVar("A")

#: `step` trains one batch and pauses; `slower` and `faster` change the pace, down to a pause and up from it; `save`
#: writes a checkpoint; `halve-rate` and `double-rate` change the learning rate from the next step on; `stop` finishes
#: the step, writes a checkpoint and the weights, and ends the run; `discard` stops and removes the run's folder
Action = Literal["pause", "resume", "step", "slower", "faster", "save", "halve-rate", "double-rate", "stop", "discard"]


class WorkerGone(Exception):  # noqa: N818 - a fact, not a fault
    """The run's process cannot be reached any more; the message is a sentence for the user."""


@dataclass(frozen=True)
class Poll:
    """The numbers of this moment and what is new since the last request."""

    progress: Progress
    history: History


class Feed(Protocol):
    """The interface of a screen to a run. Every method raises `WorkerGone` where the run's process is gone."""

    async def overview(self) -> Overview:
        """What does not change during a run; at once, and complete once the data is read (`Overview.complete`)."""

    async def poll(self, since_step: int, since_epoch: int) -> Poll:
        """Progress, and the history since a step and an epoch (both counts of what the screen has already)."""

    async def ask(self, question: Question[A]) -> A:
        """The answer to a question, once the training step is done. Raises `UserError` where there is none."""

    def at_epoch(self, epoch: int) -> Feed:
        """The same run, answering questions with the weights after an epoch, from 1, as far as they were kept."""

    async def act(self, action: Action) -> Progress:
        """Control the run; answers with the progress after it. Raises `UserError` where it cannot be done any more."""

    async def close(self) -> None:
        """Disconnect; the run goes on."""
