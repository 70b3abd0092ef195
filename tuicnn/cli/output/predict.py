"""What `tuicnn predict` prints: what a picture is taken for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.streams import console_for
from tuicnn.display.blocks import bar
from tuicnn.numbers import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tuicnn.display.terminal import TerminalProfile

__all__ = ["Predicted", "as_dict", "print_predicted"]

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
