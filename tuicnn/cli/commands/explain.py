"""The command that opens a number: explain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.completing import ADDRESS, RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say, say_json
from tuicnn.cli.shared import image_or_file, terminal_of
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.observing.specimen import SpecimenState
    from tuicnn.specimen.address import Address

__all__ = ["explain"]


@main.command()
@click.argument("run", type=RUN)
@click.argument("address", type=ADDRESS, required=False)
@click.option(
    "--image",
    callback=image_or_file,
    default="0",
    metavar="N|FILE",
    help="Which validation image, 0 by default; or a picture, which is made to fit, or an .npy file.",
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
    from tuicnn.cli.output.explain import print_explanation, print_moment
    from tuicnn.observing.image import PinnedImage
    from tuicnn.runs.finding import find_run
    from tuicnn.specimen.text import as_dict
    from tuicnn.worker.asking import specimen_state

    if address is not None:
        from tuicnn.specimen.address import parse

        parse(address)  # before the data is read
    number = image if isinstance(image, int) else 0
    folder = find_run(run, Path.cwd())
    state = specimen_state(folder, PinnedImage(number), epoch, complain)
    if isinstance(image, Path):
        state = _with_file(state, image, label)
    elif label is not None:
        raise UserError("The label of an image of the data set is known; it is given for a file only.")
    elif image >= state.images:
        raise UserError(
            f"There is no image {image:,}: the data has {state.images:,} validation images, counted from 0."
        )
    specimen = state.specimen()
    way: Sequence[Address | str] = specimen.way_down()
    if address is not None:
        way = [f"d {address}" if backward else address]
    explanations = (specimen.explain(each) for each in way)
    if as_json:
        number_of = state.number if state.number >= 0 else None
        moment = {"step": state.step, "epoch": state.epochs, "image": number_of, "label": state.label}
        for explanation in explanations:
            say_json({**as_dict(explanation), **moment})
        return
    first = next(explanations)  # an address that there is not is told alone
    shown = f"image {state.number:,}" if state.number >= 0 else str(image)
    known = "of no known class" if state.label is None else f"of class {state.label}"
    print_moment(f"{folder.name} after step {state.step:,}, epoch {state.epochs}: {shown}, {known}", terminal)
    for explanation in chain([first], explanations):
        say("")
        print_explanation(explanation, terminal)


def _with_file(state: SpecimenState, path: Path, label: int | None) -> SpecimenState:
    from tuicnn.data import DataError
    from tuicnn.data.fitting import fit_file

    try:
        found = fit_file(path, state.fitting)
        if found.done:
            complain(f"{path} is made to fit: {', '.join(found.done)}.")
        return state.with_image(found.pixels, label)
    except DataError as error:
        raise UserError(str(error)) from None
