"""The program `tuicnn`: loads its commands, and turns their errors into a sentence and an exit code."""

from __future__ import annotations

import errno
import io
import os
import pkgutil
import re
import resource
import signal
import sys
from importlib import import_module
from pathlib import Path

import click

from tuicnn.cli import commands
from tuicnn.cli.group import ReaderGoneError, main
from tuicnn.cli.output.streams import complain
from tuicnn.cli.shells import COMPLETE
from tuicnn.display.output import guard
from tuicnn.errors import UserError
from tuicnn.system.files import why
from tuicnn.system.process import redirect_to_null

__all__ = ["main", "run"]

for module in pkgutil.iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{module.name}")  # its commands register themselves

#: exit codes beside 0 and 1 (a net or a run with a problem); 2 is click's, for bad usage
INTERRUPTED, PIPE_CLOSED = 130, 141
#: files that the process must be allowed to open: the screen and a training have about 16 open
OPEN_FILES = 32


def run() -> None:
    """Run the program and exit; an error becomes a sentence on standard error and an exit code."""
    _open_closed_streams()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # started with it closed (`>&-`)
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as the program runs
    guard()
    signal.signal(signal.SIGUSR1, lambda *_: None)  # "save": ignored until there is something to save
    code = 0
    try:
        try:
            _require_open_files()
            _require_working_folder()
            code = main.main(standalone_mode=False, complete_var=COMPLETE) or 0
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
        except click.Abort:
            code = INTERRUPTED
        except click.ClickException as error:
            shown = io.StringIO()
            error.show(file=shown)
            complain(_shortened(shown.getvalue().expandtabs(2).rstrip("\n")))
            code = error.exit_code
        except UserError as error:
            complain(f"tuicnn: {_shortened(str(error))}")
            code = 1
        sys.stdout.flush()
    except (BrokenPipeError, ReaderGoneError):
        code = _discard_output(PIPE_CLOSED)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            complain(f"tuicnn: {why(error)}; allow more with: ulimit -n 1024")
            sys.exit(1)
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG):
            raise
        code = _discard_output(1)
        complain(f"tuicnn: the output cannot be written: {why(error)}")
    sys.exit(code)


def _shortened(text: str) -> str:
    """A message without the middle of numbers that are too long to read; paths stay whole, to be copied."""
    return re.sub(r"(\d{12})\d{20,}(\d{4})", r"\1...\2", text)


def _open_closed_streams() -> None:
    """Open closed standard descriptors on /dev/null, so that no other file gets their numbers."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one


def _require_open_files() -> None:
    """Raise the limit of open files where it is too low; raises `UserError` where that is not allowed."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= allowed < OPEN_FILES:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most) if most >= 0 else OPEN_FILES, most))
        except (OSError, ValueError):
            most = allowed
        if 0 <= most < OPEN_FILES:
            raise UserError(
                f"only {most} files may be open at a time here, and tuicnn needs {OPEN_FILES}; "
                "allow more with: ulimit -n 1024"
            )


def _require_working_folder() -> None:
    """Raises `UserError` where the working folder is gone: relative paths, and `runs`, mean nothing there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UserError("the working folder was removed; change to another one with cd, and try again") from None


def _discard_output(code: int) -> int:
    """Discard what is still buffered, which Python would fail to flush at its exit; returns `code`."""
    redirect_to_null(sys.stdout.fileno())
    return code
