"""The names of all that can be set in a net, for completion."""

from __future__ import annotations

from collections import Counter

from tuicnn.language.checking import Reading
from tuicnn.language.checks.configuration import DEFAULTS
from tuicnn.language.names import CHOICES, first_word
from tuicnn.vocabulary import arguments, info, show, vocabulary

__all__ = ["names_of"]


def names_of(reading: Reading) -> dict[str, str]:
    """Each name that `override` takes for this text, with a line of help: constants, settings and theirs, layers'."""
    names = {name: f"a constant, {show(value)} now" for name, value in reading.constants.items()}
    for setting in (*CHOICES, *vocabulary("setting")):
        cls = vocabulary("setting").get(setting)
        if setting in CHOICES:
            written = reading.program.settings.get(setting)
            word = first_word(written)[0] if written is not None else None
            cls = vocabulary(setting).get(word.text if word is not None else DEFAULTS[setting][0])
            names[setting] = f"one of {', '.join(vocabulary(setting))}"
        else:
            names[setting] = info(cls).help
        for argument in arguments(cls) if cls is not None else ():
            names[f"{setting}.{argument.name}"] = argument.help
    spans = Counter((node.span.source.name, node.span) for node in reading.nodes)
    for node in reading.nodes:
        if spans[node.span.source.name, node.span] == 1 and node.span.source is reading.tree.source:
            for argument in arguments(node.layer):
                names[f"{node.name}.{argument.name}"] = argument.help
    return names
