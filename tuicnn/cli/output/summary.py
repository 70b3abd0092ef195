"""Prints what stays in the terminal after the screen: the result, the run's folder, and the command to attach again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import rich.console
from rich.table import Table
from rich.text import Text

from tuicnn.display.output import Console
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.display.verdict import ROLES, verdict
from tuicnn.errors import UserError
from tuicnn.numbers import clock, count, percent, significant
from tuicnn.runs.folder import RunFolder
from tuicnn.runs.status import summary
from tuicnn.system.files import write_atomic
from tuicnn.training.events import Epoch, State
from tuicnn.training.progress import Progress
from tuicnn.tui.outcome import Outcome

__all__ = ["print_breakdown", "print_summary", "print_unsaved"]

MOST_EPOCHS = 12
SCREEN_LOG = "screen.log"


def print_summary(
    outcome: Outcome, folder: RunFolder, terminal: TerminalProfile, console: rich.console.Console | None = None
) -> None:
    """Print a table of the epochs, the result, the run's folder, and the command that shows the run again.

    Where the run goes on or cannot be reached, also before anything of it was seen.
    """
    console = console or Console(no_color=terminal.colours == "none" or None)

    def say(text: str, role: Role = "text") -> None:
        # A path or a command must stay in one piece: the terminal wraps it, not rich.
        console.print(Text(displayable(text, terminal), style=terminal.style(role)), soft_wrap=True)

    overview, progress = outcome.overview, outcome.progress
    paused = progress.state is State.PAUSED or (progress.state is State.STARTING and _paused(folder))
    if overview is not None and outcome.epochs:
        console.print(_epochs(outcome.epochs, progress, terminal, console.width))
    if outcome.choice == "discard":
        done = progress.state.final or outcome.message
        where = f"the run {folder.name}"
        say(f"Discarded {where}." if done else f"Asked to discard {where}; it has not ended yet.", "warn")
        return
    if progress.state.final:
        said = verdict(progress, overview)
        say(said, ROLES[progress.state])
        if progress.trouble:
            say(progress.trouble, "bad")
    elif outcome.choice == "gone":
        say(outcome.message or "The training process cannot be reached any more.", "bad")
    elif outcome.choice == "stop":
        say("Asked to stop; the weights are saved when the step is done.", "warn")
    else:
        at = f", step {progress.step:,} of {progress.steps:,}" if progress.steps else ""
        word = "Paused" if paused else "Training goes on"
        say(f"{word} in the background{at}.", "strong")
    if progress.diverged:
        say(progress.diverged.sentence, "bad")
    if overview is not None and progress.steps:
        facts = [
            f"{count(overview.parameters)} weights",
            f"{progress.step:,} steps",
            f"{clock(progress.seconds)} of training",
        ]
        say(f"  {', '.join(facts)}", "dim")
    say(f"  folder    {folder.path}")
    if not progress.state.final and outcome.choice == "background":
        if paused:
            keys = "the minus key and the space bar" if progress.diverged else "the space bar"
            say(f"  go on     {folder.attach}, then {keys}")
        else:
            say(f"  look in   {folder.attach}")
        say(f"  end it    {folder.stop}")


def print_unsaved(outcome: Outcome, terminal: TerminalProfile) -> None:
    """Print where the texts are kept that were changed and not saved."""
    console = Console(no_color=terminal.colours == "none" or None)
    for sentence in outcome.kept:
        console.print(Text(displayable(sentence, terminal), style=terminal.style("warn")), soft_wrap=True)


def _paused(folder: RunFolder) -> bool:
    """Whether the journal says that the run is paused, for a screen that was left before it knew."""
    try:
        return summary(folder).paused
    except UserError:
        return False


def print_breakdown(folder: RunFolder | None, traceback: str, terminal: TerminalProfile) -> None:
    """Report that the screen broke down, and save the traceback to a file: in the run's folder, or in this one."""
    console = Console(no_color=terminal.colours == "none" or None)
    file = (folder.path if folder is not None else Path()) / SCREEN_LOG
    try:
        write_atomic(file, traceback.encode(errors="replace"))
        kept = f"; what happened is in {file}"
    except OSError:
        kept = ""
    what = traceback.strip().splitlines()[-1]
    said = [(f"The screen broke down ({what}){kept}.", "bad")]
    if folder is not None and folder.alive:
        said.append((f"Training goes on in the background; watch it again with: {folder.attach}", "text"))
    for text, role in said:
        console.print(Text(displayable(text, terminal), style=terminal.style(cast(Role, role))), soft_wrap=True)


def _epochs(epochs: Sequence[Epoch], progress: Progress, terminal: TerminalProfile, width: int) -> Table:
    """The last epochs, right-aligned; the best by validation accuracy is marked. Only columns that fit."""
    dash = terminal.glyphs.dash
    columns: list[tuple[str, Callable[[Epoch], str]]] = [
        ("epoch", lambda e: str(e.epoch)),
        ("loss", lambda e: significant(e.train_loss, dash)),
        ("accuracy", lambda e: percent(e.train_accuracy, 1, dash)),
        ("val loss", lambda e: significant(e.val_loss, dash)),
        (
            "val accuracy",
            lambda e: percent(e.val_accuracy, 2, dash) + ("     ", " best")[e.epoch == progress.best_epoch],
        ),
        ("time", lambda e: clock(e.seconds, dash)),
        ("images/s", lambda e: f"{e.images_per_second:,.0f}" if math.isfinite(e.images_per_second) else dash),
    ]
    while len(columns) > 1 and sum(max(len(head), 6) + 2 for head, _ in columns) > width:
        columns.pop()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=terminal.style("dim"))
    for head, _ in columns:
        table.add_column(head, justify="right", no_wrap=True, overflow="crop")
    if len(epochs) > MOST_EPOCHS:
        table.title = f"the last {MOST_EPOCHS} of {len(epochs)} epochs"
        table.title_style, table.title_justify = terminal.style("dim"), "left"
    for epoch in epochs[-MOST_EPOCHS:]:
        table.add_row(*(form(epoch) for _, form in columns))
    return table
