"""The processor, its load, and the versions of the libraries."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import Any

from tuicnn.system.machine import processors
from tuicnn.version import __version__

__all__ = ["busy", "machine", "torch_is_here"]


def busy() -> float:
    """The share of all processors, 0 to 1, in use for half a second (man 5 proc_stat); 0 if not known."""
    before = _processor_times()
    sleep(0.5)
    passed = [now - then for now, then in zip(_processor_times(), before, strict=True)]
    idle, total = sum(passed[3:5]), sum(passed)  # idle, and idle while waiting for a disk
    return round(1 - idle / total, 3) if total else 0.0


def _processor_times() -> list[int]:
    with suppress(OSError):
        return [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return []


def torch_is_here() -> bool:
    """Whether PyTorch is installed; it is not imported, which takes seconds."""
    return find_spec("torch") is not None


def machine(*, against: bool) -> dict[str, Any]:
    """The machine, how busy it is before anything is measured, and the versions; keys as in docs/bench.md."""
    import numpy as np

    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {
        "processor": _processor(),
        "cores": processors(),
        "busy": busy(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "tuicnn": __version__,
        "numpy": np.__version__,
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "torch": _torch() if against else None,
    }


def _torch() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
