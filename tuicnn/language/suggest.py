"""Finds the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from tuicnn.words import info, vocabulary

__all__ = ["aliases", "closest", "did_you_mean"]


def aliases(name: str) -> Mapping[str, str]:
    """The other names of the words of a vocabulary: what they are elsewhere called."""
    return {alias: word for word, cls in vocabulary(name).items() for alias in info(cls).aliases}


def closest(name: str, candidates: Iterable[str], other: Mapping[str, str] | None = None) -> str | None:
    """The candidate that `name` is an alias of or looks like; None where none does."""
    return _closest(name[:60], tuple(candidates), tuple((other or {}).items()))


@lru_cache(maxsize=512)
def _closest(name: str, candidates: tuple[str, ...], other: tuple[tuple[str, str], ...]) -> str | None:
    known = {c.casefold(): c for c in candidates}
    meant = {alias.casefold(): word for alias, word in other}
    plain = name.casefold()
    for spelling in (plain, plain.replace("_", "").replace("-", ""), plain.replace("-", "_")):
        found = known.get(spelling) or meant.get(spelling)
        if found is not None:
            return found
    near = get_close_matches(plain, [*known, *meant], n=1, cutoff=0.6)
    if not near:
        return None
    return known.get(near[0]) or meant[near[0]]


def did_you_mean(name: str, candidates: Iterable[str], other: Mapping[str, str] | None = None, mark: str = "") -> str:
    """`Did you mean `conv`?`, or nothing."""
    found = closest(name, candidates, other)
    return f"Did you mean `{found}{mark}`?" if found is not None else ""
