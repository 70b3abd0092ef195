"""What is said of the word under the cursor: what it is, and what became of it in this network."""

from __future__ import annotations

from lsprotocol import types

from tuicnn.language import Node
from tuicnn.language.diagnostics import Span, plain_lines
from tuicnn.language.reference import default_text, describe
from tuicnn.language.syntax.tree import Constant, Definition, Parameter, Step
from tuicnn.layers.shapes import shape_text
from tuicnn.vocabulary import show

from .analysis import Analysis
from .hints import layers_at, layers_in, plural
from .positions import Place
from .subjects import Included, Mention, Option, Symbol, Word

__all__ = ["hover"]

#: ways through the network that are told apart, and lines of a definition that are shown
_MOST_WAYS, _MOST_LINES = 4, 16


def hover(analysis: Analysis, place: Place) -> types.Hover | None:
    """The hover for a place; None where there is nothing to say."""
    mention = analysis.mentions.at(place)
    if mention is None:
        return None
    parts = _said(analysis, mention)
    if not parts:
        return None
    text = "\n\n".join(parts)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), analysis.page.range(mention.span))


def _said(analysis: Analysis, mention: Mention) -> list[str]:
    subject = mention.subject
    if isinstance(subject, Word):
        ways = layers_at(analysis, mention.span) if subject.entry.family == "layer" else []
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
    return _defined(analysis, subject, mention)


def _defined(analysis: Analysis, symbol: Symbol, mention: Mention) -> list[str]:
    """What is said of a name that the text defines."""
    made_by = symbol.made_by
    if isinstance(made_by, Definition):
        ways = layers_at(analysis, mention.span)
        return [*_ways(ways), _code(_text(made_by.span)), *_elsewhere(analysis, made_by.span)]
    if isinstance(made_by, Constant):
        value = analysis.reading.constants.get(symbol.name.text)
        code = [_code(_text(made_by.span)), *_elsewhere(analysis, made_by.span)]
        known = isinstance(value, int | float | str | list | tuple) and _text(made_by.span).partition("=")[2].strip()
        return [*code, f"= {show(value)}"] if known and known != show(value) else code
    if isinstance(made_by, Parameter):
        owner = symbol.owner.name.text if symbol.owner is not None else "a block"
        default = f", default `{_text(made_by.default.span)}`" if made_by.default is not None else ""
        return [f"`{symbol.name.text}`: a parameter of `{owner}`{default}"]
    assert isinstance(made_by, Step)
    ways = layers_in(analysis, made_by.span)
    shapes = dict.fromkeys(shape_text(nodes[-1].shape) for nodes in ways)
    gives = f": {', '.join(shapes)}" if shapes else ""
    return [f"label `{symbol.name.text}`{gives}", _code(_text(made_by.span))]


def _ways(ways: list[list[Node]]) -> list[str]:
    """What a step became: one line for each way in which the network comes through it."""
    lines: list[str] = []
    for nodes in ways:
        first, last = nodes[0], nodes[-1]
        came = ", ".join(dict.fromkeys(shape_text(shape) for shape in first.input_shapes))
        parts = [f"**{came} → {shape_text(last.shape)}**"]
        parameters, macs = sum(n.parameters for n in nodes), sum(n.macs for n in nodes)
        if len(nodes) > 1:
            parts.append(f"{len(nodes)} layers")
        if parameters:
            parts.append(plural(parameters, "weight"))
        if macs:
            parts.append(f"{plural(macs, 'multiply-add')} an image")
        if len(nodes) == 1:
            parts.insert(0, f"`{last.text}`")
        lines.append(" · ".join(parts))
    distinct = list(dict.fromkeys(lines))
    more = len(distinct) - _MOST_WAYS
    return ["  \n".join([*distinct[:_MOST_WAYS], *([f"and {more} more"] if more > 0 else [])])] if distinct else []


def _text(span: Span) -> str:
    """What stands in a place."""
    lines = plain_lines(span.source.text).split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "…"])


def _code(text: str) -> str:
    return f"```net\n{text}\n```"


def _elsewhere(analysis: Analysis, span: Span) -> list[str]:
    return [] if analysis.is_own(span) else [f"in {span.source.name}"]
