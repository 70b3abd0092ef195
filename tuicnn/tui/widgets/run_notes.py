"""What stands beside the table of runs: the chosen run's settings, and the networks to begin with."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tuicnn.display.terminal import TerminalProfile
from tuicnn.display.text import displayable, truncated, wrapped
from tuicnn.numbers import count, counted
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.runs.starters import Starter
from tuicnn.tui.widgets.lines import Part
from tuicnn.tui.widgets.run_table import state_of

__all__ = ["run_lines", "starter_lines"]

MOST_LINES = 40


def run_lines(run: CataloguedRun, width: int, terminal: TerminalProfile) -> list[list[Part]]:
    """A run in lines: how it stands, with which settings, its layers, and where its files are."""
    summary, overview = run.summary, run.overview
    state, role = state_of(run)
    name = truncated(displayable(run.name, terminal), max(8, width - 14), terminal)
    lines: list[list[Part]] = [[(name, "strong"), (f"  {state}", role)]]
    for sentence in (summary.message, summary.trouble, summary.damage):
        if sentence:
            lines += [[(line, "warn")] for line in wrapped(sentence, width, 3, terminal)]
    if overview is not None:
        facts = [
            ("data", f"{overview.data}, {overview.train_images:,} images"),
            ("optim", overview.optimizer),
            ("schedule", overview.schedule),
            ("loss", overview.loss),
            ("train", f"{counted(overview.epochs, 'epoch')}, batch {overview.batch}, seed {overview.seed}"),
            ("size", f"{counted(len(overview.layers), 'layer')}, {count(overview.parameters)} weights"),
        ]
        for what, value in facts:
            lines.append(
                [(f"{what:<9}", "dim"), (truncated(displayable(value, terminal), width - 9, terminal), "text")]
            )
        net = f" {terminal.glyphs.arrow} ".join(row.text for row in overview.layers)
        layers = textwrap.wrap(displayable(net, terminal), max(10, width - 9), break_long_words=True)
        for index, line in enumerate(layers[:MOST_LINES]):
            lines.append([(f"{'net' if index == 0 else '':<9}", "dim"), (line, "text")])
    if summary.saved is not None and summary.state != "done":
        lines.append([(f"{'saved':<9}", "dim"), (f"after step {summary.saved:,}", "text")])
    path, room = displayable(str(summary.folder.path), terminal), max(10, width - 9)
    for first in range(0, len(path), room):
        lines.append([(f"{'' if first else 'folder':<9}", "dim"), (path[first : first + room], "text")])
    return lines


def starter_lines(
    starters: Sequence[Starter] | None, chosen: int, width: int, height: int, terminal: TerminalProfile
) -> list[list[Part]]:
    """The networks to begin with, one a line, the chosen one marked; and where its data is to be had, if not here."""
    if starters is None:
        return [[(f"reading the networks that come with tuicnn{terminal.glyphs.ellipsis}", "dim")]]
    names = max(len(starter.name) for starter in starters)
    lines: list[list[Part]] = [[("Begin with a network that comes with tuicnn:", "strong")], []]
    missing = wrapped(starters[chosen].missing, width, 6, terminal) if starters[chosen].missing else []
    room = max(1, height - 3 - len(missing))
    first = max(0, min(chosen + 1 - room, len(starters) - room))
    for index in range(first, min(first + room, len(starters))):
        starter, pointer = starters[index], terminal.glyphs.pointer if index == chosen else " "
        about = truncated(displayable(starter.about, terminal), width - names - 4, terminal)
        name = f"{starter.name:<{names}}  "
        lines.append([(f"{pointer} ", "accent"), (name, "strong" if index == chosen else "text"), (about, "dim")])
    if missing:
        lines.append([])
        lines.extend([(line, "warn")] for line in missing)
    return lines
