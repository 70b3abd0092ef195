"""tuicnn check: what a net is, and what is wrong with it."""

from __future__ import annotations

import sys

import click

from tuicnn.cli.completing import NET
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import console_for, say_json
from tuicnn.cli.shared import find_net, print_diagnostics, terminal_of

__all__ = ["check"]


@main.command()
@click.argument("net", type=NET)
@click.option("--fix", is_flag=True, help="First write what the file should say, where there is no doubt of it.")
@click.option("--diff", is_flag=True, help="Write nothing; print what --fix would change, and the problems it leaves.")
@options("values", "json", "ascii")
def check(net: str, fix: bool, diff: bool, values: dict[str, str], as_json: bool, ascii: bool) -> None:
    """Print NET as a table, with what was filled in and every problem. Exit 0 if it can be trained, else 1."""
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.check import as_json as to_json
    from tuicnn.cli.output.check import print_check

    if diff and as_json:
        raise click.UsageError("--diff is for people and for patch: --json gives each fix as an edit")
    if values and (fix or diff):
        raise click.UsageError("--fix writes to the file, and --set leaves it as it is; give one of them")
    path = find_net(net)
    from tuicnn.cli.rewriting import fix_file
    from tuicnn.language import check_overridden_file

    if fix or diff:
        checked, fixed = fix_file(path, diff=diff, quiet=as_json)
    else:
        checked, fixed = check_overridden_file(path, values)[1], ()
    if as_json:
        say_json(to_json(checked, fixed))
    else:
        if checked.plan is not None and not diff:
            print_check(console_for(sys.stdout), checked.plan)
        print_diagnostics(checked.diagnostics, terminal)
    sys.exit(0 if checked.ok else 1)
