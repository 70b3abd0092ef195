"""tuicnn new: a file to begin with."""

from __future__ import annotations

import sys

import click

from tuicnn.cli.completing import STARTER
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import console_for
from tuicnn.cli.shared import terminal_of

__all__ = ["new"]


@main.command()
@click.argument("name", type=STARTER, required=False)
@click.option("--from", "source", type=STARTER, metavar="NET", help="The network to begin with; mnist by default.")
@click.option("--list", "listed", is_flag=True, help="List the networks to begin with.")
@options("ascii")
def new(name: str | None, source: str | None, listed: bool, ascii: bool) -> None:
    """Write NAME.net, a commented net to begin with.

    A file that is there is never written over.

    \b
    tuicnn new my                 my.net, the smallest network worth watching
    tuicnn new lenet5             lenet5.net, the network of that name
    tuicnn new my --from lenet5   my.net, the same
    """
    terminal_of(ascii)
    from tuicnn.cli.output.new import starter_table, what_next
    from tuicnn.cli.starters import starter, target, write_starter
    from tuicnn.runs.starters import starters

    console = console_for(sys.stdout)
    if listed:
        console.print(starter_table(starters()))
        return
    wanted = starter(source, name)
    path = target(name, wanted)
    write_starter(path, wanted)
    console.print(what_next(path, wanted))
