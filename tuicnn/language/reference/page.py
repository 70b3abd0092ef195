"""The language page, docs/language.md: `python -m tuicnn.language.reference > docs/language.md` writes it anew."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from tuicnn.language.checking import check
from tuicnn.language.checks.counting import MOST_LAYERS
from tuicnn.language.checks.unknown_names import CHOICES
from tuicnn.language.codes import CODES
from tuicnn.language.rendering import render_plain
from tuicnn.language.syntax.reading import LARGEST
from tuicnn.layers.shapes import shape_text
from tuicnn.vocabulary import Argument

from .entries import FAMILIES, Entry, entries
from .examples import NETWORK, example_plan, example_shapes
from .markdown import argument_table, code, describe, prose
from .prose import FORMS, FORMS_IN_USE, INTRODUCTION, LARGER, SMALLEST

__all__ = ["language_page"]

#: a mistake that shows how messages look
_MISTAKE = "conv 8 3x3 pad=1 -> relu -> maxpool 2 -> dense 10"


def language_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_parts()).rstrip() + "\n"


def _parts() -> Iterator[str]:
    yield "<!-- Written by python -m tuicnn.language.reference; change what it says there, not here. -->\n"
    yield "# The language of `.net` files\n"
    yield INTRODUCTION
    yield _contents()
    plan = check(NETWORK).plan
    assert plan is not None
    yield SMALLEST.format(network=NETWORK, filled_in="\n".join(plan.filled_in))
    yield LARGER
    yield "## Forms\n"
    yield _table(("form", "means"), [(code(form), meaning) for form, meaning in FORMS])
    yield FORMS_IN_USE.replace("{largest}", f"{LARGEST // 1000:,}").replace("{layers}", f"{MOST_LAYERS:,}")
    yield from _settings()
    yield from _layers()
    yield from _messages()


def _contents() -> str:
    lines = [
        "- [The smallest file](#the-smallest-file), [a larger file](#a-larger-file), [forms](#forms)",
        f"- [Settings](#settings): {_links(e for e in entries() if e.family == 'setting')}",
    ]
    for family in CHOICES:
        lines += [f"  - {FAMILIES[family].lower()}: {_links(e for e in entries() if e.family == family)}"]
    lines += ["- [Layers](#layers)"]
    for group, members in groupby((e for e in entries() if e.family == "layer"), key=lambda e: e.group):
        lines += [f"  - {group}: {_links(members)}"]
    return "\n".join([*lines, "  - [initialisers](#initialisers)", "- [Messages](#messages)", ""])


def _links(of: Iterator[Entry]) -> str:
    return ", ".join(f"[{e.name}](#{e.name})" for e in of)


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield "Each stands on a line of its own, in any order, and at most once (`default:` and `include:` more often).\n"
    settings = [e for e in entries() if e.family == "setting"]
    rows = [(f"[{e.title}](#{e.name})", prose(e.help), code(e.left_out) if e.left_out else "") for e in settings]
    yield _table(("setting", "says", "where it is left out"), rows)
    for setting in settings:
        yield f"### {setting.title}\n"
        members = [e for e in entries() if e.family == setting.name]
        if not members:
            yield describe(setting) + "\n"
            continue
        yield describe(replace(setting, usage=f"{setting.name}: NAME option=value ...")) + "\n"
        yield _table((setting.name, "what it is"), [(f"[{e.name}](#{e.name})", prose(e.help)) for e in members])
        common = _common(members)
        if common:
            yield "All of them take:\n"
            yield argument_table(replace(setting, arguments=common)) + "\n"
        for member in members:
            yield f"#### {member.name}\n"
            own = tuple(a for a in member.arguments if a not in common)
            yield describe(replace(member, arguments=own)) + "\n"


def _common(members: Sequence[Entry]) -> tuple[Argument, ...]:
    """The arguments that all of them take alike."""
    first, *others = members
    return tuple(a for a in first.arguments if all(a in e.arguments for e in others))


# --- layers -----------------------------------------------------------------------------------------------------------


def _layers() -> Iterator[str]:
    yield "## Layers\n"
    yield _wrapped(
        "Shapes are channels x height x width for an image, `C x H x W`, and one number for a vector, `V`. `//` "
        "divides and rounds down. Where an argument may be HxW, such as `stride`, its first number goes into "
        "`OH`, its second into `OW`. In formulas `x` is a layer's input and `y` its output; indices begin at 0, "
        "`i` and `u` go down, `j` and `v` to the right."
    )
    layers = [e for e in entries() if e.family == "layer"]
    rows = [(f"[{e.name}](#{e.name})", prose(e.help), code(e.shape.split("\n")[0]).replace("|", r"\|")) for e in layers]
    yield _table(("layer", "what it does", "shape"), rows)
    for group, members in groupby(layers, key=lambda e: e.group):
        yield f"### {group[0].upper()}{group[1:]}\n"
        for entry in members:
            yield f"#### {entry.name}\n"
            yield describe(replace(entry, example=entry.usage)) + "\n"
            before, after = example_shapes(entry)
            yield f"Example, which makes {shape_text(after)} of {shape_text(before)}:\n"
            yield f"```net\n{example_plan(entry).text}\n```\n"
    yield "### Initialisers\n"
    yield _wrapped(
        "How the weights of `conv`, `depthwise` and `dense` start, as in `dense 10 init=normal(0.01)`. `fan_in` "
        "counts the inputs that one output sums (the area of the kernel times the channels that it sees; for "
        "`dense` all values), `fan_out` the outputs that one input goes to. Biases start at 0."
    )
    written = [(code(e.usage), prose(e.help), code(e.formula), e.source) for e in entries() if e.family == "init"]
    yield _table(("written", "what it is", "formula", "source"), written)


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages() -> Iterator[str]:
    yield "## Messages\n"
    yield _wrapped(
        "All problems of a file are told in one go, in the order of the file: what is wrong, where, and what to "
        "write instead. An `error` keeps the network from being trained, a `warning` does not. `tuicnn check "
        "--json` gives the same to programs."
    )
    shown = render_plain(check(_MISTAKE, name="my.net").diagnostics, ascii=True)
    yield f"```text\n{shown}\n```\n"
    yield "The word in brackets is a code, which stays the same from version to version:\n"
    yield _table(("code", "means"), [(code(str(each)), meaning) for each, meaning in CODES.items()])


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False) + "\n"
