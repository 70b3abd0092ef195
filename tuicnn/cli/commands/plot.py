"""The command that draws a run's figures: plot."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from tuicnn.cli.completing import LAYER, RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say
from tuicnn.cli.shared import image_or_file, terminal_of
from tuicnn.errors import UserError
from tuicnn.plotting.wanted import KINDS, Format, Kind, Wanted, Width
from tuicnn.training.predictions import Split

__all__ = ["plot"]


@main.command()
@click.argument("run", type=RUN)
@click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR",
    help="The folder for the figures; it is made where it is not there.",
)  # fmt: skip
@click.option(
    "--only", "kinds", multiple=True,
    type=click.Choice(KINDS),
    help="Draw only this; may be given several times. All of them by default.",
)  # fmt: skip
@click.option(
    "--format", "format", type=click.Choice(get_args(Format)), default="png",
    help="png by default, with 300 dots an inch; in svg and pdf, text is text.",
)  # fmt: skip
@click.option(
    "--width", type=click.Choice(get_args(Width)), default="column",
    help="As wide as a column (85 mm), by default, or as a page's text (175 mm).",
)  # fmt: skip
@click.option(
    "--image", callback=image_or_file, default="0", metavar="N|FILE",
    help="For maps and probabilities: which validation image, 0 by default; or a picture, which is made to fit.",
)  # fmt: skip
@click.option(
    "--layer", "layers", type=LAYER, multiple=True, metavar="NAME",
    help="All filters and maps of this layer, such as conv2; may be given several times.",
)  # fmt: skip
@click.option("--part", type=click.Choice(get_args(Split)), default="test", help="The images of the confusion matrix.")
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@options("ascii")
def plot(
    run: str,
    folder: Path,
    kinds: tuple[Kind, ...],
    format: Format,
    width: Width,
    image: int | Path,
    layers: tuple[str, ...],
    part: Split,
    epoch: int | None,
    ascii: bool,
) -> None:
    """Draw figures of a RUN for a paper: curves, filters, feature maps, probabilities, the confusion matrix.

    The weights are those of its newest checkpoint; it may train meanwhile. Files of the same names are replaced.
    """
    terminal_of(ascii)
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise UserError(
            "matplotlib, which draws the figures, is not installed; install it, in the clone of tuicnn: "
            "pip install -e '.[plot]'. tuicnn report needs no package more."
        ) from None
    from tuicnn.cli.writing import folder_for, write_file
    from tuicnn.plotting.run import figures_of
    from tuicnn.plotting.style import drawn, paper_style
    from tuicnn.runs.finding import find_run

    wanted = Wanted(kinds or KINDS, image, layers, part, epoch, width)
    with paper_style():
        for name, figure in figures_of(find_run(run, Path.cwd()), wanted, complain):
            path = folder_for(folder) / f"{name}.{format}"
            write_file(path, drawn(figure, format))
            say(str(path))
