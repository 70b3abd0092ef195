"""Whose a run is: only its own user can read, watch and steer it, and anybody else is told so.

Imports nothing but the standard library.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

__all__ = ["is_shut", "me", "user_name", "why_shut"]


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
    """Whether this user may not look into a run's folder; also where it cannot be told whether there is a run."""
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


def why_shut(path: Path) -> str:
    """What is said to somebody who may not look into a run's folder, or that of all runs."""
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
        f"{path} belongs to {name}, and {me()} may not look into it: a run can be read, watched and steered by its own "
        f"user only. Do this as {name}."
    )
