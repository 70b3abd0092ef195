"""What differs between runs: their nets and settings, and only that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from typing import TYPE_CHECKING

from tuicnn.numbers import shape
from tuicnn.training.events import LayerRow, Overview

if TYPE_CHECKING:
    from tuicnn.runs.status import RunSummary

__all__ = ["Difference", "by_net", "differences", "seed_groups", "told"]

ARROW = " -> "
#: settings that are compared, by the field of an overview that has them as they are written
_SETTINGS = {
    "data": "data_spec",
    "size": "input",
    "images": "train_images",
    "target": "target",
    "augment": "augment",
    "test": "test",
    "loss": "loss",
    "optim": "optimizer",
    "schedule": "schedule",
    "train": "train",
    "epochs": "epochs",
    "batch": "batch",
    "seed": "seed",
}
#: those of them that take options, by the package of their words
_PACKAGES = {
    "data": "tuicnn.data",
    "augment": "tuicnn.data",
    "test": "tuicnn.data",
    "loss": "tuicnn.losses",
    "optim": "tuicnn.optimizers",
    "schedule": "tuicnn.schedules",
    "train": "tuicnn.settings",
}
#: of a setting as written: a word, an option, a quoted text or a list
_WORD = re.compile(r'(?:"[^"]*"|\[[^]]*\]|\S)+')


@dataclass(frozen=True)
class Difference:
    """Something that is not the same in some runs: what, and how it is in each of them; "" where it has none."""

    what: str
    values: tuple[str, ...]


def differences(runs: Sequence[Overview]) -> tuple[Difference, ...]:
    """What differs between runs: first settings, which are short, then layers, in the net's order."""
    found = []
    for what, field in _SETTINGS.items():
        values = tuple(_text(getattr(run, field)) for run in runs)
        if len(set(values)) > 1:
            found.append(Difference(what, _without_common_words(_with_defaults(what, values))))
    if found and found[0].what == "data":  # which tells why there are more images or fewer
        found = [each for each in found if each.what != "images"]
    return *found, *_layers([run.layers for run in runs])


def told(found: Sequence[Difference], run: int) -> str:
    """What differs, as it is in one of the runs that were compared, in a line."""
    parts = []
    for difference in found:
        value = difference.values[run]
        if difference.what in _SETTINGS:
            parts.append(f"{difference.what} {value or 'none'}")
        elif value:
            parts.append(value)
        else:
            other = next(filter(None, difference.values))
            parts.append(f"without {other}")
    return ", ".join(parts)


def by_net(runs: Iterable[RunSummary]) -> list[tuple[list[RunSummary], tuple[Difference, ...]]]:
    """The runs of each net, as far as their journals tell what they train, with what differs between them.

    A net is known by the name of its file, whatever the folders of its runs are called.
    """
    groups: dict[str, list[RunSummary]] = {}
    for run in runs:
        if run.overview is not None:
            groups.setdefault(run.overview.net, []).append(run)
    return [(group, differences([run.overview for run in group if run.overview])) for group in groups.values()]


def seed_groups(runs: Sequence[Overview]) -> list[list[int]]:
    """Indices of the runs, those together that are the same but for their seed; in the order of their first ones."""
    groups: list[list[int]] = []
    for index, run in enumerate(runs):
        for group in groups:
            if {each.what for each in differences([runs[group[0]], run])} <= {"seed"}:
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


def _text(setting: object) -> str:
    return shape(setting) if isinstance(setting, tuple) else str(setting)


def _with_defaults(what: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Settings with the options that only another one writes: `adam` beside `adam lr=0.1` is `adam lr=0.001`."""
    options = {option for value in values for option in _options(value)}
    if not options or what not in _PACKAGES:
        return values
    import_module(_PACKAGES[what])  # only where it is needed: a list of runs appears at once
    return tuple(_with_options(what, value, options) for value in values)


def _options(value: str) -> set[str]:
    """The names of the options in a setting as written."""
    return {word.partition("=")[0] for word in _WORD.findall(value) if "=" in word and word[0] != '"'}


def _with_options(what: str, value: str, options: set[str]) -> str:
    from tuicnn.vocabulary import arguments, vocabulary

    cls = vocabulary("setting").get(what) or vocabulary(what).get(value.partition(" ")[0])
    missing = options - _options(value)
    defaults = [a.written(a.default) for a in arguments(cls) if a.name in missing and not a.positional] if cls else []
    return " ".join([*filter(None, [value]), *defaults])


def _without_common_words(values: tuple[str, ...]) -> tuple[str, ...]:
    """Settings without the words that all of them have, but whole where one of them would then say nothing."""
    words = [_WORD.findall(value) for value in values]
    common = set(words[0]).intersection(*words[1:])
    short = tuple(" ".join(word for word in each if word not in common) for each in words)
    return short if all(short) else values


def _layers(runs: Sequence[tuple[LayerRow, ...]]) -> list[Difference]:
    """The stretches of layers that are not the same in all runs, each called by the first layer in it."""
    nets = [tuple(row.text for row in layers) for layers in runs]
    different = list(dict.fromkeys(nets))  # the same net is aligned once: repeated layers can be in more than one way
    firsts = [runs[nets.index(net)] for net in different]
    found = []
    starts = [0] * len(different)
    for anchor in (*_common(different), tuple(map(len, different))):
        pieces = [net[start:end] for net, start, end in zip(different, starts, anchor, strict=True)]
        if any(piece != pieces[0] for piece in pieces[1:]):
            names = (
                layers[start].name for layers, start, piece in zip(firsts, starts, pieces, strict=True) if len(piece)
            )
            values = dict(zip(different, map(ARROW.join, pieces), strict=True))
            found.append(Difference(next(names), tuple(values[net] for net in nets)))
        starts = [end + 1 for end in anchor]
    return found


def _common(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Layers that all runs have in the same order: of each its index in every run."""
    anchors: list[tuple[int, ...]] = [(index,) for index in range(len(texts[0]))] if texts else []
    for other in texts[1:]:
        before = [texts[0][anchor[0]] for anchor in anchors]
        matcher = SequenceMatcher(None, before, other, autojunk=False)
        anchors = [
            (*anchors[a + step], b + step) for a, b, size in matcher.get_matching_blocks() for step in range(size)
        ]
    return anchors
