"""The memory and the processors that this process may use, as Linux reports them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Memory", "in_bytes", "installed_memory", "memory", "processors"]

#: the files with the memory limit of a container: control groups of version 2, then of version 1
_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Memory:
    """Bytes: all that this process may ever take, and what is free at the moment."""

    total: int
    free: int


def memory() -> Memory | None:
    """The machine's memory, or that of its control group where that is less; None where the system does not say."""
    found: dict[str, int] = {}
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                found[name] = int(rest.split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    if "MemTotal" not in found:
        return None
    total = found["MemTotal"]
    for path in _GROUPS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            total = min(total, int(text))
    return Memory(total, min(total, found.get("MemAvailable", total)))


def installed_memory() -> int:
    """The bytes of memory that this machine has, whoever may use them."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def processors() -> int:
    """Processors that this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def in_bytes(count: float) -> str:
    """`13 GB`, `350 MB`."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.{0 if count >= 10 * size else 1}f} {unit}"
    return f"{count / 1e3:.0f} kB"
