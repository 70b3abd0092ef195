"""The entries of the reference: one for each layer, setting and word of a setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from tuicnn.language.checks.arguments import signature
from tuicnn.language.checks.configuration import DEFAULTS
from tuicnn.language.elsewhere import SETTINGS
from tuicnn.language.names import CHOICES
from tuicnn.language.suggest import closest
from tuicnn.language.vocabularies import fill_vocabularies
from tuicnn.vocabulary import arguments, info, show, vocabulary

from .own import OWN, Entry

__all__ = ["FAMILIES", "Entry", "Found", "entries", "entry_of", "find", "find_entry"]

#: the families in the order of the page, with their headings
FAMILIES = MappingProxyType({
    "layer": "Layers", "setting": "Settings", "data": "Data sets", "loss": "Losses", "optim": "Optimizers",
    "schedule": "Schedules", "init": "Initialisers",
})  # fmt: skip

#: what the layers of a module have in common; the order is that of the page
_GROUPS = (
    ("with weights", ("conv", "transposed", "dense")),
    ("pooling", ("pooling", "channels")),
    ("normalisation and noise", ("batchnorm", "norm", "local_response", "dropout")),
    ("activations", ("activations", "clipped", "prelu")),
    ("shapes", ("arrange", "upsampling", "transpose")),
    ("branches", ("joins", "product")),
)
#: settings in the order in which a file is written
_SETTINGS = ("data", "input", "augment", "target", "loss", "optim", "schedule", "train", "test", "default", "include")


@dataclass(frozen=True)
class Found:
    """What a name means: the entries of that name, those that are elsewhere called so, those that have an argument of
    that name; and where none of these is, the nearest name."""

    entries: tuple[Entry, ...] = ()
    elsewhere: tuple[Entry, ...] = ()
    owners: tuple[Entry, ...] = ()
    meant: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry, family by family."""
    fill_vocabularies()
    return tuple(_all())


@cache
def _by_name() -> dict[tuple[str, str], Entry]:
    return {(entry.family, entry.name): entry for entry in entries()}


def find_entry(family: str, name: str) -> Entry | None:
    """The entry of a word of a family; None where there is none."""
    return _by_name().get((family, name))


def entry_of(cls: type) -> Entry:
    """The entry of a registered class."""
    return _by_name()[info(cls).vocabulary, info(cls).name]


def find(name: str) -> Found:
    """Look a name up; case and a colon at its end play no part."""
    name = name.strip().removesuffix(":").casefold()
    own = tuple(e for e in entries() if e.name == name)
    elsewhere = tuple(e for e in entries() if name in e.aliases)
    owners = tuple(e for e in entries() if any(a.name == name for a in e.arguments))
    if own or elsewhere or owners:
        return Found(own, elsewhere, owners)
    other = {alias: e.name for e in entries() for alias in e.aliases}
    return Found(meant=closest(name, (e.name for e in entries()), other) or "")


def _all() -> Iterator[Entry]:
    own = {(o.family, o.name): o for o in OWN}
    # not in the order of registration: that is the order of imports
    modules = [module for _, group in _GROUPS for module in group]
    for module in dict.fromkeys([*modules, *map(_module, vocabulary("layer").values())]):
        yield from (_entry(cls) for cls in vocabulary("layer").values() if _module(cls) == module)
    yield from (_own(o) for o in OWN if o.family == "layer")
    settings = vocabulary("setting")
    for name in dict.fromkeys([*_SETTINGS, *settings]):
        yield _entry(settings[name]) if name in settings else _own(own["setting", name])
    for family in FAMILIES:
        if family not in ("layer", "setting"):
            first = DEFAULTS[family][0] if family in DEFAULTS else ""
            known = vocabulary(family)
            yield from (_entry(known[name]) for name in sorted(known, key=lambda n: (n != first, n)))


def _module(cls: type) -> str:
    return cls.__module__.rpartition(".")[2]


def _group(cls: type) -> str:
    return next((title for title, modules in _GROUPS if _module(cls) in modules), "others")


def _entry(cls: type) -> Entry:
    about, own = info(cls), arguments(cls)
    family, name, aliases = about.vocabulary, about.name, about.aliases
    left_out, usage, brief, example = "", signature(cls), about.usage, about.example
    if family == "setting":
        usage, brief = (f"{name}:{text.removeprefix(name)}" for text in (usage, brief))
        example, aliases = f"{name}: {example}", _elsewhere(name)
        if own and not any(a.positional for a in own):
            written = " ".join(f"{a.name}={a.kind.show(a.default)}" for a in own if a.default is not None)
            left_out = f"{name}: {written}"
    elif family in CHOICES:
        usage, brief, example = (f"{family}: {text}" for text in (usage, brief, example))
    elif family == "init":
        usage = brief = f"init={about.usage}"
        layer = "conv 8 3x3" if about.name == "whiten" else "dense 10"  # which reads the images
        example = f"{layer} init={about.example}"
    group = _group(cls) if family == "layer" else ""
    said = about.shape, about.formula, about.source
    return Entry(family, name, usage, example, about.help, group, *said, brief, aliases, own, left_out)


def _elsewhere(setting: str) -> tuple[str, ...]:
    return tuple(other for other, meant in SETTINGS.items() if meant == setting)


def _own(own: Entry) -> Entry:
    """An entry of the language's own, with what the words of a vocabulary say put in."""
    if own.family != "setting" or own.name not in CHOICES:
        return replace(own, brief=own.usage, aliases=_elsewhere(own.name) if own.family == "setting" else ())
    known, (word, values) = vocabulary(own.name), DEFAULTS[own.name]
    choices = tuple(sorted(known, key=lambda n: (n != word, n)))
    return replace(
        own,
        usage=f"{own.name}: " + " | ".join(info(known[name]).usage for name in choices),
        brief=f"{own.name}: NAME ...",
        aliases=_elsewhere(own.name),
        left_out=" ".join([f"{own.name}: {word}", *(f"{k}={show(v)}" for k, v in values.items())]),
        choices=choices,
    )
