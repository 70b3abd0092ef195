"""The life of a run's process: take the lock, train, keep the journal, let people watch, save, leave."""

from __future__ import annotations

import dataclasses
import os
import platform
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

import tuicnn
from tuicnn.errors import UserError
from tuicnn.observing.question import Question
from tuicnn.runs.checkpointer import Checkpointer
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import HALF_WRITTEN, Journal
from tuicnn.runs.lock import RunLock
from tuicnn.runs.prepared import PreparedRun
from tuicnn.runs.resume_point import AlreadyTrainedError, resume_state
from tuicnn.system.machine import processors
from tuicnn.training.checkpointing import CheckpointReason, ResumeState
from tuicnn.training.events import Diverged, End, Epoch, Event, Machine, Overview, Reading, Start, State, Warned
from tuicnn.training.options import ON_NAN_WATCHED, OnNan
from tuicnn.training.progress import History, Progress
from tuicnn.training.session import Session
from tuicnn.worker.address import address_for
from tuicnn.worker.feed import Action
from tuicnn.worker.log import log, log_error
from tuicnn.worker.server import Server

if TYPE_CHECKING:
    from tuicnn.language import Plan
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["Run", "serve", "work"]

A = TypeVar("A")

#: seconds that a process whose run has ended waits for a viewer, or stays after the last one left
LINGER = 30.0
#: the same where a viewer ended the run, and so knows how it ended
LINGER_STOPPED = 0.5


