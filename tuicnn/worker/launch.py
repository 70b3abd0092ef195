"""Starts a run's process, detached from the terminal: nothing that happens to the screen reaches it.

Imports nothing but the standard library, so that the process is on its way before Textual and NumPy are imported here.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

from tuicnn.training.files import RunError, why
from tuicnn.training.folder import RunFolder
from tuicnn.training.options import Options

__all__ = ["ONE_THREAD", "command", "start"]

#: the linear algebra library must not start threads of its own: training cuts its batches itself
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def command(folder: RunFolder, options: Options, path: Path | None) -> list[str]:
    """The command that trains a run in its folder; `path` is where the net came from."""
    origin = ["--path", str(path)] if path is not None else []
    # -P: a numpy.py or random.py in the working folder is not for us
    return [sys.executable, "-P", "-m", "tuicnn.worker", *options.arguments(), *origin, "--", str(folder.path)]


def start(folder: RunFolder, options: Options, path: Path | None = None) -> subprocess.Popen[bytes]:
    """Start the process of a run in a session of its own, its output going to `worker.log`. Raises `RunError`.

    It keeps the working folder, so that relative paths to data mean what they meant.
    """
    try:
        log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            return subprocess.Popen(
                command(folder, options, path),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
                env=_environment(),
            )
        finally:
            os.close(log)
    except OSError as error:
        raise RunError(f"The process of the run {folder.name} cannot be started: {why(error)}.") from error


def _environment() -> dict[str, str]:
    environment = {**os.environ, **ONE_THREAD}
    root = str(Path(__file__).resolve().parent.parent.parent)
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    if root not in map(os.path.realpath, installed):  # a checkout: -P would keep it from being found
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{known}{os.pathsep}{root}" if known else root
    return environment
