"""Ends a sweep from another process: its trials end after their step, with a checkpoint, and it can go on later."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from tuicnn.errors import UserError
from tuicnn.runs.lock import holder_at
from tuicnn.sweep.folder import SweepFolder

__all__ = ["stop_sweep"]


def stop_sweep(folder: SweepFolder, timeout: float = 120.0) -> None:
    """Ask the process that leads a sweep to end, and wait for it.

    Raises `UserError` where there is none, where it is not this user's on this machine, or where it takes longer.
    """
    if not folder.alive:
        raise UserError(f"No process leads the sweep {folder.name}; {folder.go_on} goes on with it.")
    holder = holder_at(folder.path)
    if holder is None or not holder.here or holder.is_foreign:
        where = f"on the machine {holder.host}" if holder is not None and not holder.here else "by somebody else"
        raise UserError(f"The sweep {folder.name} is led {where}, and can be ended there only.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder.pid, signal.SIGTERM)
    until = time.monotonic() + timeout
    while folder.alive:
        if time.monotonic() > until:
            raise UserError(f"The sweep {folder.name} was asked to end, and has not yet; its process is {holder.pid}.")
        time.sleep(0.05)
