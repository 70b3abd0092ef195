"""What `tuicnn predict` prints: what a picture is taken for, or what was made of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.streams import console_for
from tuicnn.cli.writing import write_file
from tuicnn.display.blocks import bar
from tuicnn.display.png import png
from tuicnn.numbers import percent, significant
from tuicnn.records import to_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.display.terminal import TerminalProfile

__all__ = ["Predicted", "Rebuilt", "as_dict", "print_predicted", "print_rebuilt", "rebuilt_as_dict"]

#: classes that are shown of each picture; `--json` has all
_SHOWN = 3
_LEAST = 0.0005  # what is shown as 0.1% at least
_BAR = 30  # columns
_NAME = 24


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was said of one file."""

    file: str
    class_names: tuple[str, ...]
    probabilities: NDArray[np.float64]  # (classes,)
    done: tuple[str, ...]  # to make it fit


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """What was made of one file by a network whose target is the image."""

    file: str
    output: Path
    pixels: NDArray[np.uint8]  # (H, W, C), what was made
    mse: float  # of pixels from 0 to 1
    done: tuple[str, ...]  # to make it fit

    @classmethod
    def of(
        cls, file: str, given: NDArray[np.uint8], made: NDArray[np.float64], done: tuple[str, ...], output: Path
    ) -> Rebuilt:
        """From the image that was given, (H, W, C), and what was made of it, (C, H, W) from 0 to 1."""
        rows = made.transpose(1, 2, 0)
        mse = float(np.square(rows - given / 255).mean())
        return cls(file, output, np.rint(np.nan_to_num(rows) * 255).astype(np.uint8), mse, done)

    def write(self) -> None:
        """Write the picture. Raises `UserError`."""
        write_file(self.output, png(self.pixels))


def rebuilt_as_dict(made: Rebuilt) -> dict[str, Any]:
    """The object that `tuicnn predict --json` prints for a file, where the target is the image."""
    return {"file": made.file, "output": str(made.output), "mse": to_plain(made.mse), "done": list(made.done)}


def print_rebuilt(made: Rebuilt, terminal: TerminalProfile) -> None:
    """The file, what was done to it, and where the picture is that was made of it."""
    console = console_for(sys.stdout)
    done = f" ({', '.join(made.done)})" if made.done else ""
    error = Text(f"  mean squared error {significant(made.mse)}", terminal.style("dim"))
    console.print(Text.assemble((made.file, "bold"), f"{done}: {made.output}", error), soft_wrap=True)


def as_dict(said: Predicted) -> dict[str, Any]:
    """The object that `tuicnn predict --json` prints for a file."""
    shares = said.probabilities.tolist()
    return {
        "file": said.file,
        "class": said.class_names[int(said.probabilities.argmax())],
        "probabilities": dict(zip(said.class_names, shares, strict=True)),
        "done": list(said.done),
    }


def print_predicted(said: Predicted, terminal: TerminalProfile) -> None:
    """The file, what was done to it, and its most probable classes with bars."""
    console = console_for(sys.stdout)
    console.print(Text(said.file, "bold"), soft_wrap=True)
    if said.done:
        console.print(Padding(Text(", ".join(said.done), terminal.style("dim")), (0, 0, 0, 2), expand=False))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    order = np.argsort(-said.probabilities, kind="stable")[:_SHOWN]
    for place, number in enumerate(order):
        share, name = float(said.probabilities[number]), said.class_names[number]
        if place and share < _LEAST:
            break
        style = terminal.style("accent" if place == 0 else "dim")
        name = name if len(name) <= _NAME else name[: _NAME - 2] + ".."
        table.add_row("  " + name, percent(share), Text(bar(share, _BAR, terminal.glyphs), style))
    console.print(table)
