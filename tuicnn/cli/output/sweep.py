"""What `tuicnn sweep` prints: what it would do, what happens, and the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.table import Table
from rich.text import Text

from tuicnn.cli.output.scores import figures_table
from tuicnn.cli.output.streams import to_json
from tuicnn.display.epoch_line import how_good
from tuicnn.display.sweep_figures import how_sure
from tuicnn.numbers import count, counted
from tuicnn.records import to_plain
from tuicnn.sweep.events import (
    SweepBegan,
    SweepEnded,
    SweepEvent,
    SweepTrouble,
    TrialBegan,
    TrialEnded,
    TrialEpoch,
    VariantsKept,
    to_dict,
)
from tuicnn.sweep.variants import label_of
from tuicnn.system.machine import in_bytes
from tuicnn.system.printable import harmless, printable

if TYPE_CHECKING:
    from rich.console import Console

    from tuicnn.sweep.planning import PlannedSweep
    from tuicnn.sweep.standing import Row, SweepSummary

__all__ = [
    "SweepJson", "SweepLines", "plan_as_json", "print_plan", "print_sweeps", "print_table", "rows_table",
    "sweep_as_json",
]  # fmt: skip

#: seconds between two lines about epochs
_SILENCE = 10.0


def print_plan(console: Console, plan: PlannedSweep, jobs: int) -> None:
    """What would be trained, and what it takes."""
    table = figures_table("variant", "weights", "multiply-adds", "epochs", "memory", "disk")
    for variant in plan.variants:
        table.add_row(
            Text(printable(label_of(variant.values))),
            count(variant.parameters),
            count(variant.macs),
            f"{variant.epochs}",
            in_bytes(variant.memory),
            in_bytes(variant.disk),
        )
    console.print(table)
    console.print()
    seeds = f"seed {plan.seeds[0]}" if len(plan.seeds) == 1 else f"seeds {plan.seeds[0]} to {plan.seeds[-1]}"
    trials = counted(plan.trials, "trial")
    console.print(f"{counted(len(plan.variants), 'variant')}, {seeds}: {trials}, {jobs} at a time.", soft_wrap=True)
    for rung in plan.rungs:
        few, many = min(rung.epochs), max(rung.epochs)
        epochs = counted(many, "epoch") if few == many else f"{few} to {many} epochs"
        which = "all" if rung.variants == len(plan.variants) else f"the best {rung.variants}"
        console.print(f"  {which} to {epochs}", soft_wrap=True)
    memory = jobs * max(variant.memory for variant in plan.variants)
    console.print(
        f"At most {counted(plan.epochs, 'epoch')} in all, {in_bytes(memory)} of memory at a time and "
        f"{in_bytes(plan.disk)} of the disk.",
        soft_wrap=True,
    )


def plan_as_json(plan: PlannedSweep, jobs: int) -> dict[str, Any]:
    """The object that `tuicnn sweep --dry-run --json` prints."""
    return {
        "event": "plan",
        "variants": [
            {
                "variant": dict(variant.values),
                "epochs": variant.epochs,
                "parameters": variant.parameters,
                "macs": variant.macs,
                "memory": variant.memory,
                "disk": variant.disk,
            }
            for variant in plan.variants
        ],
        "seeds": list(plan.seeds),
        "trials": plan.trials,
        "rungs": [{"variants": rung.variants, "epochs": max(rung.epochs)} for rung in plan.rungs],
        "epochs": plan.epochs,
        "jobs": jobs,
        "disk": plan.disk,
    }


def rows_table(rows: Sequence[Row]) -> Table:
    """The variants, the best first."""
    several = any(row.seeds > 1 for row in rows)
    table = figures_table(
        "variant",
        *(["seeds"] if several else []),
        "epochs",
        "validation",
        *(["95% interval"] if several else []),
        "state",
    )
    for row in rows:
        table.add_row(
            Text(printable(label_of(row.variant))),
            *([f"{row.seeds}"] if several else []),
            f"{row.epochs}",
            how_good(row.val_accuracy, row.val_loss, 2),
            *([how_sure(row)] if several else []),
            row.state,
        )
    return table


def print_table(console: Console, ended: SweepEnded) -> None:
    """The table, and what failed."""
    console.print(rows_table(ended.trials))
    for row in ended.trials:
        if row.message:
            console.print(Text(f"{printable(label_of(row.variant))}: {printable(row.message)}"), soft_wrap=True)


def print_sweeps(console: Console, sweeps: Sequence[SweepSummary]) -> None:
    """The sweeps of a folder, each in a line."""
    table = figures_table("sweep", "state", "started", "trials", "best validation", "of")
    for each in sweeps:
        state = {"alive": "training", "lost": "can go on"}.get(each.state, each.state)
        table.add_row(
            Text(printable(each.folder.name)),
            Text(state, style="bold" if each.alive else ""),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(each.folder.sweep.started)),
            f"{each.standing.settled_trials}/{len(each.standing.trials)}",
            how_good(each.best.val_accuracy, each.best.val_loss, 2),
            Text(printable(label_of(each.best.variant))),
        )
    console.print(table)


def sweep_as_json(found: SweepSummary) -> dict[str, Any]:
    """The object that `tuicnn runs --json` prints for a sweep: what a run has too has the same name."""
    standing, best = found.standing, found.best
    return {
        "run": found.folder.name,
        "folder": str(found.folder.path),
        "state": found.state,
        "alive": found.alive,
        "started": found.folder.sweep.started,
        "best_val_accuracy": to_plain(best.val_accuracy),
        "resumable": found.state == "lost",
        "sweep": {
            "variants": len(standing.sweep.variants),
            "seeds": len(standing.sweep.seeds),
            "trials": len(standing.trials),
            "settled": standing.settled_trials,
            "best": dict(best.variant),
        },
    }


class SweepJson:
    """One JSON object a line: `sweep`, `trial`, `epoch`, `trial_end`, `rung`, `warning`, and last `end`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: SweepEvent) -> None:
        self._stream.write(to_json(to_dict(event)) + "\n")
        self._stream.flush()


