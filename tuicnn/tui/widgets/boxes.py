"""Containers with nothing of their own to be seen: Textual would compose and keep each line of the ground behind."""

from __future__ import annotations

from textual.containers import Container, Horizontal, Vertical

__all__ = ["Box", "Column", "Row"]


class Box(Container):
    """Widgets, arranged as the style sheet says."""

    BLANK = True


class Column(Vertical):
    """Widgets below each other."""

    BLANK = True


class Row(Horizontal):
    """Widgets beside each other."""

    BLANK = True
