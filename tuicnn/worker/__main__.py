"""`python -m tuicnn.worker RUNFOLDER`: the process that owns a run. Started by `launch`, not by people."""

from __future__ import annotations

import os
import signal
import sys

from tuicnn.system.process import ONE_THREAD
from tuicnn.worker.launch import drop_terminal_signals

os.environ.update(ONE_THREAD)  # before NumPy is imported, which reads them once


def main(arguments: list[str] | None = None) -> int:
    """Train the run in a folder that has its `net.net`, with the options in its `origin.json`."""
    for number in (signal.SIGHUP, signal.SIGUSR1):  # the latter until there is something to save
        signal.signal(number, signal.SIG_IGN)
    drop_terminal_signals()
    import argparse
    from pathlib import Path

    from tuicnn.errors import UserError
    from tuicnn.runs.folder import RunFolder
    from tuicnn.runs.lock import RunLock
    from tuicnn.system.files import why
    from tuicnn.system.printable import harmless

    parser = argparse.ArgumentParser(prog="python -m tuicnn.worker", description="Train the run in a folder.")
    parser.add_argument("folder", metavar="RUNFOLDER", type=Path)
    parser.add_argument("--lock", metavar="N", type=int, help="the run's lock, a descriptor that is inherited")
    parser.add_argument("--resume", action="store_true", help="go on from the run's last checkpoint")
    parser.add_argument("--until", metavar="EPOCHS", type=int, help="stop the run after so many epochs")
    parser.add_argument("--processor", metavar="N", type=int, help="train on this processor alone")
    given = parser.parse_args(arguments)
    if given.processor is not None:  # before anything asks how many there are
        os.sched_setaffinity(0, {given.processor})
    try:
        from tuicnn.worker.runner import work

        folder = RunFolder(given.folder)
        try:
            lock = None if given.lock is None else RunLock.inherited(given.lock, folder.path)
        except OSError as error:
            raise UserError(f"The run {folder.name} could not be taken over: {why(error)}.") from error
        return work(folder, lock, resume=given.resume, until=given.until)
    except UserError as error:
        print(harmless(str(error)), file=sys.stderr)  # noqa: T201 - this is the process's log
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
