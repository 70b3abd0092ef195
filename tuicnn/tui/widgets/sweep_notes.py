"""What stands beside curves of a sweep: what it is, and the trials of a variant."""

from __future__ import annotations

from tuicnn.display.epoch_line import how_good
from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable, truncated
from tuicnn.numbers import counted
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.sweep.variants import label_of
from tuicnn.tui.listed_sweep import ListedSweep
from tuicnn.tui.widgets.lines import Part

__all__ = ["VARIANT_ROLES", "sweep_lines"]

#: the colours of what a variant is doing
VARIANT_ROLES: dict[str, Role] = {
    "waiting": "dim",
    "training": "accent",
    "pruned": "dim",
    "done": "good",
    "diverged": "bad",
    "failed": "bad",
}
#: what a sweep is doing, in words, and their colour
_STATES: dict[str, tuple[str, Role]] = {
    "alive": ("training", "accent"),
    "done": ("done", "good"),
    "lost": ("no process leads it", "warn"),
}


def sweep_lines(run: CataloguedRun, width: int, terminal: TerminalProfile) -> list[list[Part]]:
    """A sweep in lines: how far it is, its rungs, the best variants, and how it goes on."""
    assert isinstance(run, ListedSweep)
    found, standing = run.found, run.found.standing
    sweep = standing.sweep
    state, role = _STATES[found.state]
    name = truncated(displayable(run.name, terminal), max(8, width - 26), terminal)
    lines: list[list[Part]] = [[(name, "strong"), (f"  {state}", role)]]
    facts = [
        ("net", str(sweep.net.name)),
        ("variants", f"{len(sweep.variants)}, {counted(len(sweep.seeds), 'seed')} each"),
        ("trials", f"{standing.settled_trials} of {len(standing.trials)} are where they are to be"),
        *(
            ("" if index else "rungs", f"{counted(rung.variants, 'variant')} to {counted(max(rung.epochs), 'epoch')}")
            for index, rung in enumerate(sweep.rungs)
        ),
    ]
    if found.state == "lost":
        facts.append(("go on", found.folder.go_on))
    lines += [
        [(f"{what:<9}", "dim"), (truncated(displayable(value, terminal), width - 9, terminal), "text")]
        for what, value in facts
    ]
    lines.append([])
    for row in standing.rows:
        good = how_good(row.val_accuracy, row.val_loss, 2, terminal.glyphs.dash)
        figure = f"{good:>8}  {row.state:<8}"
        label = truncated(displayable(label_of(row.variant), terminal), max(4, width - 20), terminal)
        lines.append([(figure, VARIANT_ROLES[row.state]), (f"  {label}", "text")])
    return lines
