"""A cache of what is computed from weights, such as transformed weights: once in a step for all shards.

Nothing is cached outside of `unchanged_weights`, so no call sees a stale value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .arrays import Array

__all__ = ["derived", "unchanged_weights"]

#: by the weights' address and the name; the weights are kept so that no other array gets their address
_Key = tuple[int, tuple[int, ...], tuple[int, ...], str, str]
_kept: dict[_Key, tuple[Array, Any]] | None = None
_Made = TypeVar("_Made")


@contextmanager
def unchanged_weights() -> Iterator[None]:
    """Inside the `with` no weights are written, so what is derived from them is made once."""
    global _kept
    outer = _kept
    _kept = {}
    try:
        yield
    finally:
        _kept = outer


def derived(weights: Array, name: str, make: Callable[[Array], _Made]) -> _Made:
    """`make(weights)`, or what it gave before for the same weights under this name within `unchanged_weights`."""
    if _kept is None:
        return make(weights)
    place = weights.__array_interface__["data"][0]
    key = (place, weights.shape, weights.strides, weights.dtype.char, name)
    known = _kept.get(key)
    if known is None:
        known = _kept[key] = (weights, make(weights))
    made: _Made = known[1]
    return made
