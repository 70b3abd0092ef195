"""Reads a `.net` file of any content."""

from __future__ import annotations

import os
from pathlib import Path

from tuicnn.language.diagnostics import Code, Diagnostic, Severity, Source, Span
from tuicnn.limits import NET_BYTES
from tuicnn.system.regular_files import open_regular

__all__ = ["decode", "read_file"]


def read_file(path: Path) -> str | Diagnostic:
    """The text of a file, or the problem why it cannot be read (code `file`)."""
    try:
        if path.is_dir():
            inside = min(path.glob("*.net"), default=None)
            help = "name a .net file; there is none in it" if inside is None else f"name a file in it: {inside}"
            return _problem(path, f"{path} is a folder, not a file", help)
        if not path.exists():
            return _problem(path, f"there is no file {path}", f"it was looked for in {path.absolute().parent}")
        if not path.is_file():
            return _problem(path, f"{path} is not a regular file", "name a text file")
        # it may have become a pipe in the meantime, or be one of /proc's that wait for news
        with os.fdopen(open_regular(path, follow=True), "rb") as file:
            data = file.read(NET_BYTES + 1) or b""
    except PermissionError:
        return _problem(path, f"{path} may not be read by you", "ask for the permission to read it")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _problem(path, f"{path} cannot be read: {reason}", "name a text file")
    return decode(data, path)


def decode(data: bytes, path: Path) -> str | Diagnostic:
    """The text in the bytes of a file, of which one more than `NET_BYTES` are enough; or why they are no text."""
    if len(data) > NET_BYTES:
        return _problem(path, f"{path} is larger than {NET_BYTES // 1000} kB", "a `.net` file is a short text")
    if b"\0" in data:
        return _problem(path, f"{path} is not a text: it has NUL bytes", "save it as plain text in UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _problem(
            path, f"{path} is not in UTF-8: see byte 0x{data[error.start]:02x} in line {line}", "save it as UTF-8"
        )


def _problem(path: Path, message: str, help: str) -> Diagnostic:
    """A problem of the file as a whole; its span is the start of an empty text."""
    return Diagnostic(
        Severity.ERROR, str(Code.FILE), message, Span(1, 1, 1, 1, Source(str(path), "")), label="", help=help
    )
