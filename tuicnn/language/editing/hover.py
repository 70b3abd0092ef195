"""The help for the word under the cursor: what it is, and the layers that it becomes in this network."""

from __future__ import annotations

from dataclasses import dataclass

from tuicnn.language.diagnostics import Span
from tuicnn.language.excerpts import excerpt
from tuicnn.language.reference import default_text, describe
from tuicnn.language.syntax.tree import Constant, Definition, Parameter, Step
from tuicnn.layers.shapes import shape_text
from tuicnn.vocabulary import show

from .document import Document
from .hints import Layers, layers_at, layers_in
from .mentions import Place
from .subjects import Included, Mention, Option, Symbol, Word

__all__ = ["Hover", "hover"]

#: ways through the network that are told apart, and lines of a definition that are shown
_MOST_WAYS, _MOST_LINES = 4, 16


@dataclass(frozen=True)
class Hover:
    """What there is to say of the word at a place, in Markdown."""

    markdown: str
    span: Span


def hover(document: Document, place: Place) -> Hover | None:
    """The help for a place; None where there is none."""
    mention = document.mentions.at(place)
    said = _said(document, mention) if mention is not None else []
    return Hover("\n\n".join(said), mention.span) if mention is not None and said else None


def _said(document: Document, mention: Mention) -> list[str]:
    subject = mention.subject
    if isinstance(subject, Word):
        ways = layers_at(document, mention.span) if subject.entry.family == "layer" else []
        return [*_ways(ways), *(["---"] if ways else []), describe(subject.entry)]
    if isinstance(subject, Option):
        argument = subject.argument
        default = default_text(argument)
        may = {"needed": "must be given", "-": "may be left out"}.get(default, f"default `{default}`")
        says = argument.kind.says
        return [
            f"`{argument.name}` of `{subject.entry.title}`: {argument.help}",
            f"{says[0].upper()}{says[1:]}; {may}.",
        ]
    if isinstance(subject, Included):
        return []
    return _defined(document, subject, mention)


def _defined(document: Document, symbol: Symbol, mention: Mention) -> list[str]:
    """The help for a name that the text defines."""
    made_by = symbol.made_by
    if isinstance(made_by, Definition):
        return [*_ways(layers_at(document, mention.span)), *_code(document, made_by.span)]
    if isinstance(made_by, Constant):
        value = document.reading.constants.get(symbol.name.text)
        code = _code(document, made_by.span)
        written = excerpt(made_by.span).partition("=")[2].strip()
        known = isinstance(value, int | float | str | list | tuple) and written
        return [*code, f"= {show(value)}"] if known and written != show(value) else code
    if isinstance(made_by, Parameter):
        owner = symbol.owner.name.text if symbol.owner is not None else "a block"
        default = f", default `{excerpt(made_by.default.span)}`" if made_by.default is not None else ""
        return [f"`{symbol.name.text}`: a parameter of `{owner}`{default}"]
    assert isinstance(made_by, Step)
    shapes = dict.fromkeys(way.shape for way in layers_in(document, made_by.span))
    gives = f": {', '.join(shapes)}" if shapes else ""
    return [f"label `{symbol.name.text}`{gives}", *_code(document, made_by.span)]


def _ways(ways: list[Layers]) -> list[str]:
    """What a step became: one line for each way in which the network comes through it."""
    lines = []
    for way in ways:
        came = ", ".join(dict.fromkeys(shape_text(shape) for shape in way.nodes[0].input_shapes))
        becomes = f"**{came} → {way.shape}**"
        one = len(way.nodes) == 1
        parts = [f"`{way.nodes[0].text}`", becomes] if one else [becomes, f"{len(way.nodes)} layers"]
        lines.append(" · ".join([*parts, *way.counts()]))
    distinct = list(dict.fromkeys(lines))
    more = len(distinct) - _MOST_WAYS
    return ["  \n".join([*distinct[:_MOST_WAYS], *([f"and {more} more"] if more > 0 else [])])] if distinct else []


def _code(document: Document, span: Span) -> list[str]:
    """A definition as it is written, and its file where that is another."""
    lines = excerpt(span).split("\n")
    shown = "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "…"])
    return [f"```net\n{shown}\n```", *([] if document.is_own(span) else [f"in {span.source.name}"])]
