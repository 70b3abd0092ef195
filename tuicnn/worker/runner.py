"""The process of a run: takes the lock, trains, records, serves viewers, and waits for the last of them."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import note_failure
from tuicnn.runs.lock import RunLock
from tuicnn.runs.log import log, log_error
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.recorder import Recorder
from tuicnn.runs.resume_point import AlreadyTrainedError, resume_state
from tuicnn.training.checkpointing import BEGINS, ResumeState
from tuicnn.training.events import End, Event, Overview, State
from tuicnn.training.options import ON_NAN_WATCHED, OnNan
from tuicnn.training.pace import FULL
from tuicnn.training.progress import History, Progress
from tuicnn.training.session import HALVING, Session
from tuicnn.worker.address import address_for
from tuicnn.worker.feed import Action
from tuicnn.worker.server import Server

if TYPE_CHECKING:
    from tuicnn.training.checkpoint import Checkpoint
    from tuicnn.training.ranks import Ranks

__all__ = ["Run", "serve", "work"]

A = TypeVar("A")

#: seconds that a process whose run has ended waits for a viewer, or stays after the last one left
LINGER = 30.0
#: the same where a viewer ended the run, and so knows how it ended
LINGER_STOPPED = 0.5
#: seconds after which a run that was slowed to be watched, and is not, trains as fast as it can
UNWATCHED = 10.0


class Run:
    """A session with its recorder, which viewers may watch and control."""

    def __init__(
        self,
        prepared: PreparedRun,
        on_nan: OnNan,
        resume_from: ResumeState = BEGINS,
        *,
        lock: RunLock | None = None,
        report: Callable[[Event], None] = lambda event: None,
        say: Callable[[str], None] = log,
        halving: str = HALVING,
        until: int | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        """Opens the journal. `report` is given each event, `say` each trouble in a sentence. Raises `UserError`.

        With the run's `lock`, a folder that is renamed is followed; with `resume_from`, the run goes on from there.
        `halving`, `until` and `ranks` are as in `Session`.
        """
        folder, plan = prepared.folder, prepared.plan
        self._at, self._lock, self._report = folder, lock, report
        self._failure = ""
        self._before_the_end = State.TRAINING
        self._orphaned = False  # its folder was removed, or another process has taken the run
        self.leaving = False  # a signal asked the process to leave
        self.asked_to_stop = False  # a viewer did, or a signal
        self._recorder = Recorder(
            lambda: self._folder,
            self._capture,
            every=plan.train.checkpoint,
            newest=resume_from.checkpoint,
            say=say,
        )
        self.session = Session(
            plan,
            threads=prepared.options.workers(),
            run=str(folder.path),
            on_event=self._note,
            on_predictions=self._recorder.note_predictions,
            offer_checkpoint=self._recorder.offer_checkpoint,
            checkpoint_at=self._recorder.checkpoint_at,
            resume_from=resume_from,
            on_nan=on_nan,
            halving=halving,
            until=until,
            ranks=ranks,
        )

    def train(self) -> None:
        """Train until a final state. An unexpected error becomes a sentence; its traceback goes to stderr."""
        try:
            self.session.run()
        except Exception as error:
            log_error(error)
            self._failure = f"Training failed: {type(error).__name__}: {error}"
            if not self._recorder.ended:
                self._note(End(State.FAILED, self._failure))
        progress = self.progress()
        if progress.state is State.FAILED:
            log(progress.message)

    def close(self) -> None:
        """Close the journal, and remove the run where it was discarded."""
        self._recorder.close()

    @property
    def discarded(self) -> bool:
        """Whether its folder is to be removed."""
        return self._recorder.discarded

    @property
    def _folder(self) -> RunFolder:
        """The run's folder, where it is now."""
        moved = self._lock.folder if self._lock is not None else None
        return self._at if moved is None else RunFolder(moved)

    def _capture(self) -> Checkpoint | None:
        return self.session.checkpoint() if self.session.network is not None else None

    def check(self, quiet_for: float) -> None:
        """From time to time: see to the folder, and to a run that was slowed and that nobody watches for so long."""
        self._check_folder()
        if quiet_for > UNWATCHED and self.progress().pace != FULL:
            self.session.control.full_speed()

    def _check_folder(self) -> None:
        """End the run where its folder was removed, or where another process has taken its lock.

        Without a folder nothing can be saved or found; two processes would write to the same files.
        """
        if self._lock is None or self._orphaned:
            return
        removed = self._lock.folder is None
        if removed or not self._lock.renew():
            self._orphaned = True
            self._recorder.abandon()
            self.leave()
            log(
                f"The folder {self._at.path} was removed; the run ends."
                if removed
                else f"Another process has taken over the run in {self._at.path}; this one ends, and writes nothing."
            )

    # --- what viewers ask -------------------------------------------------------------------------------------------

    @property
    def overview(self) -> Overview:
        """The session's, complete once the data is read."""
        return self.session.overview

    def progress(self) -> Progress:
        """The session's, with errors of the recorder. A final state is shown once it is saved."""
        progress = self.session.progress()
        if not progress.state.final:
            self._before_the_end = progress.state
        elif not self._recorder.ended:
            return dataclasses.replace(progress, state=self._before_the_end, message="saving the weights")
        if self._failure and not progress.state.final:
            progress = dataclasses.replace(progress, state=State.FAILED, message=self._failure)
        if progress.state.final:
            return dataclasses.replace(progress, trouble=self.unsaved)
        return dataclasses.replace(progress, trouble=self._recorder.trouble)

    @property
    def unsaved(self) -> str:
        """What could not be saved at the run's end, and what to do, as sentences; "" where all is saved."""
        return self._recorder.unsaved(self.session.progress().state)

    def history(self, since_step: int, since_epoch: int) -> History:
        """The session's."""
        return self.session.history(since_step, since_epoch)

    def ask(self, question: Question[A]) -> Future[A]:
        """The answer to a question, made between two steps; the future raises `UserError` where there is none."""
        return self.session.ask(question.answer)

    def act(self, action: Action) -> Future[None] | None:
        """Control the run; see `Action`. Returns a future where the action is done later, else None."""
        match action:
            case "pause":
                self.session.control.pause()
            case "resume":
                self.session.control.resume()
            case "step":
                self.session.control.step()
            case "slower":
                self.session.control.slower()
            case "faster":
                self.session.control.faster()
            case "save":
                self.session.control.save()
            case "halve-rate":
                return self._scale_rate(0.5)
            case "double-rate":
                return self._scale_rate(2.0)
            case "stop":
                self.stop()
            case "discard":
                self._recorder.discarded = True
                self.stop()
        return None

    def _scale_rate(self, by: float) -> Future[None] | None:
        done = self.session.control.scale_rate(by)
        return done if self.session.network is not None else None  # reading data may take an hour

    # --- what happens -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the run after its step. May be called by a signal handler."""
        self.asked_to_stop = True
        self.session.control.stop()

    def save(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Write a checkpoint after the step that is being trained. A signal handler, too."""
        self.session.control.save()

    def leave(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """A signal handler: end the run after its step, and the process after that."""
        self.leaving = True
        self.stop()

    def _note(self, event: Event) -> None:
        self._report(self._recorder.note(event))


def serve(run: Run, folder: RunFolder, lock: RunLock) -> Server:
    """Serve a run to viewers. Raises `UserError`."""

    def address() -> Path:
        path = address_for(lock.folder or folder.path)
        lock.note(path)
        return path

    return Server(run, lock.identity, address, run.check)


def work(folder: RunFolder, lock: RunLock | None = None, *, resume: bool = False, until: int | None = None) -> int:
    """Train the run in `folder`, in the main thread; gives the exit code. Raises `UserError` before training.

    `lock` is that of the run, where whoever started this process took it already. With `resume`, the run goes on from
    its last checkpoint. With `until`, it is stopped after so many epochs, and the process stays no longer than somebody
    who watches needs to see that: whoever asked for it goes on with the run.
    """
    os.umask(0o077)
    with lock or folder.lock() as lock:
        try:
            prepared = PreparedRun.at(folder, resumes=resume)
            on_nan = prepared.options.on_nan or ON_NAN_WATCHED
            run = Run(prepared, on_nan, resume_state(prepared, on_nan, log), lock=lock, until=until)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, run.leave)
            signal.signal(signal.SIGUSR1, run.save)
            server = serve(run, folder, lock)
        except AlreadyTrainedError:  # its journal is that of another process
            raise
        except UserError as error:
            note_failure(folder.journal, str(error))
            raise
        try:
            run.train()
            if until is None:
                _linger(run, server)
            elif server.quiet_for == 0:
                time.sleep(LINGER_STOPPED)
        finally:
            server.close()
            run.close()
        return 1 if run.unsaved or run.progress().state in (State.DIVERGED, State.FAILED) else 0


def _linger(run: Run, server: Server) -> None:
    """Stay while somebody watches and a little longer, so that the result can be seen."""
    began = time.monotonic()
    pause = threading.Event()
    while not run.leaving and not run.discarded:
        patience = LINGER_STOPPED if run.asked_to_stop else LINGER
        if min(server.quiet_for, time.monotonic() - began) >= patience:
            return
        pause.wait(0.1)
