"""The curves of several runs over their epochs, as a chart takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuicnn.display.terminal import Role, TerminalProfile
from tuicnn.display.text import displayable
from tuicnn.runs.catalogue import CataloguedRun
from tuicnn.tui.shelf import Shelf
from tuicnn.tui.widgets.chart import Series

__all__ = ["QUANTITIES", "curves_of"]

#: what the curves show: the words for it, the field of an epoch, whether it is a share
QUANTITIES = (
    ("validation accuracy", "val_accuracy", True),
    ("validation loss", "val_loss", False),
    ("training loss", "train_loss", False),
)
ROLES: tuple[Role, ...] = ("accent", "second", "text", "warn", "good", "dim")
FEW = 2  # curves whose runs are named in the legend


def curves_of(shelf: Shelf, chosen: CataloguedRun | None, field: str, terminal: TerminalProfile) -> list[Series]:
    """The curves of the marked runs, by their letters, and of the chosen one."""
    drawn: Sequence[CataloguedRun] = sorted(filter(shelf.letter, shelf.runs or ()), key=shelf.letter)
    if chosen is not None and chosen not in drawn:
        drawn = [*drawn, chosen]
    series = []
    for index, run in enumerate(drawn):
        letter, name = shelf.letter(run), displayable(run.name, terminal)
        if letter:  # which stands beside the name in the table
            name = letter if len(drawn) > FEW else f"{letter} {name}"
        x = np.array([epoch.epoch for epoch in run.epochs], np.float64)
        y = np.array([getattr(epoch, field) for epoch in run.epochs], np.float64)
        series.append(Series(name, x, y, role=ROLES[index % len(ROLES)]))
    return series
