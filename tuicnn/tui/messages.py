"""What the app and its screens tell each other."""

from __future__ import annotations

import subprocess

from textual.message import Message

from tuicnn.runs.folder import RunFolder
from tuicnn.worker.snapshot import Snapshot

__all__ = ["Begun", "GoDown", "Watched"]


class Watched(Message, bubble=False):
    """Something new was seen of the run."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Watched)


class Begun(Message):
    """A new run was begun, whose `process` is just starting."""

    def __init__(self, folder: RunFolder, process: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self.folder, self.process = folder, process


class GoDown(Message):
    """A view asks for the view of what was chosen in it."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
