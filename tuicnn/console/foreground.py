"""Training in the process of the command itself, its events going to the journal and to a reporter."""

from __future__ import annotations

import signal
from types import FrameType
from typing import TYPE_CHECKING, Any

from tuicnn.training.files import RunError
from tuicnn.training.journal import Journal
from tuicnn.training.progress import State
from tuicnn.training.session import Session

if TYPE_CHECKING:
    from tuicnn.console.train import Reporter
    from tuicnn.language import Plan
    from tuicnn.training.folder import RunFolder

__all__ = ["train_here"]


def train_here(plan: Plan, folder: RunFolder, reporter: Reporter, *, threads: int) -> int:
    """Train a plan, keep the run in its folder, report to `reporter`; the command's exit code.

    SIGINT and SIGTERM end the training after the step it is at, with the weights saved: 130 and 143. A second one ends
    it as the system would. Raises `RunError` where the run failed, `OSError` where the reports cannot be written.
    """
    stopped_by: list[int] = []
    gone: list[OSError] = []  # why the reports could not be written, once they could not

    with folder.lock():
        journal = Journal(
            folder.journal, lambda trouble: report({"event": "warning", "message": trouble}) if trouble else None
        )

        def report(event: dict[str, Any]) -> None:
            if not gone:
                try:
                    reporter(event)
                except OSError as error:  # the reader has gone, or the disk is full: end as after a signal
                    gone.append(error)
                    session.stop()

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] in ("epoch", "end") and session.network is not None and session.progress().step:
                try:
                    folder.save_weights(session.network.state())
                except RunError as error:  # training goes on: the disk may have room again at the next epoch
                    report({"event": "warning", "message": str(error)})
            journal.append(event)
            report(event)

        session = Session(plan, threads=threads, run=str(folder.path), on_event=on_event)

        def on_signal(number: int, frame: FrameType | None) -> None:
            stopped_by.append(number)
            session.stop()
            signal.signal(number, signal.SIG_DFL)

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            state = session.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            journal.close()
            if not gone:
                try:
                    reporter.close()
                except OSError as error:
                    gone.append(error)
    if gone:
        raise gone[0]
    if stopped_by:
        return 128 + stopped_by[0]
    if state in (State.DIVERGED, State.FAILED):
        raise RunError(session.progress().message)
    return 0