class SweepLines:
    """Lines: what begins and ends, the epochs of long trials now and then, and last the table."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._said = clock()
        self._trials, self._done = 0, 0
        self._labels: dict[str, str] = {}

    def __call__(self, event: SweepEvent) -> None:
        match event:
            case SweepBegan():
                self._say(
                    f"{Path(event.folder).name}: {counted(event.variants, 'variant')}, {counted(event.seeds, 'seed')} "
                    f"each, {event.jobs} at a time"
                )
            case TrialBegan():
                seed = f" seed {event.seed}"
                self._labels[event.run] = f"{event.run} ({label_of(event.variant)}{seed})"
            case TrialEpoch() if self._clock() - self._said >= _SILENCE:
                figure = how_good(event.val_accuracy, event.val_loss, 2)
                self._say(f"{self._label(event.run)}: epoch {event.epoch}, validation {figure}")
            case TrialEnded():
                said = f": {event.message}" if event.state in ("failed", "diverged") else ""
                state = "left" if event.state == "lost" else event.state
                self._say(f"{self._label(event.run)}: {state} after {counted(event.epochs, 'epoch')}{said}")
            case VariantsKept():
                kept = ", ".join(map(label_of, event.variants))
                self._say(f"trained on, to {counted(event.epochs, 'epoch')}: {kept}")
            case SweepTrouble():
                self._say(f"warning: {event.message}")
            case SweepEnded():
                self._console.print()
                print_table(self._console, event)

    def _label(self, run: str) -> str:
        return self._labels.get(run, run)

    def _say(self, text: str) -> None:
        self._said = self._clock()
        self._console.print(Text(harmless(text)), soft_wrap=True)
