"""Text from anywhere (names of files and runs, messages) made fit for a terminal, which obeys what it gets."""

from __future__ import annotations

__all__ = ["harmless", "printable"]


def printable(text: str) -> str:
    """A text for one line, with what a terminal would obey or cannot show written as an escape (`\\x1b`)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def harmless(text: str) -> str:
    """A text of any number of lines, each of them `printable`."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
