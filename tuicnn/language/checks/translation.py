"""A step as another library would have it, written in this language: `Conv2d(1, 8, 3)` as `conv 8 3x3`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tuicnn.language.checks.arguments import take
from tuicnn.language.checks.value_fixes import nearest_accepted
from tuicnn.language.checks.values import UNKNOWN, Scope, evaluate
from tuicnn.language.elsewhere import ACTIVATION_OPTIONS, COUNTED_LAYERS
from tuicnn.language.excerpts import excerpt, plain_step
from tuicnn.language.report import Report
from tuicnn.language.suggest import aliases, closest, option_meant
from tuicnn.language.syntax.tree import Argument, Items, Literal, Name, Use
from tuicnn.vocabulary import info, show, vocabulary, words

__all__ = ["glued", "translated"]


def glued(text: str) -> tuple[str, str] | None:
    """`dense10` as (`dense`, `10`), `conv3x3` as (`conv`, `3x3`); None where no layer begins the name."""
    found = re.fullmatch(r"([A-Za-z_]+?)_?([0-9]+(?:x[0-9]+)*)", text)
    if found is None:
        return None
    layer = closest_exactly(found[1])
    return (layer, found[2]) if layer is not None and words.arguments(vocabulary("layer")[layer]) else None


def closest_exactly(text: str) -> str | None:
    """The layer of this name or alias, whatever its case."""
    plain = text.casefold().replace("_", "").replace("-", "")
    known = {**{a.replace("_", ""): w for a, w in aliases("layer").items()}, **{n: n for n in vocabulary("layer")}}
    return known.get(plain)


def translated(use: Use, layer: str, scope: Scope) -> str:
    """The step as `layer` takes it; "" where another name is all that it needs."""
    cls = vocabulary("layer").get(layer)
    if cls is None or use.branches is not None:
        return ""
    called = excerpt(use.span)[len(use.name.text) :].startswith("(")
    if not called and not _torch(use, layer):
        return ""
    report = Report()
    take(cls, use.name, use.arguments, scope, report)
    if not report.failed and not _torch(use, layer):
        return layer if not use.arguments else ""
    given, behind = _places(use, layer), ""
    parts: list[str] = []
    named: list[str] = []
    for own, argument in zip(_order(cls), given, strict=False):
        text = _text(cls, own, argument, scope)
        (parts if own.positional else named).append(text if own.positional else f"{own.name}={text}")
    for argument in use.arguments:
        if argument.name is None:
            continue
        if argument.name.text in ACTIVATION_OPTIONS:
            behind = _activation(argument)
            continue
        meant = option_meant(argument.name.text, [a.name for a in words.arguments(cls)])
        if meant is not None:
            own = next(a for a in words.arguments(cls) if a.name == meant)
            text = _text(cls, own, argument, scope)
            (parts if own.positional else named).append(text if own.positional else f"{meant}={text}")
    step = " ".join([layer, *parts, *named])
    return step + (f" -> {behind}" if behind else "")


def _torch(use: Use, layer: str) -> bool:
    """Whether the first value is what torch must be told: how many channels or values come in."""
    places = [a for a in use.arguments if a.name is None]
    last = use.name.text.rpartition(".")[2]
    if layer == "conv":
        return (len(places) >= 3 and last != "Conv2D") or any(
            a.name and a.name.text == "in_channels" for a in use.arguments
        )
    return layer == "dense" and len(places) == 2


def _places(use: Use, layer: str) -> Sequence[Argument]:
    given = [a for a in use.arguments if a.name is None]
    if layer in COUNTED_LAYERS or (layer.startswith("global") and given):
        return []
    if _torch(use, layer) and not any(a.name and a.name.text == "in_channels" for a in use.arguments):
        return given[1:]
    return given


def _order(cls: type) -> Sequence[words.Argument]:
    return words.arguments(cls)


def _text(cls: type, own: words.Argument, argument: Argument, scope: Scope) -> str:
    value = argument.value
    mute = Report().muted()
    if isinstance(value, Items):
        return nearest_accepted(cls, own, [evaluate(item, scope, mute) for item in value.items])
    found = evaluate(value, scope, mute, own.kind.words)
    if found is UNKNOWN:
        return plain_step("", [Argument(None, value, value.span)]).strip()
    try:
        own.kind.accept(found)
    except ValueError:
        return nearest_accepted(cls, own, found)
    size = "x" in own.kind.show(found) if isinstance(found, tuple) else False
    if own.name == "kernel" and isinstance(found, int) and info(cls).name in ("conv", "depthwise"):
        return f"{found}x{found}"
    return show(found) if size else excerpt(value.span)


def _activation(argument: Argument) -> str:
    value = argument.value
    text = value.text if isinstance(value, Name) else str(value.value) if isinstance(value, Literal) else ""
    return closest(text, vocabulary("layer"), aliases("layer")) or ""
