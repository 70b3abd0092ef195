"""Calls of Linux and of the GNU C library for this process, where they exist."""

from __future__ import annotations

import ctypes
import os
import signal

__all__ = ["ONE_THREAD", "end_with_parent", "redirect_to_null", "release_memory"]

#: the environment in which the linear algebra library starts no threads: training shares its batches among processes
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_libc = ctypes.CDLL(None)
#: prctl's option for a signal that is sent when the parent ends (Linux, man 2 prctl)
_PARENT_DEATH_SIGNAL = 1


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, also while it is stopped or busy."""
    if (prctl := getattr(_libc, "prctl", None)) is not None:
        prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def redirect_to_null(*descriptors: int) -> None:
    """Redirect open descriptors to /dev/null, for reading and writing."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def release_memory() -> None:
    """Return freed memory to the system."""
    if (trim := getattr(_libc, "malloc_trim", None)) is not None:
        trim(0)
