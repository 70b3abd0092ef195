"""Imports every module that registers words."""

from __future__ import annotations

__all__ = ["fill_vocabularies"]


def fill_vocabularies() -> None:
    """Register all words; called when a text is read, because it takes its time."""
    import tuicnn.data
    import tuicnn.layers
    import tuicnn.losses
    import tuicnn.optimizers
    import tuicnn.schedules
    import tuicnn.settings  # noqa: F401
