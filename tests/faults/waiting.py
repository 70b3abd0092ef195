"""Waiting for what must come about, without a clock in the result."""

from __future__ import annotations

import time
from collections.abc import Callable

from tuicnn.runs.folder import RunFolder

__all__ = ["begun", "steps", "until"]


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def begun(folder: RunFolder) -> bool:
    """Whether the run in a folder has trained a step."""
    return folder.journal.exists() and b'"step"' in folder.journal.read_bytes()


def steps(folder: RunFolder, more: int = 200, seconds: float = 60.0) -> None:
    """Wait until the run in a folder has trained so many steps more: its journal has some 50 bytes for each."""

    def size() -> int:
        return folder.journal.stat().st_size if folder.journal.exists() else 0

    end, began = time.monotonic() + seconds, size()
    while (now := size()) < began + 50 * more:
        assert time.monotonic() < end, f"{folder.name} does not train: its journal grew by {now - began} bytes"
        time.sleep(0.05)
