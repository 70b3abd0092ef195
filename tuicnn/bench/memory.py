"""The peak memory of a process and its children since a chosen moment."""

from __future__ import annotations

import contextlib
import gc
import os
from pathlib import Path

from tuicnn.system.process import release_memory

__all__ = ["PeakMemory"]


class PeakMemory:
    """Measures from its creation: the program, its libraries and the images are loaded by then, and do not count.

    `getrusage`'s ru_maxrss would include the memory of the parent process at the fork, and the peak of reading the
    images. The kernel's high-water mark can be reset instead (Linux, man 5 proc).
    """

    def __init__(self) -> None:
        gc.collect()
        release_memory()
        self._before = {os.getpid(): _start(os.getpid())}

    def add_children(self) -> None:
        """Count the children of this process too, beyond the memory that they have now."""
        with contextlib.suppress(OSError):
            for path in Path("/proc/self/task").glob("*/children"):
                self._before |= {pid: _start(pid) for pid in map(int, path.read_text().split())}

    def bytes(self) -> int:
        """Bytes at the peak beyond those at the start; of several processes, the sum of their peaks."""
        return 1024 * sum(max(0, _kilobytes(pid, "VmHWM") - before) for pid, before in self._before.items())


def _start(pid: int) -> int:
    """Reset a process's high-water mark; returns its memory now, in kB."""
    with contextlib.suppress(OSError):  # not allowed: its peak so far then hides smaller ones
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _kilobytes(pid, "VmRSS")


def _kilobytes(pid: int, name: str) -> int:
    """A figure of a process; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
