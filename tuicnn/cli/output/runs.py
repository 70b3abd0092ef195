"""What `tuicnn runs` prints: the runs of a folder."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.streams import console_for
from tuicnn.display.epoch_line import how_good
from tuicnn.records import to_plain
from tuicnn.system.printable import printable

if TYPE_CHECKING:
    from tuicnn.runs.status import RunSummary

__all__ = ["as_json", "print_runs", "runs_table"]

#: what is known of a run under the names of `RunSummary`
_PLAIN = (
    *("state", "alive", "paused", "started", "ended", "epochs", "epochs_planned", "parameters"),
    *("best_val_accuracy", "test_accuracy", "best_val_loss", "test_loss", "message", "trouble", "resumable"),
)


#: columns for what differs, below which it stands under the table
_LEAST = 28


def as_json(run: RunSummary, differs: Mapping[str, str]) -> dict[str, Any]:
    """The object that `tuicnn runs --json` prints for a run; null where a number is not known.

    `differs` is what is not the same in all runs of the net's name, as it is in this one.
    """
    plain = {name: to_plain(getattr(run, name)) for name in _PLAIN}
    return {"run": run.name, "folder": str(run.folder.path), **plain, "saved_step": run.saved, "differs": dict(differs)}


def print_runs(runs: Sequence[RunSummary], different: Mapping[Path, str]) -> None:
    """The table of the runs, with what differs between those of one net: beside it if there is room, else below it."""
    console = console_for(sys.stdout)
    table = runs_table(runs)
    room = console.width - console.measure(table).maximum
    if any(different.values()) and room >= _LEAST:
        table = runs_table(runs, different)
    console.print(table)
    if any(different.values()) and room < _LEAST:
        console.print()
        console.print("What differs between the runs of a net")
        below = Table.grid(padding=(0, 2, 0, 0))
        for run in runs:
            if said := different.get(run.folder.path):
                below.add_row(Text(f"  {printable(run.name)}"), Text(said))
        console.print(below)


def runs_table(runs: Sequence[RunSummary], different: Mapping[Path, str] | None = None) -> Table:
    """One run a row, in their order; with a column for what is `different` in each, where that is given."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("run", "state", "started"):
        table.add_column(heading, no_wrap=True)
    for heading in ("epochs", "parameters", "best validation", "test"):
        table.add_column(heading, justify="right", no_wrap=heading != "best validation")
    some = any(run.resumable for run in runs)
    if some:
        table.add_column("resumes at", no_wrap=True)
    if different is not None:
        table.add_column("what differs", overflow="fold")
    for run in runs:
        planned = f"/{run.epochs_planned}" if run.epochs_planned else ""
        table.add_row(
            Text(printable(run.name)),
            Text(_state(run), style="bold" if run.alive else ""),
            "-" if math.isnan(run.started) else time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)),
            f"{run.epochs}{planned}",
            f"{run.parameters:,}" if run.parameters is not None else "-",
            how_good(run.best_val_accuracy, run.best_val_loss, 2),
            how_good(run.test_accuracy, run.test_loss, 2),
            *([_resumes_at(run)] if some else []),
            *([Text(different.get(run.folder.path, ""))] if different is not None else []),
        )
    return table


def _state(run: RunSummary) -> str:
    state = "paused" if run.paused else "training" if run.state == "alive" else run.state
    return f"{state}, unsaved" if run.trouble else state


def _resumes_at(run: RunSummary) -> str:
    """Where a run would go on."""
    if not run.resumable:
        return ""
    return f"step {run.saved:,}" if run.saved else "its start"
