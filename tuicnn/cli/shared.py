"""What several commands share: the terminal's profile, finding and checking a net, printing problems."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.bundled import find_bundled
from tuicnn.cli.output.streams import complain, console_for, is_terminal, only_ascii
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.cli.output.train import Reporter
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.language import Diagnostic
    from tuicnn.runs.prepared import NetFile

__all__ = ["find_net", "image_or_file", "net_or_exit", "print_diagnostics", "reporter_for", "terminal_of"]


def terminal_of(ascii: bool) -> TerminalProfile:
    """The terminal's profile; where it is ASCII, all further output is."""
    from tuicnn.display.terminal import detect

    terminal = detect(os.environ, ascii=ascii)
    if terminal.ascii:
        only_ascii()
    return terminal


def image_or_file(_context: click.Context, _option: click.Parameter, value: str) -> int | Path:
    """The value of `--image`: the number of a validation image, or a file."""
    try:
        number = int(value)
    except ValueError:
        return Path(value)
    if number < 0:
        raise click.BadParameter(f"{number} is not in the range x>=0.")
    return number


def find_net(net: str) -> Path:
    """The file as given, or else the bundled one of that name, with a note on standard error."""
    path = Path(net)
    shipped = find_bundled(net) if not path.exists() else None
    if shipped is None:
        return path
    complain(f"{net} is not here; this is the one that comes with tuicnn.")
    return shipped


def net_or_exit(path: Path, terminal: TerminalProfile, values: Mapping[str, str] | None = None) -> NetFile:
    """A net that can be trained, its warnings printed; else every problem and exit 1, or a `UserError` for its data.

    With other `values` than its file says, by name.
    """
    from tuicnn.runs.prepared import NetFile

    net = NetFile.read(path, values)
    # to check a net its data need not be here (a warning); to train it they must
    missing = net.missing_data
    if missing and net.checked.plan is not None:
        from tuicnn.cli.fetching import missing_after_fetching

        missing = missing_after_fetching(net.checked.plan.data)
        if not missing:
            net = NetFile.read(path, values)
    print_diagnostics(tuple(d for d in net.checked.diagnostics if not missing or d.code != "data"), terminal)
    if missing:
        raise UserError(missing)
    if net.checked.plan is None:
        sys.exit(1)
    return net


def print_diagnostics(diagnostics: tuple[Diagnostic, ...], terminal: TerminalProfile) -> None:
    if diagnostics:
        from tuicnn.language import render

        console = console_for(sys.stderr)
        console.print(render(diagnostics, ascii=terminal.ascii), soft_wrap=True)


def reporter_for(as_json: bool) -> Reporter:
    """Prints what happens in a training: JSON, a progress display, or plain lines where there is no terminal."""
    from tuicnn.cli.output.train import JsonLines, PlainLines, ProgressDisplay

    if as_json:
        return JsonLines(sys.stdout)
    return ProgressDisplay(console_for(sys.stdout)) if is_terminal(sys.stdout) else PlainLines(sys.stdout)
