"""Starts a run's process, detached from the terminal and independent of the screen.

Imports nothing but the standard library, so that the process is on its way before Textual and NumPy are imported here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.journal import parse
from tuicnn.runs.log import entry, last_words
from tuicnn.system.files import why, write_all
from tuicnn.system.process import ONE_THREAD
from tuicnn.system.regular_files import open_regular
from tuicnn.training.events import End, State

__all__ = ["command", "drop_terminal_signals", "environment", "start", "start_and_wait"]

#: seconds within which a process should have begun; one that takes longer is not waited for
PATIENCE = 20.0
_TAIL = 1 << 20  # bytes of a journal: thousands of steps
_TURNS = tuple(b'{"event":"%s"' % kind for kind in (b"start", b"resumed", b"end"))

#: signals that a terminal sends to its processes, or a user to all processes named tuicnn
_FOR_ALL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGUSR1)


def command(
    folder: RunFolder,
    lock: int | None = None,
    *,
    resume: bool = False,
    until: int | None = None,
    processor: int | None = None,
) -> list[str]:
    """The command that trains a run; `lock` is a descriptor to inherit."""
    more = ["--resume"] if resume else []
    more += ["--until", str(until)] if until is not None else []
    more += ["--processor", str(processor)] if processor is not None else []
    more += ["--lock", str(lock)] if lock is not None else []
    # -P: a numpy.py or random.py in the working folder is not for us
    return [sys.executable, "-P", "-m", "tuicnn.worker", *more, "--", str(folder.path)]


def start(
    folder: RunFolder,
    *,
    resume: bool = False,
    through: Sequence[str] = (),
    until: int | None = None,
    processor: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start the process of a run in a session of its own, its output going to `worker.log`. Raises `UserError`.

    What it trains, and how, it reads in the run's folder. It is given the run's lock, which is taken here: a run that
    has a process already is refused before anything of it is touched. With `resume`, the run goes on from its last
    checkpoint. `through` is a command that becomes the one it is given, such as `systemd-run --scope`. With `until`,
    the run is stopped after so many epochs; with `processor`, it trains on that one alone.
    """
    with _blocked(), folder.lock() as lock:
        try:
            try:
                log = open_regular(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            except OSError as error:
                raise UserError(f"The log of the run, {folder.log}, cannot be written: {why(error)}.") from error
            try:
                with contextlib.suppress(OSError):  # what an earlier process left of its end is not this one's
                    write_all(log, entry(f"A process {'goes on with' if resume else 'begins'} the run."))
                return subprocess.Popen(
                    [
                        *through,
                        *command(folder, lock.descriptor, resume=resume, until=until, processor=processor),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=[lock.descriptor],
                    env=environment(),
                )
            finally:
                os.close(log)
        except OSError as error:
            raise UserError(f"The process of the run {folder.name} cannot be started: {why(error)}.") from error


def start_and_wait(
    folder: RunFolder, *, resume: bool = False, through: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], bool]:
    """As `start`, and wait until the process trains: the process, and False where that takes long.

    Raises `UserError` also where it ended instead.
    """
    before = _turns(folder)
    process = start(folder, resume=resume, through=through)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        over = process.poll() is not None  # before its journal is read: its last words are then there
        turns = [parse(line) for line in _turns(folder) - before]
        for event in turns:
            if isinstance(event, End) and event.state is State.FAILED:
                raise UserError(f"The run {folder.name} failed: {event.message}")
        if turns:
            return process, True
        if over:
            words = last_words(folder.log) or f"it left nothing in its log, {folder.log}"
            raise UserError(f"The process of the run {folder.name} ended at once: {words}")
        time.sleep(0.05)
    return process, False


def _turns(folder: RunFolder) -> set[bytes]:
    """The last lines of a run's journal in which training begins or ends."""
    try:
        with os.fdopen(open_regular(folder.journal), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return {line for line in file if line.endswith(b"\n") and line.startswith(_TURNS)}
    except OSError:
        return set()


@contextlib.contextmanager
def _blocked() -> Iterator[None]:
    """Block `_FOR_ALL` and SIGTERM until the process is started, or is not: what is said about it is then true.

    The terminal's signals also reach the new process until it has its own session. It starts with these signals
    blocked, and unblocks them once it has its handlers.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*_FOR_ALL, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def drop_terminal_signals() -> None:
    """In the new process: drop pending signals of `_FOR_ALL`, and unblock them."""
    for number in _FOR_ALL:
        meant = signal.signal(number, signal.SIG_IGN)  # which drops one that waits
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
        signal.signal(number, meant)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))  # sent to this process alone


def environment() -> dict[str, str]:
    """The environment of a process that runs this very tuicnn, with the linear algebra library at one thread."""
    environment = {**os.environ, **ONE_THREAD}
    root = str(Path(__file__).resolve().parent.parent.parent)
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    if root not in map(os.path.realpath, installed):  # a checkout: -P would keep it from being found
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{known}{os.pathsep}{root}" if known else root
    return environment
