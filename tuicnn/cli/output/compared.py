"""What `tuicnn compare` prints: runs beside each other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tuicnn.cli.output.scores import figures_table
from tuicnn.cli.output.streams import console_for
from tuicnn.numbers import counted, duration, percent
from tuicnn.records import to_plain

if TYPE_CHECKING:
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.compared import Comparison, Pair

__all__ = ["as_json", "print_comparison"]

#: below it, a difference is told to be more than chance
_LEVEL = 0.05


def as_json(found: Comparison) -> dict[str, Any]:
    """The object that `tuicnn compare --json` prints."""
    return {
        "part": found.runs[0].evaluated.split,
        "runs": [
            {
                "run": run.evaluated.run,
                "epoch": run.evaluated.epoch,
                "parameters": run.overview.parameters,
                "seconds": to_plain(run.seconds),
                "images": len(run.evaluated.scores),
                "loss": to_plain(run.evaluated.scores.loss),
                "accuracy": to_plain(run.evaluated.scores.accuracy),
                "accuracy_interval": to_plain(run.evaluated.scores.accuracy_interval),
            }
            for run in found.runs
        ],
        "differences": to_plain(found.differences),
        "pairs": to_plain(found.pairs),
    }


def print_comparison(found: Comparison, terminal: TerminalProfile) -> None:
    """How good each run is, what differs between them, and what that may be worth."""
    console = console_for(sys.stdout)
    table = figures_table(
        "run", "parameters", "epochs", "training", f"{found.runs[0].evaluated.split} accuracy", "95% interval"
    )
    best = max(run.evaluated.scores.accuracy for run in found.runs)
    for run in found.runs:
        scores = run.evaluated.scores
        low, high = scores.accuracy_interval
        table.add_row(
            Text(run.evaluated.run),
            f"{run.overview.parameters:,}",
            f"{run.evaluated.epoch}",
            duration(run.seconds),
            Text(percent(scores.accuracy, 2), terminal.style("accent") if scores.accuracy == best else ""),
            f"{percent(low, 2)} to {percent(high, 2)}",
        )
    console.print(table)
    console.print()
    if not found.differences:
        console.print("Their nets and settings are the same.", soft_wrap=True)
    for difference in found.differences:
        console.print(Text(difference.what, "bold"), soft_wrap=True)
        for run, value in zip(found.runs, difference.values, strict=True):
            console.print(Text(f"  {run.evaluated.run}: {value or 'none'}"), soft_wrap=True)
    console.print()
    for pair in found.pairs:
        console.print(_judged(pair), soft_wrap=True)
    if not found.same_images:
        console.print("Where two runs have different images, nothing is said of chance.", soft_wrap=True)


def _judged(pair: Pair) -> str:
    verdict = "more than chance" if pair.p < _LEVEL else "it may be chance"
    first = f"Only {pair.first} is right on {counted(pair.only_first, 'image')}"
    second = f"only {pair.second} on {pair.only_second:,}"
    return f"{first}, {second}: {verdict},\n  p = {pair.p:.2g} (McNemar, mid-p)."
