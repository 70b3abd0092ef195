"""The command that shows a run pictures: predict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.completing import RUN
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, say_json
from tuicnn.cli.shared import terminal_of
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.data import DataError
    from tuicnn.data.fitting import FittedImage, Fitting
    from tuicnn.network import Network

__all__ = ["predict"]

_STDIN = "-"


@main.command()
@click.argument("run", type=RUN)
@click.argument("files", type=click.Path(), nargs=-1, required=True, metavar="FILE...")
@click.option("--epoch", type=click.IntRange(1), help="The weights after this epoch, in the place of the newest.")
@click.option("--invert", is_flag=True, help="Make light dark first: for a pen on paper, where the net knows chalk.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the pictures go that a net with `target: image` makes.",
)
@options("json", "ascii")
def predict(
    run: str,
    files: tuple[str, ...],
    epoch: int | None,
    invert: bool,
    output: Path | None,
    as_json: bool,
    ascii: bool,
) -> None:
    """Say what a RUN takes pictures for, and what was done to make them fit.

    FILE is a picture, an .npy file, a folder of them, or - for a picture from standard input. Pictures are turned
    upright, made grey or RGB, scaled to cover the size that the net takes, and cut to its middle, or made to fit as
    those that it was trained on.

    A net with `target: image` makes a picture of each: with -o photos, of cat.jpg it writes photos/cat.png.

    The weights are those of this moment where the run trains, else those of its newest checkpoint. In the place of a
    RUN there may be a file that Network.save wrote.
    """
    terminal = terminal_of(ascii)
    import numpy as np

    from tuicnn.cli.output.predict import Predicted, Rebuilt, as_dict, print_predicted, print_rebuilt, rebuilt_as_dict
    from tuicnn.cli.writing import folder_for
    from tuicnn.data import DataError
    from tuicnn.data.fitting import fitting_of
    from tuicnn.sharding import INFERENCE_SHARD

    network = _network(run, epoch)
    if network.trained_on is None:
        raise UserError(f"{run} has a network that was not trained.")
    rebuilds = network.plan.of_images
    if rebuilds and output is None:
        raise UserError(f"{run} makes pictures of pictures: say in which folder, with -o pictures")
    if output is not None and not rebuilds:
        raise UserError(f"{run} says what pictures are, and makes none: leave -o {output} out.")
    folder, taken = folder_for(output) if output is not None else Path(), set[str]()
    names = network.trained_on.class_names
    failed = some = False
    images = _images(files, fitting_of(network.plan.data, network.plan.input))
    while batch := list(islice(images, INFERENCE_SHARD)):
        if invert:
            batch = [(name, image if isinstance(image, DataError) else image.inverted()) for name, image in batch]
        read = [image.pixels for _, image in batch if not isinstance(image, DataError)]
        shares = iter(network.predict(np.stack(read)).astype(float) if read else ())
        for name, image in batch:
            if isinstance(image, DataError):
                complain(str(image))
                failed = True
                continue
            if rebuilds:
                rebuilt = Rebuilt.of(name, image.pixels, next(shares), image.done, _free(folder, name, taken))
                rebuilt.write()
                if as_json:
                    say_json(rebuilt_as_dict(rebuilt))
                else:
                    print_rebuilt(rebuilt, terminal)
            else:
                said = Predicted(name, names, next(shares), image.done)
                if as_json:
                    say_json(as_dict(said))
                else:
                    print_predicted(said, terminal)
            some = True
    if failed and some:
        complain("The others were read; these were left out.")
    if failed:
        sys.exit(1)


def _free(folder: Path, name: str, taken: set[str]) -> Path:
    """The file for the picture made of another one; of several of one name, all but the first have a number."""
    stem = Path(name).stem if name != "standard input" else "stdin"
    wanted, count = stem, 1
    while wanted in taken:
        count += 1
        wanted = f"{stem}-{count}"
    taken.add(wanted)
    return folder / f"{wanted}.png"


def _network(run: str, epoch: int | None) -> Network:
    """That of a run, or in a file. Raises `UserError`."""
    from tuicnn.network import Network

    if not (run.endswith(".safetensors") and Path(run).is_file()):
        return Network.from_run(run, epoch)
    if epoch is not None:
        raise UserError(f"{run} has the weights of one moment: leave --epoch out.")
    return Network.load(run)


def _images(files: tuple[str, ...], fitting: Fitting) -> Iterator[tuple[str, FittedImage | DataError]]:
    """Each image with its name, or why it cannot be read."""
    from tuicnn.data import DataError
    from tuicnn.data.fitting import fit_file, fit_stream, image_files

    for name in files:
        try:
            if name == _STDIN:
                yield name, fit_stream(sys.stdin.buffer, "standard input", fitting)
                continue
            paths = image_files(Path(name))
        except DataError as error:
            yield name, error
            continue
        for path in paths:
            try:
                yield str(path), fit_file(path, fitting)
            except DataError as error:
                yield str(path), error
