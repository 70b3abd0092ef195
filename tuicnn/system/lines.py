"""Lines of a text, however they end."""

from __future__ import annotations

__all__ = ["plain_lines"]


def plain_lines(text: str) -> str:
    """A text without its byte order mark, every line ending in a newline alone."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
