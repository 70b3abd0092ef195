"""What `tuicnn export` says of the files that it wrote, and `tuicnn import` of the weights that it took."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from tuicnn.cli.output.streams import console_for, say
from tuicnn.layers.onnx_graph import OPSET
from tuicnn.numbers import count, counted, percent, shape, short

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.exchange.export import Format
    from tuicnn.exchange.importing import ImportedRun
    from tuicnn.exchange.trained import TrainedNetwork

__all__ = ["exported", "print_imported"]

_ABOUT: dict[Format, str] = {
    "onnx": f"ONNX, opset {OPSET}",
    "torch": "a PyTorch module",
    "safetensors": "the weights alone, by PyTorch's names and axes",
    "npz": "the weights alone, by PyTorch's names and axes",
}


def exported(network: TrainedNetwork, to: Format, files: Sequence[Path]) -> Iterator[str]:
    """What was written, of what moment, and how it is used."""
    checkpoint, plan = network.checkpoint, network.plan
    moment = f"{network.name} after epoch {checkpoint.epochs}, {count(plan.parameters)} parameters"
    yield f"{' and '.join(map(str, files))}: {moment}, {_ABOUT[to]}."
    images = f"float32 (N, {', '.join(map(str, plan.input))}), pixels from 0 to 255"
    classes = f"of {len(checkpoint.class_names)} classes"
    said = f"{network.answer}, {classes if not plan.of_images else 'from 0 to 1'}"
    if to == "onnx":
        yield f"Input image: {images}. Outputs {said}, and logits."
    elif to == "torch":
        yield f"load() in it takes images: {images}. It gives {said}, and logits."
    else:
        yield "Images are normalised as (pixels / 255 - mean) / std; mean, std and class_names are in the file."


def print_imported(found: ImportedRun, file: Path, terminal: TerminalProfile) -> None:
    """What went where, how images are normalised, how good it is, and what to do next."""
    match, run = found.match, found.run.folder
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=terminal.style("dim"))
    for title in ("layer", "from", "by", "weights"):
        table.add_column(title, no_wrap=True)
    for each in match.layers:
        sizes = ", ".join(f"{name} {shape(size)}" for name, size in each.group.shapes.items())
        table.add_row(each.layer, each.group.name, each.by, sizes)
    for layer in match.new:
        table.add_row(layer, "", "new", "as they were drawn", style=terminal.style("dim"))
    console_for(sys.stdout).print(table)
    say("")
    if match.left:
        say(f"Not used: {', '.join(group.name for group in match.left)}.")
    if places := sum(each.by == "order" for each in match.layers):
        say(f"{counted(places, 'layer')} found their weights by shape and order alone: see that the table is right.")
    seen = found.normalisation
    mean, std = (", ".join(map(short, numbers)) for numbers in (seen.mean, seen.std))
    said = {"you": "as you say", "the file": f"as {file} says", "the data": "as the data has them"}[seen.source]
    say(f"Images are normalised by mean {mean} and standard deviation {std}, {said}.")
    how_good = f": {percent(found.test_accuracy)} of {found.images:,} test images are right" if found.images else ""
    say(f"{run.name} has the weights of {file}{how_good}.")
    say(f"Train it further with: {run.resume}")
