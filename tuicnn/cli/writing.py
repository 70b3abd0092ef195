"""Writes the files that a user asked for with `-o`."""

from __future__ import annotations

from pathlib import Path

from tuicnn.errors import UserError
from tuicnn.system.files import why, why_unwritten, write_shared

__all__ = ["folder_for", "write_file"]


def write_file(path: Path, data: bytes) -> None:
    """Write a file that others may read as the user's umask allows; it is whole or not there. Raises `UserError`."""
    try:
        write_shared(path, data)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {why_unwritten(path, error)}.") from error


def folder_for(path: Path) -> Path:
    """The folder, made where it is not there yet. Raises `UserError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {path} cannot be made: {why(error)}.") from error
    return path
