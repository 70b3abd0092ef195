"""The owner of a run: only this user can read, watch and control it; others get a message.

Imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.system.files import why

__all__ = ["is_shut", "make_private", "me", "user_name", "why_shut"]


def user_name(number: int) -> str:
    """A user's name, or `user 1234` where this machine knows none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def me() -> str:
    """The name of the user that this process belongs to."""
    return user_name(os.geteuid())


def is_shut(path: Path) -> bool:
    """Whether this user may not read a folder that is a run's, or may be one."""
    for name in ("net.net", "journal.jsonl"):
        try:
            kind = (path / name).lstat().st_mode
        except PermissionError:
            return True
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(kind) and not os.access(path / name, os.R_OK, effective_ids=True):
            return True
    return False


def make_private(path: Path) -> None:
    """Restrict a folder for a run to this user. Raises `UserError` where another user owns it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise UserError(f"The folder {path} cannot be used: {why(error)}; choose another one.") from error
    try:
        status = os.fstat(descriptor)
        owner = status.st_uid
        if owner != os.geteuid():
            raise UserError(
                f"{path} belongs to {user_name(owner)}, who could read and block a run in it; "
                f"choose a folder of your own."
            )
        with contextlib.suppress(OSError):  # a file system without permissions
            os.fchmod(descriptor, status.st_mode & 0o700)
        # another user could hold a lock file that they put there before
        with contextlib.suppress(OSError):
            if os.stat("lock", dir_fd=descriptor, follow_symlinks=False).st_uid != owner:
                os.unlink("lock", dir_fd=descriptor)
    finally:
        os.close(descriptor)


def why_shut(path: Path) -> str:
    """The message where this user may not read a run's folder, or that of all runs."""
    place, owner = path, os.geteuid()
    for place in (path, *path.absolute().parents):
        try:
            owner = place.stat().st_uid
        except OSError:
            continue
        break
    if owner == os.geteuid():
        return f"You may not look into {path} as its permissions are now; give them back with: chmod -R u+rwX {place}"
    name = user_name(owner)
    return (
        f"{path} belongs to {name}, and {me()} may not look into it: a run can be read, watched and controlled by "
        f"its own user only. Do this as {name}."
    )
