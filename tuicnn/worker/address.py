"""Where a run's socket lies, and who may come in.

A socket's path may have 107 bytes, and a run's folder may lie deep, or on a file system without sockets. So the
socket lies in a folder of the user's own: under `$XDG_RUNTIME_DIR`, or in a 0700 folder under the temporary folder. Its
name tells which lock file the run has (its device and inode), so that a run whose folder was renamed is found, and a
new run in the place of a renamed one has a socket of its own. The system removes the first of these folders when the
user has logged out everywhere, which a run must survive: the server makes its socket anew. Where it is, the lock
says; where the lock says nothing yet, whoever looks for a run looks in all of them.

Imports nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import stat
import struct
import tempfile
from pathlib import Path

from tuicnn.training.files import RunError
from tuicnn.training.lock import holder_at

__all__ = ["PATH_LIMIT", "address_for", "peer_is_me", "places", "socket_places"]

PATH_LIMIT = 107  # bytes of a Unix socket's path on Linux
_NAME = re.compile(r"[0-9a-f]{20}\.sock")


def places() -> list[Path]:
    """The folders where sockets of this user may lie, the best first; none of them need be there."""
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    found = [Path(runtime) / "tuicnn"] if runtime.startswith("/") else []
    found += [
        Path(f"/run/user/{user}/tuicnn"),
        Path(tempfile.gettempdir()) / f"tuicnn-{user}",
        Path(f"/tmp/tuicnn-{user}"),
    ]
    return list(dict.fromkeys(found))


def socket_places(folder: Path) -> list[Path]:
    """Where the socket of the run in `folder` may be, the likeliest first, as far as they are safe to look in."""
    holder, name = holder_at(folder), _name(folder)
    noted = [Path(holder.socket)] if holder is not None and _NAME.fullmatch(Path(holder.socket).name) else []
    found = [*noted, *(place / name for place in places())]
    return [path for path in dict.fromkeys(found) if _is_own(path.parent)]


def address_for(folder: Path) -> Path:
    """The path of the socket for the run in `folder`; makes the folder around it. Raises `RunError`."""
    name = _name(folder)
    for place in places():
        if len(os.fsencode(place / name)) > PATH_LIMIT:
            continue
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError:
            continue
        if _is_own(place):
            return place / name
    tried = ", ".join(map(str, places()))
    raise RunError(
        f"There is no safe place for the run's socket (tried {tried}); set XDG_RUNTIME_DIR to a folder of yours."
    )


def peer_is_me(connection: socket.socket) -> bool:
    """Whether the other end of a Unix socket belongs to this process's user, as the kernel says."""
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.geteuid())


def _name(folder: Path) -> str:
    try:
        lock = (folder / "lock").stat(follow_symlinks=False)
        which = f"{lock.st_dev}:{lock.st_ino}".encode()
    except OSError:  # a run that was never trained: nobody listens
        which = os.fsencode(os.path.realpath(folder))
    return hashlib.sha256(which).hexdigest()[:20] + ".sock"


def _is_own(place: Path) -> bool:
    """Whether a folder is really one, this user's, and closed to everybody else."""
    try:
        status = os.lstat(place)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
