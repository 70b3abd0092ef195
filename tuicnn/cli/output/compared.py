"""What `tuicnn compare` prints: runs beside each other."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from tuicnn.cli.output.scores import figures_table
from tuicnn.cli.output.streams import console_for
from tuicnn.numbers import counted, duration, percent
from tuicnn.records import to_plain

if TYPE_CHECKING:
    from tuicnn.display.output import Console
    from tuicnn.display.terminal import TerminalProfile
    from tuicnn.runs.compared import Comparison, Pair, SeedGroup

__all__ = ["as_json", "print_comparison"]

#: below it, a difference is told to be more than chance
_LEVEL = 0.05
#: of the curves, in cells
_WIDEST, _HIGH = 80, 14


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
        "groups": [
            {
                "runs": list(group.names),
                "accuracies": list(group.accuracies),
                "mean": group.mean,
                "interval": to_plain(group.interval),
            }
            for group in found.groups
        ],
        "over_seeds": [
            {"first": each.first, "second": each.second, **to_plain(each.test)} for each in found.over_seeds
        ],
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
        values = {run.evaluated.run: value or "none" for run, value in zip(found.runs, difference.values, strict=True)}
        for group in found.groups:
            said = dict.fromkeys(values[name] for name in group.names)
            console.print(Text(f"  {_called(group)}: {', '.join(said)}"), soft_wrap=True)
    console.print()
    _print_curves(found, console, terminal)
    if len(found.groups) < len(found.runs):
        _print_over_seeds(found, console)
        if found.over_seeds or len(found.groups) == 1:
            return
        console.print()
    for pair in found.pairs:
        console.print(_judged(pair), soft_wrap=True)
    if not found.same_images:
        console.print("Where two runs have different images, nothing is said of chance.", soft_wrap=True)


def _print_curves(found: Comparison, console: Console, terminal: TerminalProfile) -> None:
    """The validation accuracy after each epoch, or the training loss of runs that validate nothing."""
    from tuicnn.display.comparison_chart import EpochCurve, comparison_lines

    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for field, title, share in (
        ("val_accuracy", "validation accuracy", True),
        ("train_loss", "training loss", False),
    ):
        curves = []
        for group in found.groups:
            rows = [[getattr(epoch, field) for epoch in run.epochs] for run in group.runs]
            count = min(map(len, rows))
            if count:
                curves.append(EpochCurve(_called(group), np.array([row[:count] for row in rows])))
        if lines := comparison_lines(curves, width, _HIGH, terminal, percent=share):
            mean = ", the mean of the seeds and their range" if len(found.groups) < len(found.runs) else ""
            console.print(f"{title} after each epoch{mean}", soft_wrap=True)
            for line in lines:
                console.print(line, soft_wrap=True)
            console.print()
            return


def _print_over_seeds(found: Comparison, console: Console) -> None:
    """The mean of each group of seeds, and whether the means differ."""
    table = figures_table(
        "over the seeds", "seeds", f"mean {found.runs[0].evaluated.split} accuracy", "95% interval of the mean"
    )
    for group in found.groups:
        low, high = group.interval
        interval = "-" if len(group.runs) == 1 else f"{percent(low, 2)} to {percent(high, 2)}"
        table.add_row(Text(_called(group)), f"{len(group.runs)}", percent(group.mean, 2), interval)
    console.print(table)
    for each in found.over_seeds:
        least, most = (f"{100 * end:+.2f}" for end in each.test.interval)
        verdict = "more than chance" if each.test.p < _LEVEL else "it may be chance"
        console.print(
            f"\nThe mean of {each.second}'s seeds less that of {each.first}'s: {100 * each.test.difference:+.2f} "
            f"points,\n  95% interval {least} to {most}: {verdict}, p = {each.test.p:.2g} (Welch's t).",
            soft_wrap=True,
        )


def _called(group: SeedGroup) -> str:
    """`mnist-1`, `mnist-1 and 2 more`."""
    first, more = group.names[0], len(group.names) - 1
    return f"{first} and {more} more" if more else first


def _judged(pair: Pair) -> str:
    verdict = "more than chance" if pair.p < _LEVEL else "it may be chance"
    first = f"Only {pair.first} is right on {counted(pair.only_first, 'image')}"
    second = f"only {pair.second} on {pair.only_second:,}"
    return f"{first}, {second}: {verdict},\n  p = {pair.p:.2g} (McNemar, mid-p)."
