"""The command that writes a run down as a page: report."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from tuicnn.cli.completing import RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say
from tuicnn.cli.shared import terminal_of
from tuicnn.errors import UserError
from tuicnn.training.predictions import Split

__all__ = ["report"]

_START = 1000  # bytes of a file that show what it is


@main.command()
@click.argument("run", type=RUN)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), metavar="FILE", help="By default RUN.html.")
@click.option("--part", type=click.Choice(get_args(Split)), default="test", help="Which images: test by default.")
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@options("ascii")
def report(run: str, path: Path | None, part: Split, epoch: int | None, ascii: bool) -> None:
    """Write a page about a RUN: one HTML file to send or to print, without scripts, that needs no network.

    It has the net and its layers, the curves, how good it is, each class, the confusion matrix, the surest mistakes
    with their images, and how it was trained. The weights are those of its newest checkpoint; it may train meanwhile.
    """
    terminal_of(ascii)
    from tuicnn.cli.writing import write_file
    from tuicnn.report.material import Material
    from tuicnn.report.page import is_report, page
    from tuicnn.runs.finding import find_run

    folder = find_run(run, Path.cwd())
    path = path or Path(f"{folder.name}.html")
    if path.is_file() and not is_report(_start_of(path)):
        raise UserError(f"{path} is there and no report of tuicnn: choose another name with -o.")
    write_file(path, page(Material.of(folder, part, epoch, complain)))
    say(str(path))


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_START)
    except OSError:
        return b""
