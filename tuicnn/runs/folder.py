"""The folder of a run, `runs/<net>-<number>/`: its files, and whether its process is alive.

A run is alive as long as a process holds `lock` with `flock`: unlike a process number, this is true after crashes and
restarts of the machine too. Imports nothing but the standard library (weights import NumPy): the command line uses this
before NumPy is imported.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuicnn.errors import UserError
from tuicnn.limits import NET_BYTES
from tuicnn.runs.checkpoint_folder import CheckpointFolder
from tuicnn.runs.lock import Holder, RunLock, has_links, holder_at, is_held, take
from tuicnn.runs.predictions import PredictionFolder
from tuicnn.runs.room import make_room
from tuicnn.runs.snapshots import SnapshotFolder
from tuicnn.system.files import is_temporary, remove_temporary, unshare, why, write_atomic
from tuicnn.system.machine import installed_memory
from tuicnn.system.regular_files import read_regular

if TYPE_CHECKING:
    from tuicnn.training.checkpoint import Checkpoint

__all__ = ["RUNS", "SWEEP", "RunFolder"]

RUNS = "runs"
#: the file of a sweep, whose folder holds a run for each trial
SWEEP = "sweep.json"
#: the folder's name of a run: the net and the number
_NUMBERED = re.compile(r"(.+)-([1-9][0-9]{0,8})")
_OWN_FILES = (
    "net.net",
    "draft.net",
    "origin.json",
    "journal.jsonl",
    "worker.log",
    "screen.log",
    "weights.safetensors",
    "lock",
)
_OWN_FOLDERS = ("checkpoints", "snapshots", "predictions")


@dataclass(frozen=True)
class RunFolder:
    """A run by its folder. `creation` makes new ones."""

    path: Path

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The folder's own name, `mnist-3`."""
        return self.path.resolve().name if self.path.name in ("", "..") else self.path.name

    @property
    def net(self) -> str:
        """The net's name, from the folder's name: `mnist`."""
        found = _NUMBERED.fullmatch(self.name)
        return found[1] if found else self.name

    @property
    def number(self) -> int | None:
        """The run's number, from the folder's name."""
        found = _NUMBERED.fullmatch(self.name)
        return int(found[2]) if found else None

    @property
    def journal(self) -> Path:
        """The file of the run's events, one JSON object a line."""
        return self.path / "journal.jsonl"

    @property
    def draft(self) -> Path:
        """The file of a changed net that was typed in a screen and is not saved yet."""
        return self.path / "draft.net"

    @property
    def log(self) -> Path:
        """The file of the process's output."""
        return self.path / "worker.log"

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Its checkpoints; their folder is made with the first one."""
        return CheckpointFolder(self.path / "checkpoints")

    @property
    def snapshots(self) -> SnapshotFolder:
        """The weights after each epoch; their folder is made with the first one."""
        return SnapshotFolder(self.path / "snapshots")

    @property
    def predictions(self) -> PredictionFolder:
        """What was said of the validation images; its folder is made with the first file."""
        return PredictionFolder(self.path / "predictions")

    @property
    def weights(self) -> Path:
        """The file of the weights, written at each epoch and at the end."""
        return self.path / "weights.safetensors"

    @property
    def holds_a_run(self) -> bool:
        """Whether there is a run in the folder, in any state."""
        return any(os.path.lexists(self.path / name) for name in ("net.net", "journal.jsonl"))

    @property
    def holds_a_sweep(self) -> bool:
        """Whether it is no run, but the folder of a sweep, which has many."""
        return os.path.lexists(self.path / SWEEP)

    @property
    def text(self) -> str:
        """The net that is trained. Raises `UserError`."""
        try:
            return read_regular(self.path / "net.net", NET_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = why(error) if isinstance(error, OSError) else "it is damaged"
            raise UserError(f"{self.path / 'net.net'}, the net of the run, cannot be read: {reason}.") from error

    # --- alive or not -----------------------------------------------------------------------------------------------

    def lock(self) -> RunLock:
        """Take the run for this process. Raises `UserError`, with the run's state, where another process has it."""
        try:
            lock = take(self.path)
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
                raise UserError(f"The file system of {self.path} has no locks: {why(error)}.") from error
            spoiled = error.errno in (errno.ENXIO, errno.EISDIR, errno.ELOOP)
            where = self.path / "lock" if spoiled else self.path
            raise UserError(f"The run cannot be written to {where}: {why(error)}.") from error
        if lock is None:
            raise UserError(self.in_use)
        for path in (self.path, *map(self.path.joinpath, _OWN_FOLDERS)):  # those who wrote there are dead
            remove_temporary(path)
        try:
            for path in (self.journal, self.log):  # all other files are never written to, but replaced
                unshare(path)
        except OSError as error:
            lock.release()
            raise UserError(f"The run cannot be written to {path}: {why(error)}.") from error
        return lock

    @property
    def in_use(self) -> str:
        """The error where a process trains the run already, or that of which this one is a copy of hard links."""
        if not self.alive and has_links(self.path):
            return (
                f"The files of the run {self.name} are hard links to those of a run that is being trained. "
                "Copy that run anew with cp -a, or go on with this one when the other has ended."
            )
        return f"The run {self.name} has its process already; watch it with: {self.attach}"

    @property
    def attach(self) -> str:
        """The command that shows the run, from the working folder of this moment."""
        return f"tuicnn attach {shlex.quote(self.called)}"

    @property
    def stop(self) -> str:
        """The command that ends the run, from the working folder of this moment."""
        return f"tuicnn stop {shlex.quote(self.called)}"

    @property
    def resume(self) -> str:
        """The command that goes on with the run, from the working folder of this moment."""
        return f"tuicnn resume {shlex.quote(self.called)}"

    @property
    def called(self) -> str:
        """The run in a command: its name where it is in `runs`, else its path."""
        try:
            return self.name if self.path.absolute().parent == Path.cwd() / RUNS else str(self.path)
        except OSError:  # the working folder is gone
            return str(self.path)

    @property
    def alive(self) -> bool:
        """Whether a process holds the run."""
        return is_held(self.path)

    @property
    def holder(self) -> Holder | None:
        """What the process that holds the run says of itself, as far as it did."""
        return holder_at(self.path) if self.alive else None

    # --- weights ----------------------------------------------------------------------------------------------------

    def save_weights(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint's weights, and how they are used, to `weights.safetensors`. Raises `UserError`."""
        from tuicnn.runs.checkpoint_file import pack_weights

        try:
            data = pack_weights(checkpoint)
            make_room(self.path, lambda: write_atomic(self.weights, data))
        except OSError as error:
            raise UserError(f"The weights could not be saved to {self.weights}: {why(error)}.") from error

    def read_weights(self, step: int, epochs: int) -> Checkpoint | None:
        """`weights.safetensors`, from after so many steps and epochs, as far as it tells a checkpoint's contents.

        None where there is no file. Raises `UserError`.
        """
        from tuicnn.runs.checkpoint_file import CheckpointError, unpack_weights

        try:
            return unpack_weights(read_regular(self.weights, installed_memory()), step, epochs)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(f"The weights {self.weights} cannot be read: {why(error)}.") from error
        except CheckpointError as error:
            raise UserError(f"The file {self.weights} {error}.") from error

    # --- the end of it ----------------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Remove the run's own files, and the folder if nothing else is in it; follows no link. Raises `UserError`."""
        try:
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"The run {self.path} cannot be removed: {why(error)}.") from error
        try:
            for name in _OWN_FOLDERS:
                with contextlib.suppress(OSError):
                    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                    try:
                        for entry in os.listdir(inner):  # noqa: PTH208 - by descriptor
                            with contextlib.suppress(IsADirectoryError):
                                os.unlink(entry, dir_fd=inner)
                    finally:
                        os.close(inner)
                    os.rmdir(name, dir_fd=folder)
            # the lock goes last: until then the run counts as in use
            temporary = filter(is_temporary, os.listdir(folder))  # noqa: PTH208 - by descriptor
            for name in (*temporary, *_OWN_FILES):
                with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                    os.unlink(name, dir_fd=folder)
        except OSError as error:
            raise UserError(f"The run {self.path} cannot be removed: {why(error)}.") from error
        finally:
            os.close(folder)
        with contextlib.suppress(OSError):  # other files in it are not ours
            self.path.rmdir()
