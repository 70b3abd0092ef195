"""What is told of the processes that train together: once that they wait for each other, once that they are lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuicnn.training.events import Event, Warned
from tuicnn.training.meter import WaitTimes

if TYPE_CHECKING:
    from tuicnn.training.trainer import Trainer

__all__ = ["GroupWarnings"]


class GroupWarnings:
    """Warns of a trainer's group, each thing once. `tell` is called with the event."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell, self._waits = tell, WaitTimes()
        self._told_of_waiting = self._told_of_loss = False

    def stepped(self, waited: float, took: float) -> None:
        """A step was taken: the seconds that it took, and those of them that the leader waited for the others."""
        self._waits.add(waited, took)

    def waiting(self) -> str:
        """A sentence where the processes wait for each other most of the time, else ""; tells it the first time."""
        if (sentence := self._waits.warning) and not self._told_of_waiting:
            self._told_of_waiting = True
            self._tell(Warned(sentence))
        return sentence

    def lost(self, trainer: Trainer, *, stopping: bool) -> None:
        """Tell that the other processes are lost; not where the run is `stopping` and all of them may be ending."""
        if trainer.trouble and not self._told_of_loss and not stopping:
            self._told_of_loss = True
            self._tell(Warned(trainer.trouble, trainer.traceback or None))
