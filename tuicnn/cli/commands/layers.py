"""tuicnn layers: what can be written in a net."""

from __future__ import annotations

import sys

import click

from tuicnn.cli.completing import WORD
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import console_for
from tuicnn.cli.shared import terminal_of

__all__ = ["layers"]


@main.command()
@click.argument("name", type=WORD, required=False)
@options("json", "ascii")
def layers(name: str | None, as_json: bool, ascii: bool) -> None:
    """List all that can be written in a net, or tell all of NAME.

    NAME is a layer, a setting, or what a setting chooses from, such as an optimizer.
    """
    terminal_of(ascii)
    from tuicnn.cli.output.layers import show_layers

    show_layers(console_for(sys.stdout), name, as_json=as_json)
