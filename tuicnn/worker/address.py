"""The path of a run's socket, and which user may connect.

A socket's path has at most 107 bytes, and a run's folder may have a long path, or lie on a file system without sockets.
So the socket is in a folder of the user: under `$XDG_RUNTIME_DIR`, or in a folder of mode 0700 under the temporary
folder. Its name is a hash of the run's identity: a run whose folder was renamed is found, and a copy of a run has
another socket. The system removes `$XDG_RUNTIME_DIR` at the last logout; the server then creates its socket again.
Another user may own our name in the temporary folder; then the run gets a folder with a random name, which is removed
with its socket. The lock notes the path; without a note, all usual folders are searched.

Imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import stat
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.runs.lock import holder_at, identity_of

__all__ = ["PATH_LIMIT", "address_for", "leave", "peer_is_me", "places", "socket_places"]

PATH_LIMIT = 107  # bytes of a Unix socket's path on Linux
_NAME = re.compile(r"[0-9a-f]{20}\.sock")
_OWN_NAME = re.compile(r"tuicnn-[0-9]+-[a-z0-9_]{8}")  # of a folder that one run has for itself


def places() -> list[Path]:
    """The folders for sockets of this user, the preferred first; they need not exist."""
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    found = [Path(runtime) / "tuicnn"] if runtime.startswith("/") else []
    found += [Path(f"/run/user/{user}/tuicnn"), *(parent / f"tuicnn-{user}" for parent in _temporary())]
    return list(dict.fromkeys(found))


def _temporary() -> list[Path]:
    """The folders for temporary files, the best first."""
    found = [Path("/tmp")]
    with contextlib.suppress(OSError):  # none that can be written to
        found.insert(0, Path(tempfile.gettempdir()))
    return list(dict.fromkeys(found))


def socket_places(folder: Path) -> list[Path]:
    """Possible paths of the socket of the run in `folder`, the likeliest first, in folders that are safe."""
    name = _name(folder)
    found = [*_noted(folder), *(place / name for place in places())]
    return [path for path in dict.fromkeys(found) if _is_own(path.parent)]


def _noted(folder: Path) -> list[Path]:
    """The path that the lock notes, if it is a valid one."""
    holder = holder_at(folder)
    return [holder.socket] if holder is not None and _NAME.fullmatch(holder.socket.name) else []


def address_for(folder: Path) -> Path:
    """The path of the socket for the run in `folder`; makes the folder around it. Raises `UserError`."""
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
    # one that the run had before, which a killed process could not remove
    had = [path.parent for path in _noted(folder) if _OWN_NAME.fullmatch(path.parent.name) and _is_own(path.parent)]
    for place in had or _made():
        if len(os.fsencode(place / name)) <= PATH_LIMIT:
            return place / name
        leave(place / name)
    tried = ", ".join(map(str, places()))
    raise UserError(
        f"There is no safe place for the run's socket (tried {tried}); set XDG_RUNTIME_DIR to a folder of yours."
    )


def _made() -> Iterator[Path]:
    """A new folder for one run, in each folder for temporary files."""
    for parent in _temporary():
        with contextlib.suppress(OSError):
            yield Path(tempfile.mkdtemp(prefix=f"tuicnn-{os.geteuid()}-", dir=parent))


def leave(path: Path) -> None:
    """Remove the folder of a socket that is closed, where the folder was made for this run alone."""
    if _OWN_NAME.fullmatch(path.parent.name):
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def peer_is_me(connection: socket.socket) -> bool:
    """Whether the other end of a Unix socket belongs to this process's user, as the kernel says."""
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.geteuid())


def _name(folder: Path) -> str:
    try:
        which = repr(identity_of(folder)).encode()
    except OSError:  # it is not there: nobody listens
        which = os.fsencode(os.path.realpath(folder))
    return hashlib.sha256(which).hexdigest()[:20] + ".sock"


def _is_own(place: Path) -> bool:
    """Whether a path is a folder (no link) of this user that no other user may enter."""
    try:
        status = os.lstat(place)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
