"""What `tuicnn runs` prints: the runs of a folder."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.display.numbers import percent
from tuicnn.records import to_plain
from tuicnn.system.printable import printable

if TYPE_CHECKING:
    from tuicnn.runs.status import RunSummary

__all__ = ["as_json", "runs_table"]


def as_json(run: RunSummary) -> dict[str, Any]:
    """The object that `tuicnn runs --json` prints for a run; null where a number is not known."""
    found: dict[str, Any] = {
        "run": run.name,
        "folder": str(run.folder.path),
        "state": run.state,
        "alive": run.alive,
        "paused": run.paused,
        "started": run.started,
        "ended": run.ended,
        "epochs": run.epochs,
        "epochs_planned": run.epochs_planned,
        "parameters": run.parameters,
        "best_val_accuracy": run.best_val_accuracy,
        "test_accuracy": run.test_accuracy,
        "message": run.message,
        "trouble": run.trouble,
        "resumable": run.resumable,
        "saved_step": run.saved,
    }
    return {name: to_plain(value) for name, value in found.items()}


def runs_table(runs: Sequence[RunSummary]) -> Table:
    """One run a row, the oldest first."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("started", no_wrap=True)
    table.add_column("epochs", justify="right", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("best validation", justify="right")
    table.add_column("test", justify="right", no_wrap=True)
    some = any(run.resumable for run in runs)
    if some:
        table.add_column("resumes at", no_wrap=True)
    for run in runs:
        planned = f"/{run.epochs_planned}" if run.epochs_planned else ""
        table.add_row(
            Text(printable(run.name)),
            Text(_state(run), style="bold" if run.alive else ""),
            "-" if math.isnan(run.started) else time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)),
            f"{run.epochs}{planned}",
            f"{run.parameters:,}" if run.parameters is not None else "-",
            percent(run.best_val_accuracy, 2),
            percent(run.test_accuracy, 2),
            *([_resumes_at(run)] if some else []),
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
