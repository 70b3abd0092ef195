"""Starts a run's process, detached from the terminal: nothing that happens to the screen reaches it.

Imports nothing but the standard library, so that the process is on its way before Textual and NumPy are imported here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.folder import RunFolder
from tuicnn.system.files import why, write_all
from tuicnn.system.regular_files import open_regular
from tuicnn.training.options import Options
from tuicnn.worker.log import entry

__all__ = ["ONE_THREAD", "command", "environment", "not_from_the_terminal", "start"]

#: the linear algebra library must not start threads of its own: training cuts its batches itself
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
#: what a terminal sends to all that run in it, and people to all that is called tuicnn
_FOR_ALL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGUSR1)


def command(
    folder: RunFolder, options: Options, path: Path | None, lock: int | None = None, *, resume: bool = False
) -> list[str]:
    """The command that trains a run; `path` is where the net came from, `lock` a descriptor to inherit."""
    origin = ["--path", str(path)] if path is not None else []
    origin += ["--resume"] if resume else []
    origin += ["--lock", str(lock)] if lock is not None else []
    # -P: a numpy.py or random.py in the working folder is not for us
    return [sys.executable, "-P", "-m", "tuicnn.worker", *options.arguments(), *origin, "--", str(folder.path)]


def start(
    folder: RunFolder,
    options: Options,
    path: Path | None = None,
    *,
    through: Sequence[str] = (),
    resume: bool = False,
) -> subprocess.Popen[bytes]:
    """Start the process of a run in a session of its own, its output going to `worker.log`. Raises `UserError`.

    It keeps the working folder, so that relative paths to data mean what they meant. It is given the run's lock, which
    is taken here: a run that has a process already is refused before anything of it is touched. `through` is a command
    that becomes the one it is given, such as `systemd-run --scope`. With `resume`, the run goes on from its last
    checkpoint.
    """
    with folder.lock() as lock:
        try:
            try:
                log = open_regular(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            except OSError as error:
                raise UserError(f"The log of the run, {folder.log}, cannot be written: {why(error)}.") from error
            try:
                with contextlib.suppress(OSError):  # what an earlier process left of its end is not this one's
                    write_all(log, entry(f"A process {'goes on with' if resume else 'begins'} the run."))
                with _blocked():
                    return subprocess.Popen(
                        [*through, *command(folder, options, path, lock.descriptor, resume=resume)],
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


@contextlib.contextmanager
def _blocked() -> Iterator[None]:
    """Take what the terminal sends at the end: it also goes to the new process until that has a session of its own.

    The new process begins with these signals blocked, and takes none before it has said what it does about them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_ALL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def not_from_the_terminal() -> None:
    """In the new process: drop what was meant for the one that started it, and from now on take such signals again."""
    for number in _FOR_ALL:
        meant = signal.signal(number, signal.SIG_IGN)  # which drops one that waits
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
        signal.signal(number, meant)


def environment() -> dict[str, str]:
    """The environment of a process that runs this very tuicnn, with the linear algebra library at one thread."""
    environment = {**os.environ, **ONE_THREAD}
    root = str(Path(__file__).resolve().parent.parent.parent)
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    if root not in map(os.path.realpath, installed):  # a checkout: -P would keep it from being found
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{known}{os.pathsep}{root}" if known else root
    return environment
