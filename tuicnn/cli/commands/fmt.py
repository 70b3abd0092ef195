"""tuicnn fmt: nets in the language's one form."""

from __future__ import annotations

import sys

import click

from tuicnn.cli.completing import NET
from tuicnn.cli.group import main, options
from tuicnn.cli.shared import print_diagnostics, terminal_of

__all__ = ["fmt"]


@main.command()
@click.argument("files", type=NET, metavar="FILE...", nargs=-1, required=True)
@click.option("--check", "check_only", is_flag=True, help="Write nothing; list what would change, exit 1 if any would.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change.")
@options("ascii")
def fmt(files: tuple[str, ...], check_only: bool, show_diff: bool, ascii: bool) -> None:
    """Write each FILE in the language's one form. With - for a FILE: from standard input to standard output.

    A file with syntax errors is left as it is. Exit 0 if all went well, else 1.
    """
    terminal = terminal_of(ascii)
    if files.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    from tuicnn.cli.rewriting import format_files

    sys.exit(
        format_files(files, check=check_only, diff=show_diff, problems=lambda found: print_diagnostics(found, terminal))
    )
