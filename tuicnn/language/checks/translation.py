"""A step as another library would have it, written in this language: `Conv2d(1, 8, 3)` as `conv 8 3x3`."""

from __future__ import annotations

import re

from tuicnn.language.checks.arguments import take
from tuicnn.language.checks.misplaced import accepts
from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.elsewhere import ACTIVATION_OPTIONS, COUNTED_LAYERS, NEEDLESS_OPTIONS
from tuicnn.language.excerpts import bare_text, excerpt, plain_step
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, layer_called, option_meant
from tuicnn.language.syntax.tree import Argument, Items, Use
from tuicnn.language.value_fixes import nearest_accepted
from tuicnn.vocabulary import info, show, vocabulary, words

__all__ = ["glued", "is_called", "translated"]


def glued(text: str) -> tuple[str, str] | None:
    """`dense10` as (`dense`, `10`), `conv3x3` as (`conv`, `3x3`); None where no layer begins the name."""
    found = re.fullmatch(r"([A-Za-z_]+?)_?([0-9]+(?:x[0-9]+)*)", text)
    if found is None:
        return None
    layer = layer_called(found[1])
    return (layer, found[2]) if layer is not None and words.arguments(vocabulary("layer")[layer]) else None


def is_called(name: str, layer: str) -> bool:
    """Whether a layer has this name in another library: `nn.Conv2d` of `conv`."""
    last = name.rpartition(".")[2]
    return layer in (layer_called(last), layer_called(re.sub("[123][dD]$", "", last)))


def translated(use: Use, layer: str, scope: Scope) -> tuple[str, bool]:
    """The step as `layer` takes it, "" where another name is all that it needs; and whether it says all that it did."""
    cls = vocabulary("layer").get(layer)
    if cls is None or use.branches is not None:
        return "", True
    places = [a for a in use.arguments if a.name is None]
    told = any(a.name and a.name.text == "in_channels" for a in use.arguments)
    # torch must be told first how many channels or values come in
    torch = len(places) == 2 if layer == "dense" else layer in ("conv", "convtranspose") and len(places) >= 3
    torch = told or (torch and use.name.text.rpartition(".")[2] != "Conv2D")
    if not torch and not excerpt(use.span)[len(use.name.text) :].startswith("("):
        return "", True
    report = Report()
    take(cls, use.name, use.arguments, scope, report)
    if not report.failed and not torch:
        return layer if not use.arguments else "", True
    given = places[1:] if torch and not told else places
    if layer in COUNTED_LAYERS or layer.startswith("global"):
        given = []
    own = words.arguments(cls)
    taken = [*zip(own, given, strict=False)]
    behind = ""
    for argument in use.arguments:
        if argument.name is not None and argument.name.text in ACTIVATION_OPTIONS:
            behind = closest(bare_text(argument.value), vocabulary("layer"), aliases("layer")) or ""
        elif argument.name is not None:
            meant = option_meant(argument.name.text, [a.name for a in own])
            taken += [(a, argument) for a in own if a.name == meant]
    texts = [(a, _text(cls, a, argument, scope)) for a, argument in taken]
    parts = [text for a, text in texts if a.positional]
    step = " ".join([layer, *parts, *(f"{a.name}={text}" for a, text in texts if not a.positional)])
    needless = sum(a.name is not None and a.name.text in NEEDLESS_OPTIONS for a in use.arguments)
    needless += len(places) if layer in COUNTED_LAYERS else torch and not told
    said = len(taken) + needless + bool(behind)
    return step + (f" -> {behind}" if behind else ""), said == len(use.arguments)


def _text(cls: type, own: words.Argument, argument: Argument, scope: Scope) -> str:
    value = argument.value
    mute = Report().muted()
    if isinstance(value, Items):
        return nearest_accepted(cls, own, [evaluate(item, scope, mute) for item in value.items])
    found = evaluate(value, scope, mute, own.kind.words)
    if found is UNKNOWN:
        return plain_step("", [Argument(None, value, value.span)]).strip()
    if not accepts(own.kind, found):
        return nearest_accepted(cls, own, found)
    size = isinstance(found, tuple) and "x" in own.kind.show(found)
    if own.name == "kernel" and isinstance(found, int) and info(cls).name in ("conv", "convtranspose", "depthwise"):
        return f"{found}x{found}"
    return show(found) if size else excerpt(value.span)
