"""What `tuicnn new` prints: the networks to begin with, or what was written and how to go on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from tuicnn.cli.starters import commands_for
from tuicnn.runs.starters import DEFAULT, Starter

__all__ = ["starter_table", "what_next"]


def what_next(path: Path, source: Starter) -> str:
    """What was written, and the commands to go on with."""
    out = [f"Wrote {path}, trained on {source.data}: {source.about}"]
    if source.missing:
        out.append(f"Its data are not on this machine yet: {source.missing}")
    return "\n".join([*out, "", *(f"  {command}    {what}" for command, what in commands_for(path))])


def starter_table(found: Sequence[Starter]) -> Table:
    """One network a row: its name, what it is trained on, how large it is, and what it is."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("network", no_wrap=True)
    table.add_column("trained on", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("")
    for one in found:
        about = Text(one.about)
        if one.missing:
            about.append(" Its data are not on this machine.", style="dim")
        default = " (default)" if one.name == DEFAULT else ""
        table.add_row(
            Text(one.name, style="bold"), one.data, f"{one.plan.parameters:,}", about + Text(default, style="dim")
        )
    return table
