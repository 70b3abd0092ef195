"""Makes the folder of a new run: numbered under `runs/`, or where the user chose."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.folder import RUNS, RunFolder
from tuicnn.runs.owners import make_private
from tuicnn.runs.status import describe
from tuicnn.system.files import TEMPORARY, why, write_atomic

__all__ = ["clean_name", "create_run", "create_run_at", "numbered_folder"]


def create_run(parent: Path, net: str, text: str) -> RunFolder:
    """Make `parent/runs/<net>-<number>/` for a net's text; the number is one more than the highest of all runs.

    Raises `UserError`.
    """
    folder = RunFolder(numbered_folder(parent, net))
    try:
        _begin(folder, text)
    except UserError:
        with contextlib.suppress(UserError):
            folder.remove()
        raise
    return folder


def numbered_folder(parent: Path, net: str) -> Path:
    """Make the empty folder `parent/runs/<net>-<number>/`; the number is one more than the highest of all there.

    Raises `UserError`.
    """
    runs = parent / RUNS
    name = clean_name(net)
    try:
        runs.mkdir(mode=0o700, exist_ok=True)
        number = max((RunFolder(path).number or 0 for path in runs.iterdir()), default=0) + 1
        while True:
            path = runs / f"{name}-{number}"
            try:
                path.mkdir(mode=0o700)
                return path
            except FileExistsError:
                number += 1
    except FileExistsError:
        raise UserError(
            f"Runs are kept in {runs}, which is not a folder; use --run DIR to keep this one elsewhere."
        ) from None
    except OSError as error:
        raise UserError(
            f"No folder for this run can be made in {runs}: {why(error)}; use --run DIR to keep it elsewhere."
        ) from error


def create_run_at(path: Path, text: str) -> RunFolder:
    """Make a run at a folder that the user chose, which need not exist. Raises `UserError`.

    One that is there has to be the user's own, and is closed to all others, who could hold its lock.
    """
    made = False
    try:
        path.mkdir(mode=0o700, parents=True)
        made = True
    except FileExistsError:
        if not path.is_dir():
            raise UserError(f"{path} is not a folder; choose another one.") from None
        path = path.resolve() if path.is_symlink() else path
        if not RunFolder(path).holds_a_run:
            make_private(path)
    except OSError as error:
        raise UserError(f"The folder {path} cannot be made: {why(error)}; choose another one.") from error
    folder = RunFolder(path)
    try:
        _begin(folder, text)
    except UserError:
        if made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise
    return folder


def clean_name(net: str) -> str:
    """A net's name as a folder's name: letters, digits, `_ + . -`."""
    name = re.sub(r"[^\w.+-]", "_", net).lstrip(".-")
    return name.encode()[:80].decode(errors="ignore") or "net"


def _begin(folder: RunFolder, text: str) -> None:
    """Write the net, unless there is a run already; the lock excludes a second process. Raises `UserError`."""
    if folder.holds_a_run:
        raise _taken(folder)
    try:
        lock = folder.lock()
    except UserError:
        if folder.alive:
            raise _taken(folder) from None
        raise
    with lock:
        if folder.holds_a_run:
            raise _taken(folder)
        try:
            write_atomic(folder.path / "net.net", text.encode())
            # the other files are small beside a megabyte: fail now rather than after an hour
            _require_space(folder.path)
        except OSError as error:
            for name in ("net.net", "lock"):
                with contextlib.suppress(OSError):
                    (folder.path / name).unlink()
            raise UserError(f"The run cannot be written to {folder.path}: {why(error)}.") from error


def _taken(folder: RunFolder) -> UserError:
    return UserError(f"{folder.path} already holds a run ({describe(folder)}); choose another folder.")


def _require_space(folder: Path) -> None:
    """Raises `OSError` where not even a megabyte can be written."""
    path = folder / f"{TEMPORARY}room"
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, stat.S_IRUSR | stat.S_IWUSR
    )
    try:
        path.unlink()
        os.posix_fallocate(descriptor, 0, 1 << 20)
    finally:
        os.close(descriptor)
