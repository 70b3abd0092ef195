"""The listening socket of a run; only one process may listen at a path."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.system.files import why
from tuicnn.worker.address import leave

__all__ = ["Listener"]


class Listener:
    """A socket that listens at a path until `close`, which removes its file."""

    def __init__(self, path: Path, backlog: int) -> None:
        """Listen; a socket file that a dead process left is removed. Raises `UserError`."""
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _remove_stale(path)
            self.socket.bind(str(path))
            path.chmod(0o600)
            self.socket.listen(backlog)
            self.socket.setblocking(False)
            status = path.lstat()
        except OSError as error:
            self._give_up()
            raise UserError(f"The run's socket {path} cannot be made: {why(error)}.") from error
        except BaseException:
            self._give_up()
            raise
        self._file = status.st_dev, status.st_ino

    @property
    def there(self) -> bool:
        """Whether its file still exists; without it no connection is possible."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._file

    def close(self) -> None:
        """Listen no more, and remove the file."""
        if self.there:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._give_up()

    def _give_up(self) -> None:
        self.socket.close()
        leave(self.path)


def _remove_stale(path: Path) -> None:
    """Remove a socket file that nobody listens at. Raises `UserError` where somebody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
    raise UserError(f"Another process answers at {path}, the socket of this run; end that process first.")
