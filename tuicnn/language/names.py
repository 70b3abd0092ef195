"""The names of settings and of their options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from tuicnn.language.suggest import closest, is_other_name, option_meant
from tuicnn.language.syntax.tree import Argument, CallValue, Name, Setting
from tuicnn.layers.base import Layer
from tuicnn.vocabulary import arguments, vocabulary, words

__all__ = [
    "CHOICES", "OWN_SETTINGS", "all_arguments", "all_words", "first_word", "join_words", "joins_named", "option_owner",
    "setting_names",
]  # fmt: skip

#: settings that name one of a vocabulary
CHOICES = ("data", "loss", "optim", "schedule")
#: settings of the language itself
OWN_SETTINGS = ("default", "include")
#: words that are looked at first where a setting names none
_USUAL = ("mnist", "cross_entropy", "adam")


def setting_names() -> list[str]:
    """Every setting there is."""
    return list(dict.fromkeys([*CHOICES, *vocabulary("setting"), *OWN_SETTINGS]))


@cache
def join_words() -> tuple[str, ...]:
    """The words before branches: the layers that take any number of inputs, and `residual`."""
    return *(
        name for name, cls in vocabulary("layer").items() if issubclass(cls, Layer) and cls.arity is None
    ), "residual"


def joins_named(last: str = "and") -> str:
    """All of them in a sentence: `add`, `concat` and `residual`."""
    *first, end = [f"`{word}`" for word in join_words()]
    return f"{', '.join(first)} {last} {end}"


def all_arguments() -> Iterator[tuple[type, words.Argument]]:
    """Every argument of every word, with the class of the word."""
    for name in ("layer", "setting", "optim", "data", "loss", "schedule", "init"):
        for cls in vocabulary(name).values():
            for argument in arguments(cls):
                yield cls, argument


def all_words() -> frozenset[str]:
    """Every bare word that some argument somewhere understands."""
    return frozenset(word for _, argument in all_arguments() for word in argument.kind.words)


def option_owner(name: str, settings: Mapping[str, Setting]) -> tuple[str, str, str]:
    """The setting that has an option of this name, or of one that means it, the option, and the word it follows.

    All "" where there is none. `settings` are those of the file.
    """
    found: list[tuple[str, str, str]] = []
    for setting in ("train", "augment"):
        cls = vocabulary("setting")[setting]
        own = [a.name for a in arguments(cls) if not a.positional]
        found.append((setting, _exactly(name, own), ""))
    for choice in CHOICES:
        known = vocabulary(choice)
        chosen = first_word(settings[choice])[0] if choice in settings else None
        order = sorted(known, key=lambda word: word not in _USUAL)
        for word in [chosen.text] if chosen is not None and chosen.text in known else order:
            own = [a.name for a in arguments(known[word]) if not a.positional]
            found.append((choice, _exactly(name, own), word))
    found = [f for f in found if f[1]]
    found.sort(key=lambda f: (f[1] != name, not is_other_name(name, f[1])))
    return found[0] if found else ("", "", "")


def _exactly(name: str, own: list[str]) -> str:
    """The option of this name or a name from elsewhere, without misspelt ones."""
    meant = option_meant(name, own)
    if meant is None or len(name) == 1:
        return ""
    slip = meant.casefold() != name.casefold() and closest(name, [meant]) == meant and len(name) < len(meant)
    return "" if slip else meant


def first_word(setting: Setting) -> tuple[Name | None, tuple[Argument, ...]]:
    """The word that a setting names, and the arguments that follow it, or stand in parentheses behind it."""
    first, rest = (setting.arguments or (None,))[0], setting.arguments[1:]
    if first is not None and first.name is None and isinstance(first.value, Name):
        return first.value, rest
    if first is not None and first.name is None and isinstance(first.value, CallValue):
        return first.value.name, (*first.value.arguments, *rest)
    return None, ()
