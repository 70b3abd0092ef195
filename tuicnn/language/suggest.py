"""Finds the name that was probably meant: by spelling, case, or alias."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import islice

from tuicnn.language.elsewhere import OPTIONS
from tuicnn.vocabulary import info, vocabulary

__all__ = ["aliases", "closest", "is_other_name", "layer_called", "option_meant"]

#: how alike two names are that may be mistaken for each other (`difflib`'s ratio); short names must be more alike
_ALIKE, _ALIKE_SHORT = 0.7, 0.75
#: names that one is compared with; more would take longer than reading the text
_MOST = 500


@cache
def aliases(name: str) -> Mapping[str, str]:
    """The other names of the words of a vocabulary: what they are elsewhere called."""
    return {alias: word for word, cls in vocabulary(name).items() for alias in info(cls).aliases}


@cache
def _plain_aliases() -> Mapping[str, str]:
    return {alias.replace("_", ""): word for alias, word in aliases("layer").items()}


def layer_called(text: str) -> str | None:
    """The layer of this name or alias, whatever its case, its hyphens and its underlines."""
    plain = text.casefold().replace("_", "").replace("-", "")
    return plain if plain in vocabulary("layer") else _plain_aliases().get(plain)


def closest(name: str, candidates: Iterable[str], other: Mapping[str, str] | None = None) -> str | None:
    """The candidate that `name` is an alias of or looks like; None where none does."""
    return _closest(name[:60], tuple(islice(candidates, _MOST)), tuple((other or {}).items()))


@lru_cache(maxsize=512)
def _closest(name: str, candidates: tuple[str, ...], other: tuple[tuple[str, str], ...]) -> str | None:
    known = {c.casefold(): c for c in candidates}
    meant = {alias.casefold(): word for alias, word in other}
    plain = unicodedata.normalize("NFKC", name).casefold()
    last = plain if any("." in c for c in known) else plain.rpartition(".")[2]
    squeezed = last.replace("_", "").replace("-", "")
    spellings = [plain, last, squeezed, last.replace("-", "_"), last.replace("_", "-")]
    if len(squeezed) > 3 and squeezed[-2:] in ("1d", "2d", "3d"):
        spellings.append(squeezed[:-2])
    for spelling in spellings:
        found = known.get(spelling) or meant.get(spelling)
        if found is not None:
            return found
    for spelling in dict.fromkeys((last, squeezed)):
        cutoff = _ALIKE if len(spelling) > 3 else _ALIKE_SHORT
        near = get_close_matches(spelling, [*known, *meant], n=1, cutoff=cutoff)
        if near:
            return known.get(near[0]) or meant[near[0]]
    return None


def is_other_name(name: str, option: str) -> bool:
    """Whether an option is elsewhere called so, or by its own name in another case."""
    plain = name.casefold()
    return plain == option.casefold() or plain in OPTIONS.get(option, ())


def option_meant(name: str, own: Collection[str]) -> str | None:
    """The option that is meant by a name from elsewhere, one letter, or a slip."""
    plain = name.casefold()
    exact = next((option for option in own if option.casefold() == plain), None)
    if exact is not None:
        return exact
    for option, others in OPTIONS.items():
        if option in own and plain in others:
            return option
    return closest(name, own, {o: option for option, others in OPTIONS.items() if option in own for o in others})
