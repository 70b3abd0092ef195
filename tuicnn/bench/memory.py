"""How much memory a process and those that it has forked have needed at their peak, since a moment of one's choice."""

from __future__ import annotations

import contextlib
import gc
import os
from pathlib import Path

from tuicnn.system.process import release_memory

__all__ = ["PeakMemory"]


class PeakMemory:
    """Measures from when it is made: the program, its libraries and the images are then there, and do not count.

    `getrusage`'s ru_maxrss would begin with what the parent process had before it started this one, and with what was
    needed for a moment to read the images; the kernel's own high-water mark can be set back (Linux, man 5 proc).
    """

    def __init__(self) -> None:
        gc.collect()
        release_memory()
        self._before = {os.getpid(): _start(os.getpid())}

    def add_children(self) -> None:
        """From now on count the processes too that this one has forked: what they need beyond what they began with."""
        with contextlib.suppress(OSError):
            for path in Path("/proc/self/task").glob("*/children"):
                self._before |= {pid: _start(pid) for pid in map(int, path.read_text().split())}

    def bytes(self) -> int:
        """Bytes at the peak, beyond what there was; of several processes, the sum of their peaks."""
        return 1024 * sum(max(0, _kilobytes(pid, "VmHWM") - before) for pid, before in self._before.items())


def _start(pid: int) -> int:
    """Set a process's high-water mark back; what it has now, in kB."""
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
