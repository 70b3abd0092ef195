"""The command that takes a network to other programs: export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.completing import RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say
from tuicnn.cli.shared import terminal_of

if TYPE_CHECKING:
    from tuicnn.exchange.export import Format

__all__ = ["export"]

#: of `--to`; the files' endings stand in `tuicnn.exchange.export`, which is not imported for this
_FORMATS = ("onnx", "torch", "safetensors", "npz")


@main.command()
@click.argument("run", type=RUN)
@click.option("--to", type=click.Choice(_FORMATS), help="The format; by default what FILE ends in.")
@click.option(
    "-o", "--output", "path", metavar="FILE", type=click.Path(path_type=Path), help="By default RUN, and an ending."
)
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@options("ascii")
def export(run: str, to: Format | None, path: Path | None, epoch: int | None, ascii: bool) -> None:
    """Write the network of a RUN for other programs, with what normalises its images, and its classes.

    \b
    tuicnn export mnist-1 -o net.onnx           ONNX; checked
    tuicnn export mnist-1 -o net.py             a PyTorch module in one file, and its weights beside it
    tuicnn export mnist-1 -o net.safetensors    the weights alone, by PyTorch's names and axes
    tuicnn export mnist-1 -o net.npz            the weights alone, for NumPy

    The weights are those of its newest checkpoint; it may train meanwhile.
    """
    terminal_of(ascii)
    from tuicnn.cli.output.exchange import exported
    from tuicnn.exchange.export import export as write
    from tuicnn.exchange.export import format_of, usual_path
    from tuicnn.exchange.trained import TrainedNetwork
    from tuicnn.runs.finding import find_run

    if to is None and path is None:
        raise click.UsageError("say what to write: --to onnx, or -o net.onnx")
    folder = find_run(run, Path.cwd())
    chosen = format_of(path) if to is None and path is not None else to
    assert chosen is not None
    network = TrainedNetwork.of_run(folder, epoch, complain)
    files = write(network, chosen, path or usual_path(folder.name, chosen))
    for line in exported(network, chosen, files):
        say(line)
