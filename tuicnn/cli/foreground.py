"""Trains in the process of the command, and passes events to a reporter. Others may watch and control the run."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from tuicnn.cli.output.streams import complain
from tuicnn.cli.signals import Signals
from tuicnn.errors import UserError
from tuicnn.runs.log import log, log_to
from tuicnn.runs.resume_point import resume_state
from tuicnn.training.events import Diverged, Event, State, Warned
from tuicnn.training.options import ON_NAN_ALONE
from tuicnn.worker.runner import Run, serve

if TYPE_CHECKING:
    from tuicnn.cli.output.train import Reporter
    from tuicnn.runs.prepared import PreparedRun
    from tuicnn.training.ranks import Ranks
    from tuicnn.worker.server import Server

__all__ = ["train_here"]

#: seconds that the process stays after the end where somebody watches, so that the end is seen
GOODBYE = 0.5


def train_here(prepared: PreparedRun, reporter: Reporter, ranks: Ranks | None = None) -> int:
    """Train a run, with all `ranks` of MPI where there are any, and report to `reporter`; the command's exit code.

    SIGINT and SIGTERM end the training after the step it is at, with the weights saved: 130 and 143; see `Signals`.
    1, after a sentence, where not all of the run could be saved.
    Raises `UserError` where the run failed, `OSError` where the reports cannot be written.
    """
    folder = prepared.folder
    gone: list[OSError] = []  # why the reports could not be written, once they could not

    def report(event: Event) -> None:
        if gone or signals.terminal_gone:
            return
        try:
            reporter(event)
            if isinstance(event, Diverged) and event.action == "pause":
                reporter(Warned(f"Training is paused; {folder.attach} lets it go on."))
        except OSError as error:
            if error.errno == errno.EIO and signals.lost_terminal():
                return
            gone.append(error)  # the reader has gone, or the disk is full: end as after a signal
            run.stop()

    with folder.lock() as lock:
        log_to(folder.log)
        log(f"Process {os.getpid()} trains the run in the foreground.")
        on_nan = prepared.options.on_nan or ON_NAN_ALONE
        resume_from = resume_state(prepared, on_nan, log)  # the user was told when the run was prepared
        run = Run(
            prepared,
            on_nan,
            resume_from,
            lock=lock,
            report=report,
            say=lambda trouble: report(Warned(trouble)),
            ranks=ranks,
        )
        signals = Signals(run.stop, run.save, lambda: log("The terminal is gone; training goes on."))
        server: Server | None = None
        try:
            with signals:
                try:
                    server = serve(run, folder, lock)
                except UserError as error:  # it cannot be watched, and trains all the same
                    report(Warned(str(error)))
                run.train()
                until = time.monotonic() + GOODBYE
                while server is not None and server.quiet_for == 0 and time.monotonic() < until:
                    time.sleep(0.05)
        finally:
            if server is not None:
                server.close()
            run.close()
            if not gone and not signals.terminal_gone:
                try:
                    reporter.close()
                except OSError as error:
                    if not (error.errno == errno.EIO and signals.lost_terminal()):
                        gone.append(error)
            elif signals.terminal_gone:
                with contextlib.suppress(OSError):
                    reporter.close()
    if gone:
        raise gone[0]
    if unsaved := run.unsaved:
        complain(f"tuicnn: {unsaved}")
    if signals.stopped_by is not None:
        return 128 + signals.stopped_by
    progress = run.progress()
    if progress.state in (State.DIVERGED, State.FAILED):
        raise UserError(progress.message)
    return 1 if unsaved else 0
