"""What a layer's figures say of how it learns, in words a student understands."""

from __future__ import annotations

import math

from tuicnn.display.terminal import Role
from tuicnn.numbers import percent, significant
from tuicnn.observing.layer_stats import LayerStats
from tuicnn.training.events import LayerRow

__all__ = ["dead_role", "gradient_role", "remark", "update_role"]

#: from which share of dead units on a layer is in trouble
MANY_DEAD = 0.5
#: a step usually moves weights by about a thousandth of their size; beyond these bounds it does not go well
LARGE_UPDATE, SMALL_UPDATE = 0.1, 1e-6


def update_role(update: float) -> Role | None:
    """The role of `Δw/w`; None where it is usual or not known."""
    if math.isnan(update):
        return None
    return "warn" if not SMALL_UPDATE <= update <= LARGE_UPDATE else None


def dead_role(dead: float) -> Role | None:
    """The role of a share of dead units; None where it is usual or not known."""
    return "warn" if dead > MANY_DEAD else None


def gradient_role(gradient: float) -> Role | None:
    """The role of a gradient's size; None where it is usual or not known."""
    return "bad" if gradient == 0 or math.isinf(gradient) else None


def remark(row: LayerRow, stats: LayerStats | None, index: int) -> tuple[str, Role]:
    """A sentence about layer `index` of a network; "" where nothing is known of it."""
    if stats is None or index >= len(stats.gradient):
        return "", "dim"
    gradient, dead, update = (float(column[index]) for column in (stats.gradient, stats.dead, stats.update))
    name = row.name
    if gradient == 0:
        return f"{name}: no gradient comes back to it, so nothing before it learns from this path.", "bad"
    if not math.isnan(update):
        weights = "the weights that are not frozen" if "freeze=" in row.text else "its weights"
        moved = f"a step moves {weights} by {_share(update)} their size"
        if update > LARGE_UPDATE:
            return f"{name} is thrown about: {moved}; a smaller learning rate would be calmer.", "warn"
        if update < SMALL_UPDATE:
            return f"{name} hardly learns: {moved}.", "warn"
        return f"{name} learns: {moved}.", "dim"
    if math.isfinite(dead):
        if dead > MANY_DEAD:
            return f"{name}: {percent(dead, 0)} of its units are 0 for every image, and learn nothing.", "warn"
        return f"{name}: {percent(dead, 0)} of its units are 0 for every image looked at.", "dim"
    if math.isfinite(gradient):
        none = "has no weights" if not row.parameters else "has come to the end of its training"
        return f"{name} {none}; the gradient that comes back to it is about {significant(gradient)}.", "dim"
    return "", "dim"


def _share(update: float) -> str:
    return f"{percent(update, 2)} of" if update >= 5e-5 else f"{significant(update)} times"