class Run:
    """A session with its folder: keeps its journal, saves its weights at its end, passes on what viewers ask."""

    def __init__(
        self,
        folder: RunFolder,
        plan: Plan,
        threads: int,
        *,
        lock: RunLock | None = None,
        past: ResumeState | None = None,
        on_nan: OnNan = "stop",
        report: Callable[[Event], None] = lambda event: None,
        say: Callable[[str], None] = log,
    ) -> None:
        """Opens the journal. `report` is given each event, `say` each trouble in a sentence. Raises `UserError`.

        With the run's `lock`, a folder that is renamed is followed; with its `past`, the run goes on from there.
        """
        self._at, self._lock = folder, lock
        self._report, self._say = report, say
        self._troubles: dict[str, str] = {}  # sentences, by what they are about
        self._failure = ""
        self._ending = False  # nothing more is trained
        self._ended = self._recorded = False
        self._before_the_end = State.TRAINING
        self.leaving = False  # a signal asked the process to leave
        self.asked_to_stop = False  # a viewer did, or a signal
        self.discarded = False
        self.orphaned = False  # its folder was removed, or is another process's
        self._journal = Journal(
            folder.journal, lambda sentence: self._say_trouble("journal", sentence), lambda: self._folder.journal
        )
        if self._journal.cut_off:
            log(HALF_WRITTEN.format(self._journal.cut_off))
        self._checkpointer = Checkpointer(
            lambda: self._folder.checkpoints,
            self._journal,
            every=plan.train.checkpoint,
            on_trouble=lambda sentence: self._say_trouble("checkpoint", sentence),
            newest=past.checkpoint if past is not None else None,
        )
        self._session = Session(
            plan,
            threads=threads,
            run=str(folder.path),
            on_event=self._note,
            offer_checkpoint=self._offer_checkpoint,
            checkpoint_at=self._checkpoint_at,
            past=past,
            on_nan=on_nan,
            resume_command=folder.resume,
        )

    @classmethod
    def of(
        cls,
        prepared: PreparedRun,
        lock: RunLock,
        on_nan: OnNan,
        report: Callable[[Event], None] = lambda event: None,
        say: Callable[[str], None] = log,
    ) -> Run:
        """The run that was prepared, with its lock held: it begins, or goes on from its checkpoint."""
        past = resume_state(prepared, on_nan, log)
        plan, threads = prepared.plan, prepared.options.workers()
        return cls(prepared.folder, plan, threads, lock=lock, past=past, on_nan=on_nan, report=report, say=say)

    def train(self) -> None:
        """Train to the end, whatever it is; an error that nobody foresaw is told in a sentence, and whole on stderr."""
        try:
            self._session.run()
        except Exception as error:
            log_error(error)
            self._failure = f"Training failed: {type(error).__name__}: {error}"
            if not self._ended:
                self._note(End(State.FAILED, self._failure))
        progress = self.progress()
        if progress.state is State.FAILED:
            log(progress.message)

    def close(self) -> None:
        """Close the journal, and remove the run where it was discarded."""
        self._journal.close()
        if self.discarded and not self.orphaned:
            self._folder.remove()

    @property
    def _folder(self) -> RunFolder:
        """The run's folder, where it is now."""
        moved = self._lock.folder if self._lock is not None else None
        return self._at if moved is None else RunFolder(moved)

    def look_after_the_folder(self) -> None:
        """End the run where its folder was removed: nobody could find it any more, and nothing of it be kept.

        The same where its lock file was removed and another process trains the run by now: two would spoil it.
        """
        if self._lock is None or self.orphaned:
            return
        removed = self._lock.folder is None
        if removed or not self._lock.renew():
            self.orphaned = self.leaving = True
            self._journal.abandon()
            self.act("discard")
            log(
                f"The folder {self._at.path} was removed; the run ends."
                if removed
                else f"Another process has taken over the run in {self._at.path}; this one ends, and writes nothing."
            )

    # --- what viewers ask -------------------------------------------------------------------------------------------

    @property
    def overview(self) -> Overview:
        """The session's, complete once the data is read."""
        return self._session.overview

    def progress(self) -> Progress:
        """The session's, with what went wrong around it. An end is shown when it is safe on disk."""
        progress = self._session.progress()
        if not progress.state.final:
            self._before_the_end = progress.state
        elif not self._recorded:
            return dataclasses.replace(progress, state=self._before_the_end, message="saving the weights")
        if self._failure and not progress.state.final:
            progress = dataclasses.replace(progress, state=State.FAILED, message=self._failure)
        if progress.state.final:
            return dataclasses.replace(progress, trouble=self.unsaved)
        return dataclasses.replace(progress, trouble=self._goes_on(" ".join(self._troubles.values())))

    @property
    def unsaved(self) -> str:
        """What of the run's end could not be written, and what helps, as sentences; "" where all of it is safe."""
        if self.discarded or not self._troubles:
            return ""
        folder, said = self._folder, " ".join(self._troubles.values())
        if self._session.progress().state not in (State.DONE, State.STOPPED):
            return said
        step = next(iter(folder.checkpoints.steps()), 0)
        where = f"after step {step:,}" if step else "from its first step"
        return f"{said} Once that is mended, {folder.resume} goes on {where}."

    def _goes_on(self, trouble: str) -> str:
        """A trouble, and that it is not the end of the run where it is not."""
        return f"{trouble} Training goes on." if trouble and not self._ending else trouble

    def history(self, since_step: int, since_epoch: int) -> History:
        """The session's."""
        return self._session.history(since_step, since_epoch)

    def ask(self, question: Question[A]) -> Future[A]:
        """The answer to a question, made between two steps; the future raises `UserError` where there is none."""
        return self._session.ask(question.answer)

    def act(self, action: Action) -> Future[None] | None:
        """Control the run; see `Action`. Gives what is to be waited for before it can be called done, if anything."""
        match action:
            case "pause":
                self._session.control.pause()
            case "resume":
                self._session.control.resume()
            case "step":
                self._session.control.step()
            case "save":
                self._session.control.save()
            case "halve-rate":
                return self._scale_rate(0.5)
            case "double-rate":
                return self._scale_rate(2.0)
            case "stop":
                self.asked_to_stop = True
                self._session.control.stop()
            case "discard":
                self.asked_to_stop = self.discarded = True
                self._session.control.stop()
        return None

    def _scale_rate(self, by: float) -> Future[None] | None:
        done = self._session.control.scale_rate(by)
        return done if self._session.network is not None else None  # reading the data may take an hour

    # --- what happens -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End the run after its step. May be called by a signal handler."""
        self.asked_to_stop = True
        self._session.control.stop()

    def save(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Write a checkpoint after the step that is being trained. A signal handler, too."""
        self._session.control.save()

    def leave(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """A signal handler: end the run after its step, and the process after that."""
        self.leaving = True
        self.stop()

    def _note(self, event: Event) -> None:
        match event:
            case Start():
                event = dataclasses.replace(event, versions=_versions(), machine=_machine())
            case End():
                self._ended = self._ending = True
                event = dataclasses.replace(event, weights=self._save())
                event = dataclasses.replace(event, trouble=self.unsaved or None)
            case Epoch():
                self._save()  # a process that is killed leaves the weights of its last whole epoch
            case Warned(traceback=str(traceback)):
                log(traceback)  # of another process: for whoever looks into the log
                event = Warned(event.message)
        if isinstance(event, Diverged | Warned):
            log(event.message)
        if not isinstance(event, Reading):  # of the moment only
            self._journal.append(event)
        self._recorded = self._ended
        self._report(event)

    def _offer_checkpoint(self, reason: CheckpointReason) -> bool:
        """The run is between two steps, or at its end: write a checkpoint where one is due."""
        self._ending = self._ending or reason is CheckpointReason.STOP
        return not self.discarded and self._checkpointer.offer(reason, self._session.checkpoint)

    def _checkpoint_at(self, step: int) -> Checkpoint | None:
        """The checkpoint of a step, as far as there is one that can be read."""
        folder = self._folder.checkpoints
        try:
            return folder.read(step) if step in folder.steps() else None
        except UserError as error:
            log(str(error))
            return None

    def _save(self) -> bool:
        """Save the weights; whether that was done."""
        if self._session.network is None or self.discarded:
            return False
        try:
            self._folder.save_weights(self._session.checkpoint())
        except UserError as error:
            trouble = str(error)
        except Exception as error:  # the end must reach the journal whatever happens to the weights
            log_error(error)
            trouble = f"The weights could not be saved: {type(error).__name__}: {error}"
        else:
            self._say_trouble("weights", "")
            return True
        self._say_trouble("weights", trouble)
        return False

    def _say_trouble(self, about: str, sentence: str) -> None:
        """Show a sentence until the trouble is over, which "" says."""
        if sentence:
            self._troubles[about] = sentence
            self._say(self._goes_on(sentence))
        else:
            self._troubles.pop(about, None)


def serve(run: Run, folder: RunFolder, lock: RunLock) -> Server:
    """Let people watch and control a run. Raises `UserError`."""

    def address() -> Path:
        path = address_for(lock.folder or folder.path)
        lock.note(path)
        return path

    return Server(run, lock.identity, address, run.look_after_the_folder)


def work(folder: RunFolder, lock: RunLock | None = None, *, resume: bool = False) -> int:
    """Train the run in `folder`, in the main thread; gives the exit code. Raises `UserError` before training.

    `lock` is that of the run, where whoever started this process took it already. With `resume`, the run goes on from
    its last checkpoint.
    """
    os.umask(0o077)
    with lock or folder.lock() as lock:
        try:
            prepared = PreparedRun.at(folder, resumes=resume)
            on_nan = prepared.options.on_nan or ON_NAN_WATCHED
            run = Run.of(prepared, lock, on_nan)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, run.leave)
            signal.signal(signal.SIGUSR1, run.save)
            server = serve(run, folder, lock)
        except AlreadyTrainedError:  # its journal is that of another process
            raise
        except UserError as error:
            _note_failure(folder, str(error))
            raise
        try:
            run.train()
            _linger(run, server)
        finally:
            server.close()
            run.close()
        return 1 if run.unsaved or run.progress().state in (State.DIVERGED, State.FAILED) else 0


def _note_failure(folder: RunFolder, message: str) -> None:
    journal = Journal(folder.journal)
    journal.append(End(State.FAILED, message))
    journal.close()


def _linger(run: Run, server: Server) -> None:
    """Stay while somebody watches and a little longer, so that the result can be seen and looked into."""
    began = time.monotonic()
    pause = threading.Event()
    while not run.leaving and not run.discarded:
        patience = LINGER_STOPPED if run.asked_to_stop else LINGER
        if min(server.quiet_for, time.monotonic() - began) >= patience:
            return
        pause.wait(0.1)


def _versions() -> dict[str, str]:
    return {"tuicnn": tuicnn.__version__, "python": platform.python_version(), "numpy": np.__version__}


def _machine() -> Machine:
    return Machine(platform.system(), platform.machine(), processors())
