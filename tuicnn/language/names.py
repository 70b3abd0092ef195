"""The names of settings and of their options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tuicnn.language.suggest import closest, option_meant
from tuicnn.language.syntax.tree import Name, Setting
from tuicnn.vocabulary import Argument, arguments, vocabulary

__all__ = ["CHOICES", "OWN_SETTINGS", "all_arguments", "all_words", "option_owner", "setting_names"]

#: settings that name one of a vocabulary
CHOICES = ("data", "loss", "optim", "schedule")
#: settings of the language itself
OWN_SETTINGS = ("default", "include")


def setting_names() -> list[str]:
    """Every setting there is."""
    return list(dict.fromkeys([*CHOICES, *vocabulary("setting"), *OWN_SETTINGS]))


def all_arguments() -> Iterator[tuple[type, Argument]]:
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
        chosen = _chosen(settings.get(choice))
        usual = {"data": "mnist", "loss": "cross_entropy", "optim": "adam"}.get(choice, "")
        order = dict.fromkeys([w for w in (chosen, usual) if w in known] + [*known])
        for word in [chosen] if chosen in known else order:
            own = [a.name for a in arguments(known[word]) if not a.positional]
            found.append((choice, _exactly(name, own), word))
    return next((f for f in found if f[1] and f[1] == name), next((f for f in found if f[1]), ("", "", "")))


def _exactly(name: str, own: list[str]) -> str:
    """The option of this name or a name from elsewhere, without misspelt ones."""
    meant = option_meant(name, own)
    if meant is None or len(name) == 1:
        return ""
    slip = meant.casefold() != name.casefold() and closest(name, [meant]) == meant and len(name) < len(meant)
    return "" if slip else meant


def _chosen(setting: Setting | None) -> str:
    if setting is None or not setting.arguments:
        return ""
    value = setting.arguments[0].value
    return value.text if isinstance(value, Name) else ""
