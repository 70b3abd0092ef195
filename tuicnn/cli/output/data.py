"""What `tuicnn data` prints: the data sets that there are, or what is in one of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.streams import console_for, say_json
from tuicnn.data.base import DataError
from tuicnn.data.inspection import PARTS
from tuicnn.data.published import Published
from tuicnn.display.contact_sheet import sheet_lines
from tuicnn.display.raster import Raster
from tuicnn.language.reference import sentence
from tuicnn.numbers import counted, shape
from tuicnn.vocabulary import info, vocabulary

if TYPE_CHECKING:
    from rich.console import Console

    from tuicnn.data import Augment, Dataset, Described
    from tuicnn.data.inspection import Inspection, Place
    from tuicnn.display.contact_sheet import SheetRow
    from tuicnn.display.terminal import TerminalProfile

__all__ = ["as_json", "print_data_sets", "print_inspection", "print_sheet"]

#: classes, sizes and duplicates that people read; `--json` has all classes and sizes, and many duplicates
_CLASSES, _SIZES, _DUPLICATES, _MANY = 40, 5, 5, 1000
_NAME = 24  # letters of a class


def print_data_sets(console: Console, *, as_json: bool) -> None:
    """All data sets: what they are, and of the published ones whether they are here."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    missing = []
    for name, cls in vocabulary("data").items():
        here: bool | None = None
        if issubclass(cls, Published):
            try:
                cls().find()
                here = True
            except DataError as error:
                here = False
                missing.append(str(error))
        if as_json:
            say_json({"name": name, "usage": info(cls).usage, "help": info(cls).help, "here": here})
        table.add_row(Text(info(cls).usage, "bold"), Text(sentence(info(cls).help), style="dim"))
    if as_json:
        return
    console.print(table)
    for each in missing:
        console.print()
        console.print(Text(each), soft_wrap=not console.is_terminal)


def as_json(name: str, dataset: Dataset, described: Described, found: Inspection) -> dict[str, Any]:
    """The object that `tuicnn data --json` prints."""
    return {
        "name": name,
        "shape": list(described.shape),
        "images": {part: int(found.counts[part].sum()) for part in PARTS},
        "classes": [
            {"name": each, **{part: int(found.counts[part][number]) for part in PARTS}}
            for number, each in enumerate(dataset.class_names)
        ],
        "mean": found.mean.tolist(),
        "std": found.std.tolist(),
        "sizes": {f"{width}x{height}": count for (width, height), count in described.stored_sizes.items()},
        "duplicates": {
            **{f"{second} in {first}": count for (first, second), count in found.shared.items()},
            **{f"in {part}": count for part, count in found.repeated.items()},
            "of several classes": found.contradictory,
            "same": [[_file(dataset, place) or [*place] for place in places] for places in found.same[:_MANY]],
        },
        "notes": list(described.notes),
        "left_out": list(dataset.left_out),
    }


def print_inspection(
    console: Console, name: str, dataset: Dataset, described: Described, found: Inspection, terminal: TerminalProfile
) -> None:
    """The data set, images by class and part, sizes, values and duplicates."""
    classes = len(dataset.class_names)
    console.print(
        Text.assemble((name, "bold"), f": {shape(described.shape)} images, {classes} classes"), soft_wrap=True
    )
    for note in (*described.notes, *_only_inside(dataset, described)):
        console.print(Text(note, terminal.style("dim")), soft_wrap=not console.is_terminal)
    console.print()
    console.print(_classes(dataset, found))
    if classes > _CLASSES:
        console.print(Text(f"and {classes - _CLASSES} others; --json has all", terminal.style("dim")))
    console.print()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style=terminal.style("dim"))
    table.add_column()
    for label, text in (
        ("stored sizes", _sizes(described)),
        ("mean", _values(found.mean.tolist())),
        ("std", _values(found.std.tolist())),
    ):
        if text:
            table.add_row(label, text)
    console.print(table)
    console.print()
    for line in _duplicates(dataset, found):
        console.print(Text(line), soft_wrap=True)


def _only_inside(dataset: Dataset, described: Described) -> Iterator[str]:
    """What was found to be damaged when it was decoded, beyond what the notes say."""
    from tuicnn.data.folder_notes import left_out_note

    if dataset.left_out and (note := left_out_note(dataset.left_out)) not in described.notes:
        yield note


def _classes(dataset: Dataset, found: Inspection) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("class", no_wrap=True)
    for part in PARTS:
        table.add_column(part, justify="right", no_wrap=True)
    for number, each in enumerate(dataset.class_names[:_CLASSES]):
        text = each if len(each) <= _NAME else each[: _NAME - 2] + ".."
        table.add_row(text, *(f"{found.counts[part][number]:,}" for part in PARTS))
    table.add_row("all", *(f"{found.counts[part].sum():,}" for part in PARTS), style="bold")
    return table


def _sizes(described: Described) -> str:
    sizes = sorted(described.stored_sizes.items(), key=lambda item: -item[1])
    others = f" and {len(sizes) - _SIZES} other sizes" if len(sizes) > _SIZES else ""
    return ", ".join(f"{width}x{height} ({count:,})" for (width, height), count in sizes[:_SIZES]) + others


def _values(values: Sequence[float]) -> str:
    """Each channel's, of 0 to 1."""
    each = [f"{value:.4f}" for value in values]
    if len(each) == 3:
        each = [f"{colour} {text}" for colour, text in zip(("red", "green", "blue"), each, strict=True)]
    return ", ".join(each) + "  of values from 0 to 1, over the training images"


def _duplicates(dataset: Dataset, found: Inspection) -> Iterator[str]:
    if not found.same:
        yield "No duplicates: no image is there twice."
        return
    for (first, second), count in found.shared.items():
        if count:
            yield f"{_are(count, f'{second} image')} in {first} too, the same in every pixel."
    if found.shared["train", "test"]:
        yield "What is trained on says nothing about other images: the test accuracy is too high by that."
    for part, count in found.repeated.items():
        if count:
            yield f"{_are(count, f'{part} image')} there before in {part}."
    if found.contradictory:
        yield f"{counted(found.contradictory, 'image')} of these have the label of another class elsewhere."
    for places in found.same[:_DUPLICATES]:
        named = [_file(dataset, place) or f"{place.part} {place.number}" for place in places[:_DUPLICATES]]
        yield f"  {' = '.join(named)}"
    if len(found.same) > _DUPLICATES:
        yield f"  and {len(found.same) - _DUPLICATES:,} others; --json names a thousand of them"


def _are(count: int, what: str) -> str:
    return f"{counted(count, what)} {'is' if count == 1 else 'are'}"


def _file(dataset: Dataset, place: Place) -> str:
    """The path of an image's file, "" where it has none."""
    files = dataset.files.get(place.part)
    return str(files[place.number]) if files is not None else ""


def print_sheet(rows: Sequence[SheetRow], changes: Augment | None, terminal: TerminalProfile) -> None:
    """Some images of each class, as coloured cells or characters."""
    console = console_for(sys.stdout)
    console.print()
    if changes is not None and changes != type(changes)():
        console.print(
            Text(f"The first of each row as it is stored, the others as it is changed in training ({changes}):")
        )
        console.print()
    raster = Raster(terminal, compact=not terminal.half_blocks)
    for line in sheet_lines(rows, shutil.get_terminal_size().columns, raster, Style()):
        console.print(Text.assemble(*((segment.text, segment.style or "") for segment in line)), no_wrap=True)
