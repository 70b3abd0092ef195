"""The language page, docs/language.md: `python -m tuicnn.language.reference > docs/language.md` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from tuicnn.language.checking import check
from tuicnn.language.checks.counting import MOST_LAYERS
from tuicnn.language.diagnostics import Code
from tuicnn.language.names import CHOICES
from tuicnn.language.overrides import check_overridden
from tuicnn.language.rendering import render_plain
from tuicnn.layers.shapes import shape_text
from tuicnn.limits import NET_BYTES
from tuicnn.vocabulary import Argument

from .entries import FAMILIES, Entry, entries
from .examples import NETWORK, example_plan, example_shapes
from .markdown import argument_table, code, describe, prose

__all__ = ["language_page"]

#: a mistake that shows how messages look
_MISTAKE = "conv 8 3x3 pad=1 -> relu -> maxpool 2 -> dense 10"

#: a value that shows how it is refused
_WRONG = {"optim.lr": "-1"}


def language_page() -> str:
    """The whole page as Markdown: page.md with what the code says put in."""
    plan = check(NETWORK).plan
    assert plan is not None
    initialisers = [
        (code(e.usage), prose(e.help), code(e.formula.replace("\n", "; ")), e.source)
        for e in entries()
        if e.family == "init"
    ]
    parts = {
        "contents": _contents(),
        "network": NETWORK,
        "filled_in": "\n".join(plan.filled_in),
        "set_message": render_plain(check_overridden(NETWORK, _WRONG)[1].diagnostics, ascii=True),
        "largest": f"{NET_BYTES // 1000:,}",
        "layers": f"{MOST_LAYERS:,}",
        "settings": "\n".join(_settings()).rstrip(),
        "layer_sections": "\n".join(_layers()).rstrip(),
        "initialisers": _table(("written", "what it is", "formula", "source"), initialisers).rstrip(),
        "message": render_plain(check(_MISTAKE, name="my.net").diagnostics, ascii=True),
        "codes": _table(("code", "means"), [(code(str(each)), each.meaning) for each in Code]).rstrip(),
    }
    page = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    for name, text in parts.items():
        page = page.replace(f"{{{name}}}", text)
    return page


def _contents() -> str:
    lines = [
        "- [The smallest file](#the-smallest-file), [a larger file](#a-larger-file), [forms](#forms),"
        " [other values without editing](#other-values-without-editing)",
        f"- [Settings](#settings): {_links(e for e in entries() if e.family == 'setting')}",
    ]
    for family in CHOICES:
        lines += [f"  - {FAMILIES[family].lower()}: {_links(e for e in entries() if e.family == family)}"]
    lines += ["- [Layers](#layers)"]
    for group, members in groupby((e for e in entries() if e.family == "layer"), key=lambda e: e.group):
        lines += [f"  - {group}: {_links(members)}"]
    return "\n".join([*lines, "  - [initialisers](#initialisers)", "- [Messages](#messages)"])


def _links(of: Iterator[Entry]) -> str:
    return ", ".join(f"[{e.name}](#{e.name})" for e in of)


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings() -> Iterator[str]:
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


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"
