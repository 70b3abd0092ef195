"""What `tuicnn layers` prints: all that can be written in a `.net` file as a list, or all there is to say of a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.highlight import highlighted
from tuicnn.cli.output.streams import say_json
from tuicnn.display.layer_table import layer_table
from tuicnn.errors import UserError
from tuicnn.language.elsewhere import ABSENT_LAYERS
from tuicnn.language.reference import (
    FAMILIES,
    Entry,
    Found,
    default_text,
    entries,
    example_plan,
    find,
    placeholder,
    sentence,
)
from tuicnn.numbers import shape
from tuicnn.vocabulary import MISSING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["json_of", "print_found", "print_list", "show_layers", "unknown"]

#: lines longer than this are hard to read, however wide the terminal
_WIDEST = 110


def show_layers(console: Console, name: str | None, *, as_json: bool) -> None:
    """Print all words, or what `name` means; as JSON one object a line. Raises `UserError` for a name of nothing."""
    found = find(name) if name is not None else Found(entries())
    if not found.entries and not found.elsewhere:
        raise UserError(unknown(name or "", found))
    if as_json:
        for entry in found.entries or found.elsewhere:
            say_json(json_of(entry))
    elif name is None:
        print_list(console)
    else:
        print_found(console, name, found)


def print_list(console: Console) -> None:
    """Print every layer and setting, one a line, family by family."""
    every = entries()
    width = max(len(e.brief) for e in every)
    for i, ((family, group), members) in enumerate(groupby(every, key=lambda e: (e.family, e.group))):
        if i:
            console.print()
        console.print(Text.assemble((FAMILIES[family], "bold"), (f": {group}" if group else "", "dim")))
        console.print(_lines(members, width), width=_width(console))
    console.print()
    console.print(Text("tuicnn layers NAME tells all of one: tuicnn layers conv", style="dim"))


def _width(console: Console) -> int:
    return min(console.width, _WIDEST) if console.is_terminal else console.width


def _lines(members: Iterable[Entry], width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=width + 2, no_wrap=True)
    table.add_column()
    for entry in members:
        table.add_row(Text(f"  {entry.brief}"), Text(entry.help, style="dim"))
    return table


def print_found(console: Console, name: str, found: Found) -> None:
    """Print what a name means: its own entries, or, where it has none, those that are elsewhere called so."""
    also = found.elsewhere
    if not found.entries:
        titles = " or ".join(f"{e.title} ({_kind(e)})" if len(also) > 1 else e.title for e in also)
        console.print(Text(f"{name} is called {titles} here.\n"))
    for i, entry in enumerate(found.entries or also):
        if i:
            console.print()
        _print_entry(console, entry)
    if found.entries and also:
        titles = ", ".join(f"tuicnn layers {e.name}" for e in also)
        console.print(Text(f"\nElsewhere {name} is also a name for: {titles}", style="dim"))
    if found.owners:
        console.print(Text(f"\n{_option_of(name, found.owners)}", style="dim"))


def _option_of(name: str, owners: Sequence[Entry]) -> str:
    """The sentence on a name that is an argument's."""
    titles = [e.title for e in owners]
    listed = " and ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))
    return f"{name}= is an argument of {listed}; see tuicnn layers {owners[0].name}"


def unknown(name: str, found: Found) -> str:
    """The sentence on a name that no layer and no setting has."""
    if found.owners:
        return _option_of(name, found.owners)
    what, instead = ABSENT_LAYERS.get(name.casefold(), ("", ""))
    if what:
        return f"No layer is called {name!r}: there is none for {what}. The nearest there is: {instead}"
    hint = f". Did you mean {found.meant}?" if found.meant else "; tuicnn layers lists them all"
    return f"No layer or setting is called {name!r}{hint}"


def _kind(entry: Entry) -> str:
    """What sort of word it is: `loss`, `optimizer`."""
    return FAMILIES[entry.family].lower().removesuffix("s").replace("losse", "loss")


def _print_entry(console: Console, entry: Entry) -> None:
    parts: list[list[RenderableType]] = [[Text(entry.usage, style="bold"), Text(sentence(entry.help))]]
    if entry.choices:
        chosen = [e for e in entries() if e.family == entry.name]
        parts.append([_lines(chosen, max(len(e.brief) for e in chosen))])
    if entry.arguments:
        parts.append([_arguments(entry)])
    if (facts := _facts(entry)).row_count:
        parts.append([facts])
    if entry.family == "layer":
        plan = example_plan(entry)
        parts.append([Text(f"The example on {plan.data}, {shape(plan.input)}:", style="dim"), layer_table(plan)])
    for number, part in enumerate(parts):
        console.print(*[""] * (number > 0), *part, sep="\n", width=_width(console))


def _arguments(entry: Entry) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("argument", no_wrap=True)
    table.add_column("default", no_wrap=True)
    table.add_column("meaning")
    table.add_column("takes")
    for a in entry.arguments:
        place = placeholder(entry, a)
        name = Text.assemble((place, "bold"), ", " if place else "", f"{a.name}=")
        table.add_row(name, Text(default_text(a)), Text(a.help), Text(a.kind.says, style="dim"))
    return table


def _facts(entry: Entry) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, text in (
        ("left out", entry.left_out),
        ("shape", entry.shape),
        ("formula", entry.formula),
        ("source", entry.source),
        ("elsewhere", ", ".join(entry.aliases)),
        ("example", entry.example),
    ):
        if text:
            table.add_row(label, highlighted(text) if label == "example" else Text(text))
    return table


def json_of(entry: Entry) -> dict[str, Any]:
    """The object that `tuicnn layers --json` prints for a word."""
    made: dict[str, Any] = {
        "name": entry.name,
        "family": entry.family,
        "usage": entry.usage,
        "help": entry.help,
        "elsewhere": list(entry.aliases),
        "arguments": [
            {
                "name": a.name,
                "by_place": a.positional,
                "takes": a.kind.says,
                "needed": a.default is MISSING,
                "default": default_text(a) if a.default is not MISSING and a.default is not None else None,
                "help": a.help,
            }
            for a in entry.arguments
        ],
        "choices": list(entry.choices),
        "left_out": entry.left_out,
        "shape": entry.shape,
        "formula": entry.formula,
        "source": entry.source,
        "example": entry.example,
    }
    if entry.family == "layer":
        plan = example_plan(entry)
        made["network"] = {
            "text": plan.text,
            "input": list(plan.input),
            "layers": [{"text": n.text, "out": list(n.shape), "parameters": n.parameters} for n in plan.nodes],
        }
    return made
