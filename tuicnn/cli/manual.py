"""The page for `man tuicnn`, made from the help of the commands: `python -m tuicnn.cli.manual > docs/tuicnn.1`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from tuicnn.cli.output.streams import put
from tuicnn.cli.program import INTERRUPTED, PIPE_CLOSED, main

__all__ = ["manual"]

#: what a paragraph of click's help begins with where its lines stay as they are
_AS_IT_IS = "\b"

_EXIT = {
    "0": "All went well.",
    "1": "A net, a run or the machine has a problem, which was told.",
    "2": "The command was typed wrongly.",
    str(INTERRUPTED): "Interrupted, by Ctrl-C say.",
    "143": "Terminated.",
    str(PIPE_CLOSED): "Whoever read the output has left.",
}
_ENVIRONMENT = {
    "TUICNN_DATA": "A folder with data sets.",
    "TUICNN_LIGHT": "With 1, feature maps are drawn for a light ground.",
    "COLORFGBG": "The same, where a terminal sets it.",
    "NO_COLOR": "With any value, nothing is coloured.",
}
_FILES = {
    "*.net": "A network: what to train on, how, and its layers.",
    "runs/NET-1/": "A run of NET.net: its text, its journal, its checkpoints and its weights.",
}
_ABOUT = (
    "A .net file says in a few words what to train on, how, and the network itself. tuicnn trains it in a process of "
    "its own, which survives the terminal, and shows it: loss, shapes, feature maps, and every number opened down to "
    "its arithmetic."
)


def manual() -> str:
    """The whole page, in the language of man pages."""
    context = click.Context(main, info_name="tuicnn")
    lines = [
        '.\\" Written by python -m tuicnn.cli.manual; change the help of the commands, not this.',
        '.TH TUICNN 1 "" tuicnn "User Commands"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"tuicnn \\- {_text(_first_sentence(main))}",
        ".SH SYNOPSIS",
        ".nf",
        ".B tuicnn",
        r"\fBtuicnn\fR \fINET\fR [\fIOPTIONS\fR]",
        r"\fBtuicnn\fR \fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]",
        ".fi",
        ".SH DESCRIPTION",
        _text(_ABOUT),
        *_paragraphs(main.help or "", skip=1),
        ".SH COMMANDS",
        _text("Each takes --help."),
    ]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is not None and not command.hidden:
            lines += _command(click.Context(command, info_name=name, parent=context))
    for title, entries in (("EXIT STATUS", _EXIT), ("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        lines.append(f".SH {title}")
        for name, about in entries.items():
            lines += [".TP", f".B {_text(name)}", _text(about)]
    return "\n".join(lines) + "\n"


def _command(context: click.Context) -> Iterator[str]:
    """A command's usage, its help and its options, in words that are the same in each version of click."""
    command = context.command
    given = [_argument(each) for each in command.params if isinstance(each, click.Argument)]
    usage = " ".join(["tuicnn", context.info_name or "", "[OPTIONS]", *given])
    yield f".SS {_text(usage)}"
    yield from _paragraphs(command.help or "")
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            value = "" if option.is_flag else rf" \fI{_text(_value(option))}\fR"
            default = f" By default {option.default}." if option.show_default else ""
            yield from (".TP", rf"\fB{_text(', '.join(option.opts))}\fR{value}", _text(f"{option.help or ''}{default}"))


def _argument(argument: click.Argument) -> str:
    """An argument as the usage shows it."""
    if isinstance(argument.type, click.Choice):
        return "|".join(argument.type.choices)
    name = (argument.metavar or str(argument.name).upper()).strip("[]")
    return name if argument.required else f"[{name}]"


def _value(option: click.Option) -> str:
    """What stands behind an option."""
    if option.metavar is not None:
        return option.metavar
    if isinstance(option.type, click.Choice):
        return "|".join(option.type.choices)
    if isinstance(option.type, click.Path):
        return "PATH"
    return "N" if isinstance(option.type, click.IntRange | click.FloatRange) else option.type.name.upper()


def _paragraphs(help: str, skip: int = 0) -> Iterator[str]:
    """A help text without its first paragraphs; those marked so keep their lines."""
    for paragraph in re.split(r"\n\s*\n", help.strip())[skip:]:
        lines = [line.strip() for line in paragraph.splitlines()]
        yield ".PP"
        if lines[0] == _AS_IT_IS:
            yield from (".RS 4", ".nf", *map(_text, lines[1:]), ".fi", ".RE")
        else:
            yield _text(" ".join(lines))


def _first_sentence(command: click.Command) -> str:
    return (command.help or "").strip().partition(".")[0]


def _text(text: str) -> str:
    """A text in which nothing is an instruction, and each hyphen is one that can be searched and copied."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text[:1] in (".", "'") else text


if __name__ == "__main__":
    put(manual())
