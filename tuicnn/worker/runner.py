"""The life of a run's process: take the lock, train, keep the journal, let people watch, save, leave."""

from __future__ import annotations

import dataclasses
import os
import platform
import signal
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

import tuicnn
from tuicnn.training.files import RunError
from tuicnn.training.folder import RunFolder
from tuicnn.training.journal import Journal, read_journal
from tuicnn.training.options import Options
from tuicnn.training.progress import Figures, History, Overview, Peek, Progress, State
from tuicnn.training.runs import describe
from tuicnn.training.session import Session
from tuicnn.worker.address import address_for
from tuicnn.worker.feed import Action
from tuicnn.worker.log import log, log_error
from tuicnn.worker.server import Server

if TYPE_CHECKING:
    from tuicnn.language import Plan

__all__ = ["Run", "work"]

#: seconds that a process whose run has ended waits for a viewer, or stays after the last one left
LINGER = 30.0
#: the same where a viewer ended the run, and so knows how it ended
LINGER_STOPPED = 0.5


class Run:
    """A session with its folder: keeps its journal, saves its weights at its end, passes on what viewers ask."""

    def __init__(self, folder: RunFolder, plan: Plan, threads: int) -> None:
        """Opens the journal. Raises `RunError`."""
        self._folder = folder
        self._trouble = ""
        self._failure = ""
        self._ended = self._recorded = False
        self._before_the_end = State.TRAINING
        self.leaving = False  # a signal asked the process to leave
        self.asked_to_stop = False  # a viewer did, or a signal
        self.discarded = False
        self._journal = Journal(folder.journal, self._say_trouble)
        self._session = Session(plan, threads=threads, run=str(folder.path), on_event=self._note)

    def train(self) -> None:
        """Train to the end, whatever it is; an error that nobody foresaw is told in a sentence, and whole on stderr."""
        try:
            self._session.run()
        except Exception as error:
            log_error(error)
            self._failure = f"Training failed: {type(error).__name__}: {error}"
            if not self._ended:
                self._note({"event": "end", "state": str(State.FAILED), "message": self._failure})
        progress = self.progress()
        if progress.state is State.FAILED:
            log(progress.message)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    # --- what viewers ask -------------------------------------------------------------------------------------------

    @property
    def overview(self) -> Overview | None:
        """The session's, once the data is read."""
        return self._session.overview

    def progress(self) -> Progress:
        """The session's, with what went wrong around it as its message. An end is shown when it is safe on disk."""
        progress = self._session.progress()
        if not progress.state.final:
            self._before_the_end = progress.state
        elif not self._recorded:
            return dataclasses.replace(progress, state=self._before_the_end, message="saving the weights")
        if self._failure and not progress.state.final:
            progress = dataclasses.replace(progress, state=State.FAILED, message=self._failure)
        if self._trouble and not progress.message:
            progress = dataclasses.replace(progress, message=self._trouble)
        return progress

    def history(self, since_step: int, since_epoch: int) -> History:
        """The session's."""
        return self._session.history(since_step, since_epoch)

    def figures(self) -> Figures | None:
        """The session's newest."""
        return self._session.figures()

    def peek(self, layer: int, sample: int) -> Future[Peek]:
        """The session's; answered between two steps."""
        return self._session.peek(layer, sample)

    def act(self, action: Action) -> None:
        """Steer the run; see `Action`."""
        match action:
            case "pause":
                self._session.pause()
            case "resume":
                self._session.resume()
            case "step":
                self._session.step()
            case "stop":
                self.asked_to_stop = True
                self._session.stop()
            case "discard":
                self.asked_to_stop = self.discarded = True
                self._session.stop()

    # --- what happens -----------------------------------------------------------------------------------------------

    def leave(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """A signal handler: end the run after its step, and the process after that."""
        self.leaving = self.asked_to_stop = True
        self._session.stop()

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == "start":
            event = {**event, "versions": _versions(), "machine": _machine()}
        elif event["event"] == "end":
            self._ended = True
            event = {**event, **self._save()}
        elif event["event"] == "epoch":
            self._save()  # a process that is killed leaves the weights of its last whole epoch
        self._journal.append(event)
        self._recorded = self._ended

    def _save(self) -> dict[str, Any]:
        """Save the weights; gives what the end of the journal says of it. An end in the journal means they are safe."""
        network = self._session.network
        if network is None or self.discarded:
            return {"weights": False}
        try:
            self._folder.save_weights(network.state())
        except RunError as error:
            trouble = str(error)
        except Exception as error:  # the end must reach the journal whatever happens to the weights
            log_error(error)
            trouble = f"The weights could not be saved: {type(error).__name__}: {error}"
        else:
            return {"weights": True}
        self._say_trouble(trouble)
        return {"weights": False, "trouble": trouble}

    def _say_trouble(self, sentence: str) -> None:
        self._trouble = sentence
        if sentence:
            log(sentence)


def work(folder: RunFolder, options: Options, path: Path | None) -> int:
    """Train the run in `folder`, in the main thread; gives the exit code. Raises `RunError` before training."""
    os.umask(0o077)
    with folder.lock():
        if any(event["event"] == "start" for event in read_journal(folder.journal, steps=False).events):
            raise RunError(f"The run {folder.name} has been trained already ({describe(folder)}); start a new one.")
        try:
            run = Run(folder, _plan(folder, options, path), options.workers())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, run.leave)
            server = Server(run, lambda: address_for(folder.path))
        except RunError as error:
            _note_failure(folder, str(error))
            raise
        try:
            run.train()
            _linger(run, server)
        finally:
            server.close()
            run.close()
            if run.discarded:
                folder.remove()
        return 1 if run.progress().state is State.FAILED else 0


def _plan(folder: RunFolder, options: Options, path: Path | None) -> Plan:
    """The checked plan of a folder's net, with the options in it. Raises `RunError`."""
    from tuicnn.language import check

    checked = check(folder.text, name=path.stem if path else folder.net, path=path)
    if checked.plan is None or not checked.ok:
        first = next((d.message for d in checked.diagnostics if d.severity == "error"), "it has problems")
        raise RunError(
            f"The net of the run {folder.name} cannot be trained: {first}; see: tuicnn check {folder.path}/net.net"
        )
    return options.apply(checked.plan)


def _note_failure(folder: RunFolder, message: str) -> None:
    journal = Journal(folder.journal)
    journal.append({"event": "end", "state": "failed", "message": message})
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


def _machine() -> dict[str, Any]:
    return {"system": platform.system(), "processor": platform.machine(), "processors": len(os.sched_getaffinity(0))}
