"""The commands about the language: check, layers, new, fmt, lsp."""

from __future__ import annotations

import sys

import click

from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import console_for, is_terminal, say_json
from tuicnn.cli.shared import find_net, print_diagnostics, terminal_of
from tuicnn.errors import UserError

__all__ = ["check", "fmt", "layers", "lsp", "new"]


@main.command()
@click.argument("net")
@click.option("--fix", is_flag=True, help="First write what the file should say, where there is no doubt of it.")
@click.option("--diff", is_flag=True, help="Write nothing; print what --fix would change, and the problems it leaves.")
@options("json", "ascii")
def check(net: str, fix: bool, diff: bool, as_json: bool, ascii: bool) -> None:
    """Print NET as a table, with what was filled in and every problem. Exit 0 if it can be trained, else 1."""
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.check import as_json as to_json
    from tuicnn.cli.output.check import print_check

    if diff and as_json:
        raise click.UsageError("--diff is for people and for patch: --json gives each fix as an edit")
    path = find_net(net)
    from tuicnn.cli.output.fix import fix_file
    from tuicnn.language import check_file

    checked, fixed = fix_file(path, diff=diff, quiet=as_json) if fix or diff else (check_file(path)[1], ())
    if as_json:
        say_json(to_json(checked, fixed))
    else:
        if checked.plan is not None and not diff:
            print_check(console_for(sys.stdout), checked.plan)
        print_diagnostics(checked.diagnostics, terminal)
    sys.exit(0 if checked.ok else 1)


@main.command()
@click.argument("name", required=False)
@options("json", "ascii")
def layers(name: str | None, as_json: bool, ascii: bool) -> None:
    """List all that can be written in a net, or tell all of NAME.

    NAME is a layer, a setting, or what a setting chooses from, such as an optimizer.
    """
    terminal_of(ascii)
    from tuicnn.cli.output.layers import show_layers

    show_layers(console_for(sys.stdout), name, as_json=as_json)


@main.command()
@click.argument("name", required=False)
@click.option("--from", "source", metavar="NET", help="The network to begin with; mnist by default.")
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
    from tuicnn.cli.output.new import new_file, show_starters

    if listed:
        show_starters(console_for(sys.stdout))
    else:
        new_file(console_for(sys.stdout), name, source)


@main.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
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
    from tuicnn.cli.output.fmt import format_files

    sys.exit(
        format_files(files, check=check_only, diff=show_diff, problems=lambda found: print_diagnostics(found, terminal))
    )


@main.command()
def lsp() -> None:
    """Serve an editor: problems, shapes, completion and more as you type. The editor starts it, not you."""
    try:
        from tuicnn.lsp.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UserError(
            "the language server needs a package more; install it, in the clone of tuicnn: pip install -e '.[lsp]'"
        ) from None
    if is_terminal(sys.stdin):
        raise UserError("tuicnn lsp speaks with an editor, which starts it; docs/editors.md says how to set yours up")
    serve()
