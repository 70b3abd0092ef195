"""How a screen was left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuicnn.training.events import Epoch, Overview
from tuicnn.training.progress import Progress

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a view of a run was left.

    `choice`: `ended`, the run had ended before; `background`, it goes on; `stop` and `discard`, the user's answer;
    `gone`, its process could not be reached (`message` says so); `none`, no run was open. `kept`:
    sentences about texts that were not saved.
    """

    choice: Literal["ended", "background", "stop", "discard", "gone", "none"]
    progress: Progress
    overview: Overview | None
    epochs: Sequence[Epoch]
    message: str = ""
    kept: Sequence[str] = ()
