"""What `tuicnn runs` prints: the runs of a folder."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tuicnn.numbers import percent
from tuicnn.records import to_plain
from tuicnn.system.printable import printable

if TYPE_CHECKING:
    from tuicnn.runs.status import RunSummary

__all__ = ["as_json", "runs_table"]


#: what is known of a run under the names of `RunSummary`
_PLAIN = (
    *("state", "alive", "paused", "started", "ended", "epochs", "epochs_planned", "parameters"),
    *("best_val_accuracy", "test_accuracy", "message", "trouble", "resumable"),
)


def as_json(run: RunSummary) -> dict[str, Any]:
    """The object that `tuicnn runs --json` prints for a run; null where a number is not known."""
    plain = {name: to_plain(getattr(run, name)) for name in _PLAIN}
    return {"run": run.name, "folder": str(run.folder.path), **plain, "saved_step": run.saved}


def runs_table(runs: Sequence[RunSummary]) -> Table:
    """One run a row, the oldest first."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("run", "state", "started"):
        table.add_column(heading, no_wrap=True)
    for heading in ("epochs", "parameters", "best validation", "test"):
        table.add_column(heading, justify="right", no_wrap=heading != "best validation")
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
