"""Escapes text of any origin (names of files and runs, messages), so that a terminal shows it and obeys none of it."""

from __future__ import annotations

__all__ = ["harmless", "printable"]


def printable(text: str) -> str:
    """A text for one line, with unprintable characters, also newlines, written as escapes (`\\x1b`)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def harmless(text: str) -> str:
    """A text of any number of lines, each of them `printable`."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
