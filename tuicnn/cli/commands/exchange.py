"""The commands that take networks to other programs, and weights from there: export, import."""

from __future__ import annotations

from pathlib import Path

import click

from tuicnn.cli.completing import NET, RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say
from tuicnn.cli.shared import find_net, net_or_exit, terminal_of
from tuicnn.exchange.export import FORMATS, Format, format_of, usual_path

__all__ = ["export", "import_"]


@main.command()
@click.argument("run", type=RUN)
@click.option("--to", type=click.Choice(list(FORMATS)), help="The format; by default what FILE ends in.")
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


def _numbers(_context: click.Context, option: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """`0.485,0.456,0.406` as numbers."""
    try:
        return tuple(float(part) for part in value.split(",")) if value is not None else None
    except ValueError:
        raise click.BadParameter(f"{value!r} is no numbers with commas between them: 0.49,0.48,0.45") from None


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--net", required=True, type=NET, help="The net that the weights are for.")
@click.option("--mean", metavar="NUMBERS", callback=_numbers, help="Of each channel, of pixels from 0 to 1: 0.1307")
@click.option("--std", metavar="NUMBERS", callback=_numbers, help="The standard deviation of each: 0.3081")
@click.option("--partial", is_flag=True, help="Layers that FILE has nothing for begin anew.")
@options("values", "run", "ascii")
def import_(
    file: Path,
    net: str,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    partial: bool,
    values: dict[str, str],
    run: Path | None,
    ascii: bool,
) -> None:
    """Begin a run of a net with the weights in FILE: .onnx, .safetensors or .npz, of PyTorch, ONNX or tuicnn.

    Each layer gets the weights that are called as it is; where names say nothing, those of its shape, in their order. A
    table says what went where. The run is not trained: predict, eval, export and resume take it from there.

    Images are normalised as FILE says, where tuicnn wrote it, or as --mean and --std say; else by the data of the net.

    \b
    tuicnn import resnet.safetensors --net my.net --mean 0.49,0.48,0.45 --std 0.25,0.24,0.26
    """
    terminal = terminal_of(ascii)
    from tuicnn.cli.output.exchange import print_imported
    from tuicnn.exchange.importing import import_weights

    found = net_or_exit(find_net(net), terminal, values)
    print_imported(import_weights(file, found, mean=mean, std=std, partial=partial, folder=run), file, terminal)
