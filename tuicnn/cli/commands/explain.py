"""The command that opens a number: explain."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say, say_json
from tuicnn.cli.shared import terminal_of

if TYPE_CHECKING:
    from tuicnn.specimen.address import Address

__all__ = ["explain"]


@main.command()
@click.argument("run")
@click.argument("address", required=False)
@click.option("--image", type=click.IntRange(0), default=0, metavar="N", help="Which validation image; 0 by default.")
@click.option("--backward", is_flag=True, help="The gradient of the loss by the number: as `d ADDRESS`.")
@options("json", "ascii")
def explain(run: str, address: str | None, image: int, backward: bool, as_json: bool, ascii: bool) -> None:
    """Say what a number of a RUN is made of: its formula, its parts, and the addresses of these.

    ADDRESS is such as conv1[2, 10, 14], conv1.weight[2, 0, 1, 1], p[3], loss, d conv1[2, 10, 14] (a gradient),
    batch d conv1.weight[2, 0, 1, 1] or step conv1.weight[2, 0, 1, 1] (the next training step). Without one, the
    probability of the predicted class and what leads to it.

    The weights are those of the run's newest checkpoint.
    """
    terminal_of(ascii)
    from tuicnn.runs.finding import find_run
    from tuicnn.runs.specimens import specimen_of
    from tuicnn.specimen.text import as_dict, lines

    if address is not None:
        from tuicnn.specimen.address import parse

        parse(address)  # before the data is read
    specimen, checkpoint = specimen_of(find_run(run, Path.cwd()), image, complain)
    way: Sequence[Address | str] = specimen.way_down()
    if address is not None:
        way = [f"d {address}" if backward else address]
    for number, each in enumerate(way):
        explanation = specimen.explain(each)
        if as_json:
            say_json({**as_dict(explanation), "step": checkpoint.step, "epoch": checkpoint.epochs})
            continue
        if number:
            say("")
        for line in lines(explanation, shutil.get_terminal_size().columns):
            say(line)
