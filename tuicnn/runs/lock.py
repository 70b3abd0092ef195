"""The lock of a run: only the process that holds `lock` with `flock` may train it.

The kernel releases it when its holder ends in any way: a lock file that is left after a crash or a restart of the
machine is not held. The note in the file (`Holder`) says how to reach the holder, and is valid only while it is held.

Users remove lock files that they believe stale. So the folder itself is locked too, where its file system supports that
(NFS does not), and the holder creates the file again. Imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from tuicnn.records import Between, RecordError, dump, from_plain, parse
from tuicnn.system.regular_files import open_regular, read_regular

__all__ = ["Holder", "Identity", "RunLock", "has_links", "holder_at", "identity_of", "is_held", "take"]

#: a check of whether a run is alive holds its lock for some microseconds; a worker retries for so long
PATIENCE = 0.5  # seconds
_NOTE = 4096  # bytes that a holder's note may have
#: not inherited: children of a dead worker must not hold the lock
_FLAGS = os.O_RDWR | os.O_CREAT
_T = TypeVar("_T")
#: device and inode of a run's folder. They stay where it is renamed; no copy has them while a process holds it open
Identity = tuple[int, int]


@dataclass(frozen=True)
class Holder:
    """The note of the process that holds a run."""

    pid: Annotated[int, Between(1, 2**31 - 1)]
    host: str  # a folder may be seen from several machines
    socket: Path  # at which it listens
    run: Identity  # the folder that it holds: a note that was copied, or is linked, elsewhere speaks of another run
    elsewhere: bool = (
        False  # the run trains on other machines: the process writes what comes back, and listens to nobody
    )

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        return self.host == platform.node()

    @property
    def user(self) -> int | None:
        """The number of the user that it belongs to, as far as can be seen from here."""
        try:
            return Path(f"/proc/{self.pid}").stat().st_uid if self.here else None
        except OSError:
            return None

    @property
    def is_foreign(self) -> bool:
        """Whether it belongs to another user, and so does not answer this one, not even root."""
        return self.user not in (None, os.geteuid())

    @property
    def suspended(self) -> bool:
        """Whether it was stopped by Ctrl-Z or SIGSTOP, as far as can be seen from here."""
        if not self.here:
            return False
        try:
            return Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"T"
        except (OSError, IndexError):
            return False


class RunLock:
    """The lock of a run, held until `release` or the end of the process."""

    def __init__(self, descriptor: int, folder: int) -> None:
        self._descriptor, self._folder = descriptor, folder
        self._socket: Path | None = None  # what was noted

    @classmethod
    def inherited(cls, descriptor: int, folder: Path) -> RunLock:
        """A lock that the process was started with. Raises `OSError` where it is not that of the folder."""
        if not _is_at(descriptor, folder / "lock"):
            raise FileNotFoundError(errno.ENOENT, "its lock is another file now")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is held already
        os.set_inheritable(descriptor, False)
        opened = _opened(folder)
        _patiently(lambda: _held_folder(opened))  # the process that started this one releases it in a moment
        return cls(descriptor, opened)

    @property
    def descriptor(self) -> int:
        """The open lock file. A child that inherits it holds the lock too."""
        return self._descriptor

    @property
    def identity(self) -> Identity:
        """That of the run's folder."""
        return identity_of(self._folder)

    @property
    def folder(self) -> Path | None:
        """Where the run's folder is now, whatever it was renamed to; None where it was removed."""
        try:
            if os.fstat(self._folder).st_nlink == 0:
                return None
            return Path(f"/proc/self/fd/{self._folder}").readlink()
        except OSError:
            return None

    def note(self, socket: Path | None) -> None:
        """Write down how this process is reached; None: not at all, since the run trains elsewhere.

        On a full disk nothing is written, and only the usual places help.
        """
        self._socket = socket
        holder = Holder(os.getpid(), platform.node(), socket or Path(), self.identity, elsewhere=socket is None)
        text = dump(holder).encode(errors="backslashreplace")
        with contextlib.suppress(OSError):
            # one write of one length: a reader sees the old note or the new one
            os.pwrite(self._descriptor, text.ljust(_NOTE // 8) + b"\n", 0)

    def renew(self) -> bool:
        """Create the lock file again where it was removed. False where another process has taken the run."""
        folder = self.folder
        if folder is None or _is_at(self._descriptor, folder / "lock"):
            return True
        descriptor = -1
        try:
            descriptor = open_regular(folder / "lock", _FLAGS)
            if not _patiently(lambda: _flocked(descriptor)):
                return False
            os.dup2(descriptor, self._descriptor, inheritable=False)
        except OSError:
            return True  # a full disk, or a link in its place: the folder is still held
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        if self._socket is not None:
            self.note(self._socket)
        return True

    def release(self) -> None:
        """Release the lock."""
        _close(self._descriptor, self._folder)
        self._descriptor = self._folder = -1

    def __enter__(self) -> RunLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def take(folder: Path) -> RunLock | None:
    """Take the lock of a run's folder; None where another process has it.

    Raises `BlockingIOError` never, any other `OSError` where the lock file cannot be opened (its errno says why).
    """
    path = folder / "lock"

    def taken() -> RunLock | None:
        descriptor, opened = open_regular(path, _FLAGS), -1
        try:
            opened = _opened(folder)
            if _flocked(descriptor) and _is_at(descriptor, path) and _held_folder(opened):
                if os.fstat(descriptor).st_nlink == 1:
                    return RunLock(descriptor, opened)
                path.unlink()  # it is also that of the run that this one was copied from, with hard links
        except BaseException:
            _close(descriptor, opened)
            raise
        _close(descriptor, opened)
        return None

    return _patiently(taken)


def is_held(folder: Path) -> bool:
    """Whether a process holds the run in a folder."""
    for path, opened in ((folder, _opened), (folder / "lock", open_regular)):
        try:
            descriptor = opened(path)
        except OSError:
            continue
        try:
            if not _flocked(descriptor, fcntl.LOCK_SH):
                return True
            # the file of a folder that was copied with hard links may be held by the run that it was copied from
            if path == folder and has_links(folder):
                return False
        except OSError:
            continue
        finally:
            os.close(descriptor)
    return False


def has_links(folder: Path) -> bool:
    """Whether the lock file in a folder is that of another folder too: one is a copy of the other, of hard links."""
    try:
        return (folder / "lock").lstat().st_nlink > 1
    except OSError:
        return False


def holder_at(folder: Path) -> Holder | None:
    """What the last holder of a run said of itself; to be believed only while the run is held.

    A note that was copied along with a run's folder speaks of the process of the original, and counts as none.
    """
    try:
        holder, (device, inode) = from_plain(Holder, parse(read_regular(folder / "lock", _NOTE))), identity_of(folder)
    except (OSError, RecordError):
        return None
    # another machine numbers its devices in its own way
    return holder if holder.run[1] == inode and (holder.run[0] == device or not holder.here) else None


def identity_of(folder: Path | int) -> Identity:
    """The identity of the run in a folder, given by its path or an open descriptor. Raises `OSError`."""
    status = os.stat(folder)  # noqa: PTH116 - a descriptor has no path
    return status.st_dev, status.st_ino


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


def _flocked(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file; False where another process has it."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held_folder(opened: int) -> bool:
    """Lock an open folder as far as its file system can do that; False where somebody else has it."""
    try:
        return _flocked(opened)
    except OSError:
        return True


def _patiently(attempt: Callable[[], _T]) -> _T:
    """The first true result within `PATIENCE`, else the last one: a check of a lock holds it for a moment."""
    until = time.monotonic() + PATIENCE
    while not (result := attempt()) and time.monotonic() < until:
        time.sleep(0.01)
    return result


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is still the one at `path` (it may have been removed while its lock was waited for)."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
