"""One word's help as Markdown, as an editor shows it and as a section of the language page."""

from __future__ import annotations

from tuicnn.vocabulary import MISSING, Argument

from .entries import Entry, entry_of

__all__ = ["argument_table", "code", "default_text", "describe", "placeholder", "prose", "sentence"]


def describe(word: Entry | type) -> str:
    """The usage, help, arguments, shape rule, formula and example of a word, given as its class or its entry."""
    entry = word if isinstance(word, Entry) else entry_of(word)
    parts = [f"```net\n{entry.usage}\n```", _sentence(entry)]
    if entry.arguments:
        parts.append(argument_table(entry))
    if entry.left_out:
        parts.append(f"Where it is left out: {code(entry.left_out)}.")
    if entry.shape:
        parts.append(f"Shape:\n\n```text\n{entry.shape}\n```")
    if entry.formula:
        parts.append(f"Formula:\n\n```text\n{entry.formula}\n```")
    if entry.source:
        parts.append(f"Source: {entry.source}.")
    if entry.example != entry.usage:
        parts.append(f"Example: {code(entry.example)}")
    return "\n\n".join(parts)


def default_text(argument: Argument) -> str:
    """An argument's default as it would be written; `needed` where it must be given, `-` where it may be left out."""
    if argument.default is MISSING:
        return "needed"
    return "-" if argument.default is None else argument.kind.show(argument.default)


def placeholder(entry: Entry, argument: Argument) -> str:
    """What stands for an argument in the usage, as `F` does in `conv F KxK`; "" for one that is given by its name."""
    places = [a.name for a in entry.arguments if a.positional]
    if argument.name not in places:
        return ""
    inside = entry.brief.partition("(")[2].removesuffix(")") if entry.family == "init" else entry.brief
    return inside.split()[-len(places) :][places.index(argument.name)]


def code(text: str) -> str:
    """Text as code."""
    return f"`{text}`"


def sentence(text: str) -> str:
    """A line of help as a sentence; what begins with a formula, such as `max(x, 0)`, begins as it is."""
    first = text.split()[0].rstrip(":,;")
    word = len(first) > 1 and first.replace("-", "").isalpha()
    return f"{text[0].upper() if word else text[0]}{text[1:]}."


def prose(text: str) -> str:
    """Text as it is, also where Markdown would take a character of it for a mark."""
    for mark in "|*<":
        text = text.replace(mark, f"\\{mark}")
    return text


def _sentence(entry: Entry) -> str:
    other = f" Elsewhere called {', '.join(code(a) for a in entry.aliases)}." if entry.aliases else ""
    return f"{prose(sentence(entry.help))}{other}"


def argument_table(entry: Entry) -> str:
    """The arguments of an entry as a table."""
    rows = ["| argument | takes | default | |", "| --- | --- | --- | --- |"]
    for a in entry.arguments:
        default = default_text(a)
        shown = default if default in ("needed", "-") else code(default)
        place = placeholder(entry, a)
        name = (f"{code(place)}, " if place else "") + code(f"{a.name}=")
        rows.append(f"| {name} | {prose(a.kind.says)} | {shown} | {prose(a.help)} |")
    return "\n".join(rows)
