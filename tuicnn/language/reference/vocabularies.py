"""Imports every module that registers words."""

from __future__ import annotations

__all__ = ["fill_vocabularies"]


def fill_vocabularies() -> None:
    """All words known from here on; only now, because it needs NumPy."""
    import tuicnn.data
    import tuicnn.layers
    import tuicnn.losses
    import tuicnn.optimizers
    import tuicnn.schedules
    import tuicnn.settings  # noqa: F401
