"""What the system tells of a process."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["descriptors", "processor_seconds", "resident", "state"]


def state(pid: int) -> str:
    """The state of a process: R, S, T, …; "" where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def processor_seconds(pid: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - no path is wanted


def resident(pid: int) -> int:
    """The memory of a process that is its own and in use, in bytes: files that it only reads are left out."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"the system does not tell the memory of {pid}")
