"""The command that shows what is in a data set: data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tuicnn.cli.completing import DATA
from tuicnn.cli.fetching import missing_after_fetching
from tuicnn.cli.group import main, options
from tuicnn.cli.output.streams import complain, console_for, is_terminal, say_json
from tuicnn.cli.shared import find_net, terminal_of
from tuicnn.errors import UserError

if TYPE_CHECKING:
    from tuicnn.data import Augment, Dataset, DataSpec

__all__ = ["data"]

#: options that are found to be needed one after the other
_MOST_OPTIONS = 4


@main.command()
@click.argument("what", metavar="[DATA]", required=False, type=DATA)
@click.option("--augment", metavar="TEXT", help='Show images as changed in training, written as in a net: "shift=4".')
@click.option(
    "-o",
    "--output",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Save the images as a picture.",
)
@click.option("--samples", type=click.IntRange(1, 100), default=10, help="Images of each class; 10 by default.")
@options("json", "ascii")
def data(what: str | None, augment: str | None, output: Path | None, samples: int, as_json: bool, ascii: bool) -> None:
    """Show what is in DATA: images of each class and part, sizes, values, duplicates, and some of the images.

    DATA is a data set as a net names it, the path of a folder, an .npz or .csv file, or a net: then its data is shown,
    as its augment: changes it. Without DATA: all data sets, and where they are.

    \b
    tuicnn data mnist                              one that is published
    tuicnn data photos                             a folder of pictures
    tuicnn data 'folder "photos" size=64x64'       the same, with options
    tuicnn data my.net -o sheet.png                the data of a net, as it is trained on
    """
    terminal = terminal_of(ascii)
    if output is not None and output.suffix.lower() != ".png":  # what has another name may be a net
        raise UserError(
            f"{output} is saved as PNG: write -o {output.with_suffix('.png') if output.name else 'sheet.png'}"
        )
    if what is None:
        from tuicnn.cli.output.data import print_data_sets

        print_data_sets(console_for(sys.stdout), as_json=as_json)
        return
    from tuicnn.cli.output.data import as_json as to_json
    from tuicnn.cli.output.data import print_inspection, print_sheet
    from tuicnn.data.inspection import inspect
    from tuicnn.display.contact_sheet import drawn_sheet

    spec, changes = _named(what)
    if augment is not None:
        changes = _augment(augment)
    if missing := missing_after_fetching(spec):
        raise UserError(missing)
    dataset = _load(spec)
    described, found = spec.describe(), inspect(dataset)
    if as_json:
        say_json(to_json(str(spec), dataset, described, found))
    else:
        print_inspection(console_for(sys.stdout), str(spec), dataset, described, found, terminal)
    if output is None and (as_json or not is_terminal(sys.stdout)):
        return
    from tuicnn.data.samples import sampled

    rows = sampled(dataset, changes, samples)
    if output is None:
        print_sheet(rows, changes, terminal)
        return
    from tuicnn.cli.writing import write_file
    from tuicnn.display.png import png

    write_file(output, png(drawn_sheet(rows)))
    complain(f"The images are in {output}.")


def _named(what: str) -> tuple[DataSpec, Augment | None]:
    """A data set by its name, its path, as a net names it, or of a net, which may change its images."""
    from tuicnn.language.data_text import data_named, text_of_data

    if Path(what).suffix == ".net":
        from tuicnn.language import check_file, render_plain

        _, checked = check_file(find_net(what))
        if checked.plan is None:
            raise UserError(render_plain(checked.diagnostics))
        return checked.plan.data, checked.plan.augment
    text = text_of_data(what)
    return (data_named(text) if text == what else _as_needed(text)), None


def _as_needed(text: str) -> DataSpec:
    """A data set with the options that it cannot be read without, which are told."""
    from tuicnn.data import DataError
    from tuicnn.data.base import OptionError
    from tuicnn.language.data_text import data_named

    whole, why = text, []
    for _ in range(_MOST_OPTIONS):
        spec = data_named(whole)
        try:
            spec.describe()
        except OptionError as error:
            whole = f"{whole} {error.option}"
            why.append(f"{error.problem} So it is read with {error.option}, {error.makes}.")
            continue
        except DataError:  # it is told when it is loaded
            pass
        break
    for each in why:
        complain(each)
    return spec


def _augment(text: str) -> Augment:
    from tuicnn.language import check

    checked = check(f"augment: {text}\nflatten -> dense 2\n", input=(1, 1, 1), classes=2)
    if "\n" in text or checked.plan is None:
        first = next((each.message for each in checked.diagnostics if each.severity == "error"), "it is two lines")
        raise UserError(f'--augment {text}: {first.rstrip(".")}; write it as in a net: --augment "shift=4 rotate=10"')
    return checked.plan.augment


def _load(spec: DataSpec) -> Dataset:
    """The images; on a terminal with a count. Raises `UserError`."""
    from tuicnn.data import DataError
    from tuicnn.data.reading_progress import report_reading

    console = console_for(sys.stderr)
    try:
        with console.status("reading") as status:
            if not is_terminal(sys.stderr):
                status.stop()
            with report_reading(lambda done, total: status.update(f"reading: {done:,} of {total:,} images")):
                return spec.load()
    except DataError as error:
        raise UserError(str(error)) from None
