"""The command that opens a number: explain."""

from __future__ import annotations

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


def _image(_context: click.Context, _option: click.Parameter, value: str) -> int | Path:
    """The number of a validation image, or a file."""
    try:
        number = int(value)
    except ValueError:
        return Path(value)
    if number < 0:
        raise click.BadParameter(f"{number} is not in the range x>=0.")
    return number


@main.command()
@click.argument("run")
@click.argument("address", required=False)
@click.option(
    "--image",
    callback=_image,
    default="0",
    metavar="N|FILE",
    help="Which validation image, 0 by default; or a PNG, JPEG or .npy file of the size that the net takes.",
)
@click.option("--label", type=click.IntRange(0), metavar="CLASS", help="The class of the image in FILE, from 0.")
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@click.option("--backward", is_flag=True, help="The gradient of the loss by the number: as `d ADDRESS`.")
@options("json", "ascii")
def explain(
    run: str,
    address: str | None,
    image: int | Path,
    label: int | None,
    epoch: int | None,
    backward: bool,
    as_json: bool,
    ascii: bool,
) -> None:
    """Say what a number of a RUN is made of: its formula, its parts, and the addresses of these.

    ADDRESS is such as conv1[2, 10, 14], conv1.weight[2, 0, 1, 1], p[3], loss, d conv1[2, 10, 14] (a gradient),
    batch d conv1.weight[2, 0, 1, 1] or step conv1.weight[2, 0, 1, 1] (the next training step). Without one, the
    probability of the predicted class and what leads to it.

    The weights are those of this moment where the run trains, else those of its newest checkpoint.
    """
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.explain import print_explanation
    from tuicnn.observing.specimen import AskSpecimen
    from tuicnn.runs.finding import find_run
    from tuicnn.runs.specimens import checkpoint_after, specimen_of
    from tuicnn.specimen.text import as_dict
    from tuicnn.worker.asking import ask

    if address is not None:
        from tuicnn.specimen.address import parse

        parse(address)  # before the data is read
    folder = find_run(run, Path.cwd())
    live = ask(folder, AskSpecimen()) if epoch is None else None
    checkpoint = live.checkpoint if live is not None else checkpoint_after(folder, epoch, complain)
    specimen = specimen_of(folder, checkpoint, image, label)
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
        print_explanation(explanation, terminal)
