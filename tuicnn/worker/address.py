"""Where a run's socket lies, and who may come in.

A socket's path may have 107 bytes, and a run's folder may lie deep, or on a file system without sockets. So the
socket lies in a folder of the user's own: under `$XDG_RUNTIME_DIR`, or in a 0700 folder under the temporary folder. Its
name tells the run's identity, so that a run whose folder was renamed is found, and a new run in the place of a renamed
one, or a copy of one, has a socket of its own. The system removes the first of these folders when the
user has logged out everywhere, which a run must survive: the server makes its socket anew. The temporary folder is
everybody's, and somebody else may have taken our name in it; then the run gets a folder of a name that nobody can
foresee, which is removed with its socket. Where the socket is, the lock says; where the lock says nothing yet, whoever
looks for a run looks in all of the usual ones.

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
    """The folders where sockets of this user may lie, the best first; none of them need be there."""
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
    """Where the socket of the run in `folder` may be, the likeliest first, as far as they are safe to look in."""
    name = _name(folder)
    found = [*_noted(folder), *(place / name for place in places())]
    return [path for path in dict.fromkeys(found) if _is_own(path.parent)]


def _noted(folder: Path) -> list[Path]:
    """What the lock says of where the socket is, if it says anything that makes sense."""
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
    """New folders for one run alone, in each of the places for temporary files."""
    for parent in _temporary():
        with contextlib.suppress(OSError):
            yield Path(tempfile.mkdtemp(prefix=f"tuicnn-{os.geteuid()}-", dir=parent))


def leave(path: Path) -> None:
    """The socket at a path is gone: remove the folder around it where that was for this run alone."""
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
    """Whether a folder is really one, this user's, and closed to everybody else."""
    try:
        status = os.lstat(place)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
