"""What the app tells its screens."""

from __future__ import annotations

from textual.message import Message

from tuicnn.worker.snapshot import Snapshot

__all__ = ["Watched"]


class Watched(Message, bubble=False):
    """Something new was seen of the run."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Watched)
